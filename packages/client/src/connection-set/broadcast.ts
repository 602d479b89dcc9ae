import type { ReceivedData } from "../reconnecting-websocket/socket-data.ts";
import type { Member } from "./member.ts";
import { MirrorWindow } from "./mirror-window.ts";
import type { MirrorPolicy, Policy, PolicyView } from "./policy.ts";

/** All members are open; what is sent goes to each. Of what comes, everything is taken, or the first copy. */
export class Broadcast implements Policy {
  readonly #view: PolicyView;
  readonly #mirror: MirrorPolicy | undefined;
  readonly #window: MirrorWindow;
  #started = false;

  constructor(mirror: MirrorPolicy | undefined, view: PolicyView) {
    this.#view = view;
    this.#mirror = mirror;
    this.#window = new MirrorWindow({
      windowMessages: mirror?.windowMessages ?? 10_000,
      windowMs: mirror?.windowMs ?? 60_000,
    });
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

  accepts(member: Member, data: ReceivedData): boolean {
    const key = this.#mirror?.key(data, member.id);
    if (key === undefined) return true;
    const first = this.#window.isFirst(key, this.#view.ports.clock.monotonic());
    member.mirror[first ? "won" : "duplicates"] += 1;
    return first;
  }

  targets(): readonly Member[] | undefined {
    const opened = this.#view.members().filter(({ isIdle }) => !isIdle);
    return opened.length === 0 ? undefined : opened;
  }

  isActive(member: Member): boolean {
    return member.isOpen;
  }

  stop(): void {
    this.#started = false;
  }
}
