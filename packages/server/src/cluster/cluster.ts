import { maxEndpoints } from "../drain/endpoints.ts";
import type { Movable } from "../drain/drain.ts";
import type { NodeServices } from "../node-services.ts";
import type { ClusterSettings } from "./cluster-options.ts";
import type { NodeWord } from "./cluster-record.ts";
import type { MembershipChange, OtherNode } from "./membership.ts";
import { Moves } from "./moves.ts";
import { NodeCluster } from "./node-cluster.ts";
import { Rebalance } from "./rebalance.ts";
import { Spread } from "./spread.ts";
import type { Doubled } from "./spread.ts";

/** Connections that are sent to other nodes for their sessions' sake. */
const spreadMovesPerSecond = 20;

/** A node of the cluster. */
export interface ClusterNode extends Omit<NodeWord, "presence" | "relay"> {
  /** Drawn at random when the node starts. */
  readonly id: string;
  /** It is the one that was asked. */
  readonly self: boolean;
}

/** Sums over all nodes that live. */
export interface ClusterCounts {
  readonly nodes: number;
  readonly connections: number;
  readonly sessions: number;
}

/** Another node came, said something new of itself, went, or fell silent. */
export interface ClusterEvent {
  readonly kind: MembershipChange;
  readonly node: ClusterNode;
}

export type ClusterListener = (event: ClusterEvent) => void;

/** The node, as its part in the cluster sees it. */
export interface ClusterHost<Connection extends Movable> {
  readonly connections: number;
  readonly sessions: number;
  /** How far its drain is; `undefined`: there is none. */
  readonly draining: object | undefined;
  disconnectUser(user: string, reason: string): unknown;
  /** Connections of sessions, those that came first ahead. */
  movable(): Iterable<Connection>;
  /** The connections of each session behind its first one. */
  doubled(): Iterable<Doubled<Connection>>;
}

/** The cluster, as an application looks at it. */
export type ClusterView = Pick<Cluster<Movable>, "nodes" | "counts" | "watch" | "endpoints" | "relayOf">;

/** A node's part in its cluster; without settings it is alone, and the log hears nothing of it. */
export class Cluster<Connection extends Movable> {
  readonly #services: NodeServices;
  readonly #settings: ClusterSettings | undefined;
  readonly #host: ClusterHost<Connection>;
  readonly #voice: NodeCluster | undefined;
  readonly #moves: Moves<Connection>;
  readonly #rebalance: Rebalance<Connection> | undefined;
  readonly #spread: Spread<Connection> | undefined;
  readonly #listeners = new Set<ClusterListener>();

  constructor(services: NodeServices, settings: ClusterSettings | undefined, host: ClusterHost<Connection>) {
    this.#services = services;
    this.#settings = settings;
    this.#host = host;
    const { clock, timers, limits, observer } = services;
    const moves = new Moves<Connection>({ clock, timers, onMove: (event) => observer.rebalanced(event) });
    this.#moves = moves;
    const sessions = (): number => host.sessions;
    const movable = (): Iterable<Connection> => host.movable();
    this.#rebalance = settings?.rebalance && new Rebalance({ options: settings.rebalance, moves, sessions, movable });
    this.#spread =
      settings?.spread === true
        ? new Spread({
            moves,
            doubled: () => host.doubled(),
            patience: Math.ceil((2 * limits.heartbeatMs) / limits.clusterBeatMs) + 1,
            maxMovesPerSecond: spreadMovesPerSecond,
          })
        : undefined;
    this.#voice =
      settings &&
      new NodeCluster({
        ...services,
        word: () => this.#word(),
        onChange: (change, node) => this.#onChange(change, node),
        onDisconnect: (user, reason) => host.disconnectUser(user, reason),
        onBeat: () => this.#onBeat(),
      });
  }

  /** The nodes that live: this one first. */
  nodes(): readonly ClusterNode[] {
    const instance = this.#voice?.instance ?? this.#services.name;
    return [shown({ ...this.#word(), instance }, true), ...this.#others.map((node) => shown(node))];
  }

  /** Of all nodes, as they last said it. */
  get counts(): ClusterCounts {
    const nodes = this.nodes();
    return {
      nodes: nodes.length,
      connections: nodes.reduce((sum, { connections }) => sum + connections, 0),
      sessions: nodes.reduce((sum, { sessions }) => sum + sessions, 0),
    };
  }

  /** Is called with each change, until what is returned is called. */
  watch(listener: ClusterListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Where clients can be sent to: at most 32 addresses of the other nodes that are up, one of each before the next of any. */
  get endpoints(): readonly string[] {
    const lists = this.#targets.map(({ endpoints }) => endpoints);
    const longest = Math.max(0, ...lists.map(({ length }) => length));
    return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? []))
      .flat()
      .slice(0, maxEndpoints);
  }

  /** Where another node that lives takes the sockets whose home it is; `undefined`: no such node, or it does not say so. */
  relayOf(name: string): string | undefined {
    return this.#others.find((node) => node.name === name && node.relay !== "")?.relay;
  }

  /** Rejects with `log-unavailable` when the log cannot be read. */
  async start(): Promise<void> {
    await this.#voice?.start();
  }

  /** A connection has ended. */
  forget(connection: Connection): void {
    this.#moves.forget(connection);
  }

  /** The node goes: it sends its clients by itself, and says so before the next beat. */
  drain(): void {
    this.#moves.stop();
    this.announce();
  }

  /** Something has changed that others should know before the next beat. */
  announce(): void {
    this.#voice?.announce();
  }

  /** Ends the sessions of a user on all other nodes. Rejects as `NodeCluster.disconnect` does. */
  async disconnect(user: string, reason: string): Promise<void> {
    await this.#voice?.disconnect(user, reason);
  }

  close(): void {
    this.#moves.stop();
    this.#voice?.close();
    this.#listeners.clear();
  }

  get #others(): readonly OtherNode[] {
    return this.#voice?.others ?? [];
  }

  /** Nodes that clients can be sent to. One that shares an address with this one, as workers of one port do, is not elsewhere. */
  get #targets(): readonly OtherNode[] {
    const own = new Set(this.#settings?.endpoints);
    return this.#others.filter(
      ({ state, endpoints }) =>
        state === "up" && endpoints.length > 0 && !endpoints.some((endpoint) => own.has(endpoint)),
    );
  }

  #word(): NodeWord {
    const { name, version = "", presence, sockets } = this.#services;
    const { connections, sessions, draining } = this.#host;
    const state = draining === undefined ? "up" : "draining";
    const { endpoints = [] } = this.#settings ?? {};
    const relay = sockets?.relayAddress ?? "";
    return { name, endpoints, state, version, connections, sessions, relay, presence: presence.instance };
  }

  /** What others say is known: whoever has too many gives. */
  #onBeat(): void {
    if (this.#host.draining !== undefined) return;
    this.#rebalance?.onBeat(this.#targets);
    this.#spread?.onBeat(this.endpoints);
  }

  #onChange(kind: MembershipChange, node: OtherNode): void {
    const { observer, presence, logger } = this.#services;
    if (kind === "joined") this.#spread?.onJoined();
    // Whom it answered for has gone with it: nobody waits for the end of its leases.
    if (kind === "died") presence.endNode(node.presence);
    observer.clusterNodes(1 + this.#others.length);
    const event = { kind, node: shown(node) };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        logger.error({ error }, "a listener of the cluster failed");
      }
    }
  }
}

function shown(
  { instance, name, endpoints, state, version, connections, sessions }: OtherNode,
  self = false,
): ClusterNode {
  return { id: instance, name, self, state, endpoints, version, connections, sessions };
}
