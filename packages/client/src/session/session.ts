import { HawserError, tooManyConnections } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import type { Closure } from "../connection/closure.ts";
import type { Connection } from "../connection/connection.ts";
import type { PageLife } from "../page-life/page-life.ts";
import type { Backoff } from "./backoff.ts";
import { EndpointList } from "./endpoint-list.ts";
import type { Link } from "./link.ts";
import { LinkWatch } from "./link-watch.ts";
import type { LinkWatchHandlers } from "./link-watch.ts";
import type { Links } from "./links.ts";
import { Path } from "./path.ts";
import type { PathContext, PathHandlers } from "./path.ts";
import type { SessionPart } from "./session-part.ts";
import { addCounters, newTotals } from "./totals.ts";
import type { Totals } from "./totals.ts";

/** What one connection of the session is for, and where it goes. */
export interface PathPlan {
  readonly lane: string;
  readonly urls: readonly string[];
}

export interface SessionOptions extends PathContext {
  /** One for each connection; at least one. */
  readonly plans: readonly PathPlan[];
  readonly links: Links;
  readonly pageLife: PageLife;
  readonly newBackoff: () => Backoff;
  /** Until an answer is so late that streams go elsewhere. */
  readonly stallAfterMs: number;
  /** In the order in which they are told of a connection. */
  readonly parts: Iterable<SessionPart>;
  /** The state changed, or a figure of it. */
  readonly onChange: () => void;
  /** The session ended because of an error, and its parts were told. */
  readonly onFatal: (error: HawserError) => void;
}

/** The state of a session as a whole: the best of its paths'. `until`: when the next attempt is made. */
export type SessionState =
  | { readonly kind: "connecting" | "connected" | "offline" }
  | { readonly kind: "waiting"; readonly until: number }
  | { readonly kind: "closed"; readonly error: HawserError | undefined };

/** How long the other side has to show that it is there, when the network was said to have changed. */
const probeMs = 5_000;

/**
 * One client's logical relation with the service, over one connection or several: each is kept by a path, and the parts
 * of the session are told of those that stand. It knows no channels.
 */
export class Session implements PathHandlers, LinkWatchHandlers {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #paths: Path[];
  readonly #watch: LinkWatch;
  readonly #stopListening: () => void;
  #ended: { readonly error: HawserError | undefined } | undefined;
  #since: number;
  #lastKind: SessionState["kind"] = "offline";
  #lastError: HawserError | undefined;
  /** Whom the server took this client for; `undefined` before the first connection. */
  #user: string | undefined;
  #lastConnectionId = 0;

  constructor(options: SessionOptions) {
    const { ports, links, stallAfterMs, pageLife } = options;
    this.id = options.id;
    this.#options = options;
    this.#since = ports.clock.now();
    this.#paths = options.plans.map((plan, index) => this.#newPath(plan, index));
    this.#watch = new LinkWatch(ports, links, stallAfterMs, this);
    this.#stopListening = pageLife.listen({ online: () => this.#online(), offline: () => this.probe() });
  }

  /** Those of the plans; behind them those of a part that has its own, which it adds and takes away. */
  get paths(): Path[] {
    return this.#paths;
  }

  /** What a part's own paths are made with. */
  get options(): SessionOptions {
    return this.#options;
  }

  get state(): SessionState {
    if (this.#ended !== undefined) return { kind: "closed", error: this.#ended.error };
    const states = this.#paths.map((path) => path.state);
    for (const kind of ["connected", "connecting"] as const)
      if (states.some((state) => state.kind === kind)) return { kind };
    const waiting = states.flatMap((state) => (state.kind === "waiting" ? [state.until] : []));
    return waiting.length > 0 ? { kind: "waiting", until: Math.min(...waiting) } : { kind: "offline" };
  }

  /** When the state last changed, in milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** Whom the server took this client for; "" before the first connection. */
  get user(): string {
    return this.#user ?? "";
  }

  /** Why a connection last ended, or was not made. */
  get lastError(): HawserError | undefined {
    return this.#lastError;
  }

  /** The connections that exist; of each path the one that ended last is among them until there is another. */
  get connections(): readonly Connection[] {
    return this.#paths.flatMap((path) => [...path.connections]);
  }

  /** Sums over all connections there were. */
  get totals(): Totals {
    const totals = newTotals();
    for (const { past, connections } of this.#paths) {
      totals.connects += past.connects;
      addCounters(totals, past);
      for (const { counters } of connections) addCounters(totals, counters);
    }
    return totals;
  }

  /** Connects at once: first, after `goOffline`, or instead of waiting longer. */
  start(): void {
    if (this.#ended === undefined) for (const path of this.#paths) path.start();
  }

  /** Cuts connections, and connects again at once: the one with this identifier, or all. */
  reconnect(connectionId?: number): void {
    if (this.#ended !== undefined) return;
    for (const path of this.#paths) {
      const ids = [...path.connections].map(({ id }) => id);
      if (connectionId === undefined || ids.includes(connectionId)) path.reconnect();
    }
  }

  /** Cuts every connection and stays away until `start`. */
  goOffline(): void {
    if (this.#ended === undefined) this.#stop();
  }

  /** Asks the other side of each connection for a sign of life. */
  probe(): void {
    for (const { connection } of this.#options.links) connection.probe(probeMs);
  }

  /** Ends the session for good. */
  close(): void {
    this.#end(undefined);
  }

  nextConnectionId(): number {
    return (this.#lastConnectionId += 1);
  }

  /** Positions, the inbox and what waits to be sent are one user's, and must not become another's (CON-9). */
  onReady(link: Link): boolean {
    const { user } = link.welcome;
    this.#user ??= user;
    if (user === this.#user) {
      this.#options.links.add(link);
      return true;
    }
    const text = `The token is of "${user}", the session of "${this.#user}"`;
    this.#end(new HawserError("token-invalid", text));
    return false;
  }

  onLink(link: Link): void {
    const { links, parts } = this.#options;
    for (const part of parts) if (links.has(link)) part.onLink(link);
    this.#watch.update();
  }

  onLeaving(link: Link): void {
    this.#tell((part) => part.onAvoid(link));
  }

  onRecovered(link: Link): void {
    this.#tell((part) => part.onLink(link));
  }

  onUnlink(link: Link): void {
    this.#options.links.delete(link);
    this.#tell((part) => part.onUnlink(link));
    this.#watch.update();
  }

  onFrame(frame: ServerFrame, link: Link): void {
    for (const part of this.#options.parts) if (part.onFrame(frame, link)) return;
  }

  /** A place that has enough connections of ours is no reason to give up those that we have. */
  onRefused(closure: Closure, path: Path): boolean {
    const others = this.#paths.filter((other) => other !== path && other.state.kind === "connected");
    if (closure.code === tooManyConnections && others.length > 0) return true;
    this.#end(closure.error);
    return false;
  }

  onLost(error: HawserError): void {
    this.#lastError = error;
  }

  onBalance(): void {
    this.#spread();
    this.#tell((part) => part.onBalance?.());
  }

  onChange(): void {
    const { kind } = this.state;
    if (kind !== this.#lastKind) this.#since = this.#options.ports.clock.now();
    this.#lastKind = kind;
    this.#options.onChange();
  }

  #newPath({ lane, urls }: PathPlan, index: number): Path {
    return new Path({
      context: this.#options,
      lane,
      // Each begins with another one, so that the loss of a node is not that of every connection.
      endpoints: new EndpointList(urls, index),
      backoff: this.#options.newBackoff(),
      handlers: this,
    });
  }

  /** Two paths went to one endpoint when another failed: when that one is there again, one of them goes back. */
  #spread(): void {
    const used = this.#paths.map(({ endpoint }) => endpoint);
    for (const [index, { urls }] of this.#options.plans.entries()) {
      const free = urls.find((url) => !used.includes(url));
      if (free !== undefined && used.indexOf(used[index]!) < index) return this.#paths[index]!.moveTo(free);
    }
  }

  #stop(): void {
    for (const path of this.#paths) path.stop();
  }

  #end(error: HawserError | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error };
    this.#lastError = error ?? this.#lastError;
    this.onChange();
    this.#stopListening();
    this.#stop();
    this.#watch.stop();
    for (const part of this.#options.parts) part.onEnd(error);
    if (error !== undefined) this.#options.onFatal(error);
  }

  #online(): void {
    for (const path of this.#paths) if (path.state.kind === "waiting") path.start();
    this.probe();
  }

  #tell(what: (part: SessionPart) => void): void {
    for (const part of this.#options.parts) what(part);
  }
}
