import { HawserError } from "@hawser/protocol";
import type { SocketData } from "../reconnecting-websocket/socket-data.ts";
import type { Member } from "./member.ts";
import type { Policy, PolicyView, SplitPolicy } from "./policy.ts";

/** All members are open; each message that is sent goes to one. */
export class Split implements Policy {
  readonly #view: PolicyView;
  readonly #by: SplitPolicy["by"];
  #turn = 0;
  #started = false;

  constructor(options: SplitPolicy, view: PolicyView) {
    this.#view = view;
    this.#by = options.by;
  }

  open(): void {
    this.#started = true;
    for (const member of this.#view.members()) member.open();
  }

  onAdd(member: Member): void {
    if (this.#started) member.open();
  }

  onRemove(): void {}

  onOpen(): void {}

  onLost(): void {}

  accepts(): boolean {
    return true;
  }

  /** @throws HawserError `option-invalid` when the function names a member that there is not. */
  targets(data: SocketData): readonly Member[] | undefined {
    const members = this.#view.members();
    if (this.#by !== undefined) {
      const ids = members.map(({ id }) => id);
      const id = this.#by(data, ids);
      const member = members.find((other) => other.id === id);
      if (member === undefined) throw new HawserError("option-invalid", `\`by\` named "${id}", of ${ids.join(", ")}`);
      return [member];
    }
    const open = members.filter(({ isOpen }) => isOpen);
    if (open.length === 0) return undefined;
    this.#turn = (this.#turn + 1) % open.length;
    return [open[this.#turn]!];
  }

  isActive(member: Member): boolean {
    return member.isOpen;
  }

  stop(): void {
    this.#started = false;
  }
}
