import { HawserError } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import type { Link } from "../session/link.ts";
import type { PartContext } from "../session/part-set.ts";
import type { SessionPart } from "../session/session-part.ts";
import { HomePaths } from "./home-paths.ts";
import type { SocketAddress } from "./home-paths.ts";

/** What the home says about one socket. */
export type HomeFrame = ServerFrame & {
  readonly type: "socket-data" | "socket-window" | "socket-close" | "detach-socket";
};

/** One virtual socket, as the part brings it what happens. */
export interface SocketEntry {
  /** Where it lives; `undefined` until it is open. */
  readonly address: SocketAddress | undefined;
  /** There are other connections than before, or others are better. */
  place(): void;
  unlink(link: Link): void;
  onFrame(frame: HomeFrame, link: Link): void;
  /** The application ends the session: the home is told what can be told now. */
  leave(): void;
  end(error: HawserError): void;
}

/** The virtual sockets of a session (spec section 17). */
export class SocketsPart implements SessionPart {
  readonly context: PartContext;
  readonly #homes: HomePaths;
  readonly #entries = new Set<SocketEntry>();
  readonly #numbers = new Map<number, SocketEntry>();
  #lastNumber = 0;
  /** Those that go one way only, or to a node without a gateway (SOCK-1). */
  readonly #unfit = new WeakSet<Link>();
  #ended: HawserError | undefined;

  constructor(context: PartContext) {
    this.context = context;
    this.#homes = new HomePaths(context);
  }

  add(entry: SocketEntry): void {
    const ended = this.#ended;
    if (ended === undefined) {
      this.#entries.add(entry);
      entry.place();
      return;
    }
    // Behind this turn, in which the application adds its listeners.
    this.context.ports.timers.soon(() => entry.end(ended));
  }

  /** The connection carries no sockets, as its server says. */
  avoid(link: Link): void {
    this.#unfit.add(link);
  }

  /** As `Links.choose`, of those that may carry sockets. */
  choose(lane: string, present?: Link, home?: string): Link | undefined {
    const { links } = this.context;
    const best = links.choose(lane, present, home);
    if (best === undefined || !this.#unfit.has(best)) return best;
    const fit = [...links].filter((link) => !this.#unfit.has(link));
    return fit.find((link) => link === present) ?? links.fewest(fit);
  }

  /** A number that the session has not used (SOCK-2); what comes under it goes to the entry. */
  number(entry: SocketEntry): number {
    this.#lastNumber += 1;
    this.#numbers.set(this.#lastNumber, entry);
    return this.#lastNumber;
  }

  /** Nothing is wanted under the number any more. */
  forget(number: number): void {
    this.#numbers.delete(number);
  }

  delete(entry: SocketEntry): void {
    if (this.#entries.delete(entry)) this.reach();
  }

  /** Has connections to the homes of all sockets, and no more, as far as they can be had. */
  reach(): void {
    if (this.#ended !== undefined) return;
    this.#homes.update([...this.#entries].flatMap(({ address }) => address ?? []));
  }

  /** The home of a socket is not reached by the connections that there are. @returns whether it may be soon. */
  dial(home: string): boolean {
    return this.#homes.dial(home);
  }

  onLink(link: Link): void {
    this.#homes.again(link);
    this.#place();
  }

  onAvoid(): void {
    this.#place();
  }

  onUnlink(link: Link): void {
    for (const entry of [...this.#entries]) entry.unlink(link);
    this.reach();
  }

  onFrame(frame: ServerFrame, link: Link): boolean {
    switch (frame.type) {
      case "socket-data":
      case "socket-window":
      case "socket-close":
      case "detach-socket":
        // What there is no socket for crossed its end (SOCK-15).
        this.#numbers.get(frame.number)?.onFrame(frame, link);
        return true;
      default:
        return false;
    }
  }

  onClosing(): void {
    for (const entry of [...this.#entries]) entry.leave();
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = error ?? new HawserError("closed", "The client is closed");
    this.#homes.end();
    for (const entry of [...this.#entries]) entry.end(this.#ended);
  }

  #place(): void {
    for (const entry of [...this.#entries]) entry.place();
    this.reach();
  }
}

/** The sockets of a session: made when an application opens the first. */
export function socketsPart(context: PartContext): SocketsPart {
  return new SocketsPart(context);
}
