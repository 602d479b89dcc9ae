import { HawserError } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import type { Link } from "../session/link.ts";
import type { PartContext } from "../session/part-set.ts";
import type { MemberFrame } from "./member-map.ts";
import type { SessionPart } from "../session/session-part.ts";

/** One membership, or one watch, as the part brings it what happens. */
export interface PresenceEntry {
  place(): void;
  unlink(link: Link): void;
  /** Tells the server that it is over. */
  leave(): void;
  /** A frame about members, over the connection that it is placed on. */
  onFrame?(frame: MemberFrame, link: Link): void;
  end(error: HawserError | undefined): void;
}

type Kind = "enter" | "presence";

/** Of the frame's field. */
const maxGeneration = 2 ** 32 - 1;

/** What a session asks and is told about who is where: at most one membership and one watch of each channel. */
export class PresencePart implements SessionPart {
  /** By what this client's members are told from those of others: the same in all channels and over all connections. */
  readonly member: string;
  readonly context: PartContext;
  readonly #entries = new Map<string, PresenceEntry>();
  readonly #startedAt: number;
  #generation = 0;
  #ended: { readonly error: HawserError | undefined } | undefined;

  constructor(context: PartContext) {
    this.context = context;
    this.#startedAt = context.ports.clock.monotonic();
    const bytes = context.ports.random.bytes(12);
    this.member = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /**
   * Above that of everything that was entered before: by the millisecond, since a transport that enters anew with each of
   * its streams counts on from what it is given.
   */
  nextGeneration(): number {
    const elapsedMs = Math.floor(this.context.ports.clock.monotonic() - this.#startedAt);
    this.#generation = Math.min(maxGeneration, Math.max(this.#generation + 1, elapsedMs));
    return this.#generation;
  }

  /** @throws HawserError `option-invalid` when there is one of this kind. */
  add(kind: Kind, channel: string, entry: PresenceEntry): void {
    const key = `${kind} ${channel}`;
    if (this.#entries.has(key)) {
      const what = kind === "enter" ? "has entered" : "watches";
      throw new HawserError(
        "option-invalid",
        `This client ${what} "${channel}" already: share that, or close it first`,
      );
    }
    this.#entries.set(key, entry);
    const ended = this.#ended;
    if (ended !== undefined) {
      // Behind this turn, in which the application adds its listeners.
      void Promise.resolve().then(() => entry.end(ended.error ?? closed()));
      return;
    }
    entry.place();
  }

  /** @returns whether it was there. */
  delete(kind: Kind, channel: string, entry: PresenceEntry): boolean {
    const key = `${kind} ${channel}`;
    return this.#entries.get(key) === entry && this.#entries.delete(key);
  }

  onLink(): void {
    for (const entry of [...this.#entries.values()]) entry.place();
  }

  onAvoid(): void {
    this.onLink();
  }

  onUnlink(link: Link): void {
    for (const entry of [...this.#entries.values()]) entry.unlink(link);
  }

  onFrame(frame: ServerFrame, link: Link): boolean {
    switch (frame.type) {
      case "present":
      case "absent":
      case "census":
        for (const entry of this.#entries.values()) entry.onFrame?.(frame, link);
        return true;
      case "revoked":
        this.#entries.get(`${frame.verb} ${frame.channel}`)?.end(new HawserError("forbidden", frame.message));
        return true;
      default:
        return false;
    }
  }

  onClosing(): void {
    for (const entry of [...this.#entries.values()]) entry.leave();
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = { error };
    for (const entry of [...this.#entries.values()]) entry.end(error);
  }
}

/** The presence of a session: made when an application first uses it. */
export function presencePart(context: PartContext): PresencePart {
  return new PresencePart(context);
}

function closed(): HawserError {
  return new HawserError("closed", "The client is closed");
}
