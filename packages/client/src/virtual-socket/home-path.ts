import type { HawserError, ServerFrame, Timer, Timers } from "@hawser/protocol";
import type { Closure } from "../connection/closure.ts";
import { EndpointList } from "../session/endpoint-list.ts";
import type { Link } from "../session/link.ts";
import { Path } from "../session/path.ts";
import type { PathHandlers } from "../session/path.ts";
import type { Session } from "../session/session.ts";
import { addCounters } from "../session/totals.ts";

/** How long sockets do without: most connections that are lost are soon there again, to the same node. */
const patienceMs = 1_000;
/** Tries in vain, one behind the other, until the client has a new connection of another kind. */
const maxTries = 5;
/** How long what else went over it may take to leave a connection that no socket needs any more. */
const leaveWithinMs = 10_000;

export interface HomePathOptions {
  readonly session: Session;
  /** The node's name. */
  readonly home: string;
  /** Of the home itself; at least one. */
  readonly urls: readonly string[];
  /** No socket needed it any more, and its connection is gone. */
  readonly onLeft: () => void;
}

/** The lane of the connection to a home: nothing that has another goes over it. */
export function homeLane(home: string): string {
  return `home:${home}`;
}

/** One more connection of a session: to the home of sockets by its own address (SOCK-23). */
export class HomePath implements PathHandlers {
  readonly #options: HomePathOptions;
  readonly #timers: Timers;
  #patience: Timer | undefined;
  /** While it is dialled, or stands. */
  #path: Path | undefined;
  /** While it stands, at the home. */
  #link: Link | undefined;
  #failures = 0;
  #wanted = true;
  #left = false;

  constructor(options: HomePathOptions) {
    this.#options = options;
    this.#timers = options.session.options.ports.timers;
    this.again();
  }

  /** The client has a connection that it had not: what was in vain before may not be so now. */
  again(): void {
    this.#failures = 0;
    if (this.#path !== undefined) return;
    this.#patience?.cancel();
    this.#patience = this.#timers.after(patienceMs, () => void this.dial());
  }

  /**
   * Dials, without waiting any longer.
   *
   * @returns whether the home may be reached so: not once each of its addresses was tried in vain.
   */
  dial(): boolean {
    const { session, home, urls } = this.#options;
    if (this.#link !== undefined) return true;
    if (session.state.kind === "offline" || this.#failures >= urls.length) return false;
    if (this.#path !== undefined) return true;
    this.#patience?.cancel();
    const path = new Path({
      context: session.options,
      lane: homeLane(home),
      endpoints: new EndpointList(urls),
      backoff: session.options.newBackoff(),
      handlers: this,
    });
    this.#path = path;
    session.paths.push(path);
    path.start();
    return true;
  }

  /** Sockets need it. */
  want(): void {
    this.#wanted = true;
  }

  /** No socket needs it any more. */
  leave(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    if (this.#link === undefined) this.#settle();
    else this.#link.whenIdle(this.#timers, leaveWithinMs, () => this.#settle());
  }

  /** The session is over, and its paths with it. */
  end(): void {
    this.#patience?.cancel();
  }

  nextConnectionId(): number {
    return this.#options.session.nextConnectionId();
  }

  onChange(): void {
    this.#options.session.onChange();
  }

  onReady(link: Link): boolean {
    return this.#options.session.onReady(link);
  }

  onLink(link: Link): void {
    const { home, session } = this.#options;
    if (link.welcome.node === home) {
      this.#failures = 0;
      this.#link = link;
    } else if (this.#link === undefined) this.#inVain();
    session.onLink(link);
  }

  onLeaving(link: Link): void {
    this.#options.session.onLeaving(link);
  }

  onUnlink(link: Link): void {
    if (this.#link === link) this.#link = undefined;
    // A home that goes away has sent it to another node.
    if (this.#path?.state.kind === "connected") this.#inVain();
    this.#options.session.onUnlink(link);
    this.#settle();
  }

  onFrame(frame: ServerFrame, link: Link): void {
    this.#options.session.onFrame(frame, link);
  }

  /** It is none of the session's errors, which has other connections. */
  onLost(_error: HawserError): void {
    this.#failures += 1;
    this.#settle();
  }

  onRefused(_closure: Closure): boolean {
    return true;
  }

  #inVain(): void {
    this.#failures = maxTries;
    this.#settle();
  }

  /** Ends what is of no use. Behind this turn, in which whoever calls is still at work. */
  #settle(): void {
    this.#timers.soon(() => {
      if (this.#left) return;
      if (!this.#wanted) {
        this.#left = true;
        this.#patience?.cancel();
        this.#remove();
        this.#options.onLeft();
      } else if (this.#failures >= maxTries) this.#remove();
    });
  }

  #remove(): void {
    const { paths } = this.#options.session;
    const path = this.#path;
    if (path === undefined) return;
    this.#path = undefined;
    path.stop();
    paths.splice(paths.indexOf(path), 1);
    // What it counted stays in the session's sums.
    const { past } = paths[0]!;
    past.connects += path.past.connects;
    for (const counters of [path.past, ...[...path.connections].map((one) => one.counters)])
      addCounters(past, counters);
    this.onChange();
  }
}
