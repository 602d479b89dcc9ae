import { HawserError } from "@hawser/protocol";
import type { Codec, MoveFrame, Ports, ServerFrame } from "@hawser/protocol";
import type { Closure } from "../connection/closure.ts";
import type { Connection } from "../connection/connection.ts";
import type { PageLife } from "../page-life/page-life.ts";
import type { Connector } from "../transport/transport.ts";
import { Attempt } from "./attempt.ts";
import type { Backoff } from "./backoff.ts";
import type { EndpointList } from "./endpoint-list.ts";
import type { Link } from "./link.ts";
import type { SessionPart } from "./session-part.ts";
import type { SessionState } from "./session-state.ts";
import { addCounters, newTotals } from "./totals.ts";
import type { Totals } from "./totals.ts";
import { TokenRefresh } from "./token-source.ts";
import type { Token } from "./token-source.ts";

export interface SessionOptions {
  readonly id: string;
  readonly endpoints: EndpointList;
  readonly token: Token | undefined;
  readonly connector: Connector;
  readonly codec: Codec;
  readonly ports: Ports;
  readonly pageLife: PageLife;
  readonly backoff: Backoff;
  readonly connectTimeoutMs: number;
  readonly agent: string;
  /** In the order in which they are told of a connection. */
  readonly parts: readonly SessionPart[];
  /** The state changed, or a figure of it. */
  readonly onChange: () => void;
  /** The session ended because of an error, and its parts were told. */
  readonly onFatal: (error: HawserError) => void;
}

/** A connection that stood so long proves that its endpoint works: the next failure counts as the first. */
const provenAfterMs = 5_000;
/** How long the other side has to show that it is there, when the network was said to have changed. */
const probeMs = 5_000;

/**
 * One client's logical relation with the service: keeps a connection, and tells the parts of the session when it has
 * one. It knows no channels.
 */
export class Session {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #stopListening: () => void;
  readonly #connections = new Set<Connection>();
  /** Those that were left, until their requests are answered. */
  readonly #leaving = new Set<Link>();
  /** Over the connections that are gone. */
  readonly #past = newTotals();
  #state: SessionState = { kind: "offline" };
  #since: number;
  #lastError: HawserError | undefined;
  #user = "";
  #lastConnectionId = 0;
  #connectedAt = 0;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.#options = options;
    this.#since = options.ports.clock.now();
    this.#stopListening = options.pageLife.listen({ online: () => this.#online(), offline: () => this.probe() });
  }

  get state(): SessionState {
    return this.#state;
  }

  /** When the state last changed, in milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** Whom the server took this client for; "" before the first connection. */
  get user(): string {
    return this.#user;
  }

  /** Why the last connection ended, or was not made. */
  get lastError(): HawserError | undefined {
    return this.#lastError;
  }

  /** The connections that exist; the one that ended last is among them until there is another. */
  get connections(): Iterable<Connection> {
    return this.#connections;
  }

  /** Sums over all connections there were. */
  get totals(): Totals {
    const totals = { ...this.#past };
    for (const { counters } of this.#connections) addCounters(totals, counters);
    return totals;
  }

  /** Connects at once: first, after `offline`, or instead of waiting longer. */
  start(): void {
    const former = this.#state;
    if (former.kind !== "waiting" && former.kind !== "offline") return;
    this.#connect();
    this.#release(former);
  }

  /** Cuts the connection, if there is one, and connects again at once. */
  reconnect(): void {
    if (this.#state.kind === "closed") return;
    const former = this.#state;
    this.#connect();
    this.#release(former);
  }

  /** Cuts the connection and stays away until `start`. */
  goOffline(): void {
    if (this.#state.kind === "closed" || this.#state.kind === "offline") return;
    const former = this.#state;
    this.#enter({ kind: "offline" });
    this.#release(former);
  }

  /** Asks the other side for a sign of life. Nothing happens without a connection. */
  probe(): void {
    if (this.#state.kind === "connected") this.#state.link.connection.probe(probeMs);
  }

  /** Ends the session for good. */
  close(): void {
    this.#end(undefined);
  }

  #connect(): void {
    this.#enter({ kind: "connecting", attempt: this.#attempt() });
  }

  #attempt(): Attempt {
    const { endpoints, token, connector, codec, ports, connectTimeoutMs, agent } = this.#options;
    this.#lastConnectionId += 1;
    return new Attempt({
      id: this.#lastConnectionId,
      endpoint: endpoints.current,
      token,
      session: this.id,
      agent,
      connector,
      codec,
      ports,
      connectTimeoutMs,
      handlers: {
        onOpening: (connection) => {
          for (const other of this.#connections) if (other.state === "closed") this.#forget(other);
          this.#connections.add(connection);
          this.#options.onChange();
        },
        onReady: (link) => this.#onReady(link),
        onFrame: (frame, link) => this.#onFrame(frame, link),
        onRoundTrip: () => this.#options.onChange(),
        onClosed: (closure, link) => this.#onClosed(closure, link),
      },
    });
  }

  #onReady(link: Link): void {
    const { ports, token, parts } = this.#options;
    if (this.#past.connects > 0 && link.welcome.user !== this.#user) return this.#refuseUser(link.welcome.user);
    const former = this.#state;
    this.#past.connects += 1;
    this.#connectedAt = ports.clock.monotonic();
    this.#user = link.welcome.user;
    if (former.kind === "connected") this.#leave(former.link, former.refresh, former.move?.deadline ?? 0);
    const refresh = new TokenRefresh(ports.timers, token, link);
    this.#enter({ kind: "connected", link, refresh, move: undefined });
    for (const part of parts) if (this.#isCurrent(link)) part.onLink(link);
  }

  /** Positions, the inbox and what waits to be sent are one user's, and must not become another's (CON-9). */
  #refuseUser(user: string): void {
    const text = `The session is that of "${this.#user}", and the token now of "${user}": create a client for each user`;
    this.#lastError = new HawserError("token-invalid", text);
    this.#end(this.#lastError);
  }

  /** Make before break: the former connection stays until its requests are answered, or the server's deadline. */
  #leave(link: Link, refresh: TokenRefresh, deadline: number): void {
    const { ports, parts } = this.#options;
    refresh.stop();
    for (const part of parts) part.onUnlink(link);
    this.#leaving.add(link);
    link.drain(ports.timers, Math.max(0, deadline - ports.clock.monotonic()), () => this.#drop(link));
  }

  #onFrame(frame: ServerFrame, link: Link): void {
    if (link.settle(frame)) return;
    if (frame.type === "move") this.#onMove(frame, link);
    else for (const part of this.#options.parts) if (part.onFrame(frame, link)) return;
  }

  #onMove(frame: MoveFrame, link: Link): void {
    const state = this.#state;
    if (state.kind !== "connected" || state.link !== link || state.move !== undefined) return;
    const { ports, endpoints } = this.#options;
    endpoints.announce(frame.endpoints);
    const deadline = ports.clock.monotonic() + frame.deadlineMs;
    const timer = ports.timers.after(frame.delayMs, () => {
      this.#enter({ ...state, move: { kind: "opening", deadline, attempt: this.#attempt() } });
    });
    this.#enter({ ...state, move: { kind: "delayed", deadline, timer } });
  }

  #onClosed(closure: Closure, link: Link | undefined): void {
    const { backoff, endpoints, ports } = this.#options;
    // One that was left: nothing depends on it any more.
    if (link !== undefined && !this.#isCurrent(link)) return this.#drop(link);
    const state = this.#state;
    this.#lastError = closure.error;
    endpoints.advance();
    if (state.kind === "connected" && link === undefined) {
      // The one that should have taken over. The one in use still serves, until the server's deadline.
      const deadline = state.move?.deadline ?? 0;
      const delayMs = backoff.next(closure.error.retryAfterMs);
      const timer = ports.timers.after(delayMs, () => {
        this.#enter({ ...state, move: { kind: "opening", deadline, attempt: this.#attempt() } });
      });
      return this.#enter({ ...state, move: { kind: "delayed", deadline, timer } });
    }
    if (link !== undefined && ports.clock.monotonic() - this.#connectedAt >= provenAfterMs) backoff.reset();
    const opening = state.kind === "connected" && state.move?.kind === "opening" ? state.move.attempt : undefined;
    if (!closure.reconnect) return this.#end(closure.error);
    if (opening !== undefined) {
      // The connection that should take over is already on its way.
      this.#enter({ kind: "connecting", attempt: opening });
    } else {
      const delayMs = backoff.next(closure.error.retryAfterMs);
      const timer = ports.timers.after(delayMs, () => this.#connect());
      this.#enter({ kind: "waiting", until: ports.clock.now() + delayMs, timer });
    }
    if (state.kind === "connected") this.#unlink(state);
  }

  /** Ends what a former state held: timers, attempts, the connection. */
  #release(former: SessionState): void {
    if (former.kind === "waiting") former.timer.cancel();
    if (former.kind === "connecting") former.attempt.cancel();
    if (former.kind !== "connected") return;
    if (former.move?.kind === "opening") former.move.attempt.cancel();
    former.link.connection.close();
    this.#unlink(former);
  }

  /** Takes the connection of a former state away from the parts. */
  #unlink(former: SessionState & { kind: "connected" }): void {
    former.refresh.stop();
    if (former.move?.kind === "delayed") former.move.timer.cancel();
    for (const part of this.#options.parts) part.onUnlink(former.link);
    former.link.end();
  }

  /** Ends a connection that was left. */
  #drop(link: Link): void {
    this.#leaving.delete(link);
    link.connection.close();
    link.end();
    this.#forget(link.connection);
    this.#options.onChange();
  }

  #forget(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    addCounters(this.#past, connection.counters);
  }

  #end(error: HawserError | undefined): void {
    if (this.#state.kind === "closed") return;
    const former = this.#state;
    this.#enter({ kind: "closed", error });
    this.#stopListening();
    this.#release(former);
    for (const link of this.#leaving) this.#drop(link);
    for (const part of this.#options.parts) part.onEnd(error);
    if (error !== undefined) this.#options.onFatal(error);
  }

  #online(): void {
    if (this.#state.kind === "waiting") this.start();
    else this.probe();
  }

  #isCurrent(link: Link): boolean {
    return this.#state.kind === "connected" && this.#state.link === link;
  }

  #enter(state: SessionState): void {
    if (state.kind !== this.#state.kind) this.#since = this.#options.ports.clock.now();
    this.#state = state;
    this.#options.onChange();
  }
}
