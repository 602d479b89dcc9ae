import type { ClientCodec, HawserError, MoveFrame, Ports, ServerFrame } from "@hawser/protocol";
import type { Closure } from "../connection/closure.ts";
import type { Connection } from "../connection/connection.ts";
import type { Connector } from "../transport/transport.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptHandlers } from "./attempt.ts";
import type { Backoff } from "./backoff.ts";
import type { EndpointList } from "./endpoint-list.ts";
import type { Link } from "./link.ts";
import type { PathState } from "./path-state.ts";
import { addCounters, newTotals } from "./totals.ts";
import { TokenRefresh } from "./token-source.ts";
import type { Token } from "./token-source.ts";

/** What all paths of a session have in common. */
export interface PathContext {
  /** The session's identifier. */
  readonly id: string;
  readonly token: Token | undefined;
  readonly connector: Connector;
  readonly codec: ClientCodec;
  readonly ports: Ports;
  readonly connectTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly agent: string;
}

/** What a path tells its session. */
export interface PathHandlers {
  /** For a connection that is about to be made: counts up within the session. */
  nextConnectionId(): number;
  /** The state changed, or a figure of it. */
  onChange(): void;
  /** A connection stands, and is about to be used. @returns false when it must not be: the session has ended. */
  onReady(link: Link): boolean;
  onLink(link: Link): void;
  /** Another link of this path takes over: the streams of this one should go, before it ends at its deadline. */
  onLeaving(link: Link): void;
  onUnlink(link: Link): void;
  onFrame(frame: ServerFrame, link: Link): void;
  /** A connection ended by itself, or could not be made. */
  onLost(error: HawserError): void;
  /** The connection ended in a way that connecting again would not mend. @returns whether the path is to try all the same. */
  onRefused(closure: Closure, path: Path): boolean;
}

export interface PathOptions {
  readonly context: PathContext;
  readonly lane: string;
  readonly endpoints: EndpointList;
  readonly backoff: Backoff;
  readonly handlers: PathHandlers;
}

/** A connection that stood so long proves that its endpoint works: the next failure counts as the first. */
const provenAfterMs = 5_000;
/** How long a connection that nobody asked to leave may wait for its last answer: longer than any call. */
const unhurriedMs = 600_000;

/**
 * Keeps one of a session's connections: opens it, opens it again when it is lost, and opens the next one before it
 * leaves the present one when it is to move. It knows no channels, and no other path.
 */
export class Path implements AttemptHandlers {
  readonly lane: string;
  /** Over the connections that are gone. */
  readonly past = newTotals();
  readonly #options: PathOptions;
  readonly #connections = new Set<Connection>();
  /** Those that were left, until nothing hangs on them. */
  readonly #leaving = new Set<Link>();
  #state: PathState = { kind: "offline" };
  #connectedAt = 0;

  constructor(options: PathOptions) {
    this.lane = options.lane;
    this.#options = options;
  }

  get state(): PathState {
    return this.#state;
  }

  /** The connections that exist; the one that ended last is among them until there is another. */
  get connections(): Iterable<Connection> {
    return this.#connections;
  }

  /** Where it is connected, or tries to be. */
  get endpoint(): string {
    return this.#state.kind === "connected" ? this.#state.link.connection.endpoint : this.#options.endpoints.current;
  }

  /** Connects at once: first, after `stop`, or instead of waiting longer. */
  start(): void {
    const former = this.#state;
    if (former.kind !== "waiting" && former.kind !== "offline") return;
    this.#connect();
    this.#release(former);
  }

  /** Cuts the connection, if there is one, and connects again at once. */
  reconnect(): void {
    const former = this.#state;
    this.#connect();
    this.#release(former);
  }

  /** Cuts every connection and stays away until `start`. */
  stop(): void {
    const former = this.#state;
    if (former.kind !== "offline") this.#enter({ kind: "offline" });
    this.#release(former);
    for (const link of this.#leaving) this.#drop(link);
  }

  /** Goes to another endpoint when a connection to it stands, and stays where it is when none can be had. */
  moveTo(endpoint: string): void {
    const state = this.#state;
    if (state.kind !== "connected" || state.move !== undefined) return;
    const deadline = this.#options.context.ports.clock.monotonic() + unhurriedMs;
    this.#enter({ ...state, move: { kind: "opening", asked: false, deadline, attempt: this.#attempt(endpoint) } });
  }

  onOpening(connection: Connection): void {
    for (const other of this.#connections) if (other.state === "closed") this.#forget(other);
    this.#connections.add(connection);
    this.#options.handlers.onChange();
  }

  onRoundTrip(): void {
    this.#options.handlers.onChange();
  }

  onReady(link: Link): void {
    const { context, handlers } = this.#options;
    if (!handlers.onReady(link)) return;
    const former = this.#state;
    this.past.connects += 1;
    this.#options.endpoints.reached(link.connection.endpoint);
    this.#connectedAt = context.ports.clock.monotonic();
    const refresh = new TokenRefresh(context.ports.timers, context.token, link);
    this.#enter({ kind: "connected", link, refresh, move: undefined });
    if (this.#isCurrent(link)) handlers.onLink(link);
    if (former.kind === "connected") this.#leave(former.link, former.refresh, former.move?.deadline ?? 0);
  }

  onFrame(frame: ServerFrame, link: Link): void {
    if (link.settle(frame)) return;
    if (frame.type === "move") this.#onMove(frame, link);
    else this.#options.handlers.onFrame(frame, link);
  }

  onClosed(closure: Closure, link: Link | undefined): void {
    const { backoff, endpoints, handlers, context } = this.#options;
    // One that was left: what still hung on it is lost with it.
    if (link !== undefined && !this.#isCurrent(link)) return this.#drop(link);
    const state = this.#state;
    if (state.kind === "connected" && state.move?.kind === "opening" && !state.move.asked && link === undefined) {
      // Nobody asked for it: all is well where it is.
      return this.#enter({ ...state, move: undefined });
    }
    handlers.onLost(closure.error);
    endpoints.advance();
    if (state.kind === "connected" && link === undefined) {
      // The one that should have taken over. The one in use still serves, until the server's deadline.
      const delayMs = backoff.next(closure.error.retryAfterMs);
      return this.#moveLater(state, state.move?.deadline ?? 0, delayMs);
    }
    const { clock, timers } = context.ports;
    if (link !== undefined && clock.monotonic() - this.#connectedAt >= provenAfterMs) backoff.reset();
    const opening = state.kind === "connected" && state.move?.kind === "opening" ? state.move.attempt : undefined;
    if (!closure.reconnect && !handlers.onRefused(closure, this)) return;
    if (opening !== undefined) {
      // The connection that should take over is already on its way.
      this.#enter({ kind: "connecting", attempt: opening });
    } else {
      const delayMs = backoff.next(closure.error.retryAfterMs);
      const timer = timers.after(delayMs, () => this.#connect());
      this.#enter({ kind: "waiting", until: clock.now() + delayMs, timer });
    }
    if (state.kind === "connected") this.#unlink(state);
  }

  #connect(): void {
    this.#enter({ kind: "connecting", attempt: this.#attempt(this.#options.endpoints.current) });
  }

  #attempt(endpoint: string): Attempt {
    const { context, handlers, lane } = this.#options;
    return new Attempt({
      ...context,
      session: context.id,
      id: handlers.nextConnectionId(),
      lane,
      endpoint,
      handlers: this,
    });
  }

  /** Make before break: the former connection stays until nothing hangs on it, or the server's deadline. */
  #leave(link: Link, refresh: TokenRefresh, deadline: number): void {
    const { timers, clock } = this.#options.context.ports;
    refresh.stop();
    this.#leaving.add(link);
    link.health = "leaving";
    this.#options.handlers.onLeaving(link);
    // Whoever was told may have ended everything.
    if (!this.#leaving.has(link)) return;
    link.whenIdle(timers, Math.max(0, deadline - clock.monotonic()), () => this.#drop(link));
  }

  #onMove(frame: MoveFrame, link: Link): void {
    const state = this.#state;
    if (state.kind !== "connected" || state.link !== link) return;
    const { endpoints, context } = this.#options;
    if (state.move !== undefined) {
      if (state.move.kind === "delayed" || state.move.asked) return;
      state.move.attempt.cancel();
    }
    endpoints.announce(frame.endpoints);
    this.#moveLater(state, context.ports.clock.monotonic() + frame.deadlineMs, frame.delayMs);
  }

  #moveLater(state: PathState & { kind: "connected" }, deadline: number, delayMs: number): void {
    const { endpoints, context } = this.#options;
    const timer = context.ports.timers.after(delayMs, () => {
      const attempt = this.#attempt(endpoints.current);
      this.#enter({ ...state, move: { kind: "opening", asked: true, deadline, attempt } });
    });
    this.#enter({ ...state, move: { kind: "delayed", deadline, timer } });
  }

  /** Ends what a former state held: timers, attempts, the connection. */
  #release(former: PathState): void {
    if (former.kind === "waiting") former.timer.cancel();
    if (former.kind === "connecting") former.attempt.cancel();
    if (former.kind !== "connected") return;
    if (former.move?.kind === "opening") former.move.attempt.cancel();
    former.link.connection.close();
    this.#unlink(former);
  }

  /** Takes the connection of a former state away from whoever uses it. */
  #unlink(former: PathState & { kind: "connected" }): void {
    former.refresh.stop();
    if (former.move?.kind === "delayed") former.move.timer.cancel();
    this.#options.handlers.onUnlink(former.link);
    former.link.end();
  }

  /** Ends a connection that was left. */
  #drop(link: Link): void {
    if (!this.#leaving.delete(link)) return;
    this.#options.handlers.onUnlink(link);
    link.connection.close();
    link.end();
    this.#forget(link.connection);
    this.#options.handlers.onChange();
  }

  #forget(connection: Connection): void {
    if (this.#connections.delete(connection)) addCounters(this.past, connection.counters);
  }

  #isCurrent(link: Link): boolean {
    return this.#state.kind === "connected" && this.#state.link === link;
  }

  #enter(state: PathState): void {
    this.#state = state;
    this.#options.handlers.onChange();
  }
}
