import type { NodeServices } from "../node-services.ts";
import type { ClusterSettings } from "./cluster-options.ts";
import type { NodeWord } from "./cluster-record.ts";
import type { MembershipChange, OtherNode } from "./membership.ts";
import { NodeCluster } from "./node-cluster.ts";

/** A node of the cluster. */
export interface ClusterNode extends Omit<NodeWord, "presence"> {
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
export interface ClusterHost {
  readonly connections: number;
  readonly sessions: number;
  /** How far its drain is; `undefined`: there is none. */
  readonly draining: object | undefined;
  disconnectUser(user: string, reason: string): unknown;
}

/** The cluster, as an application looks at it. */
export type ClusterView = Pick<Cluster, "nodes" | "counts" | "watch" | "endpoints">;

/** A node's part in its cluster; without settings it is alone, and the log hears nothing of it. */
export class Cluster {
  readonly #services: NodeServices;
  readonly #settings: ClusterSettings | undefined;
  readonly #host: ClusterHost;
  readonly #voice: NodeCluster | undefined;
  readonly #listeners = new Set<ClusterListener>();

  constructor(services: NodeServices, settings: ClusterSettings | undefined, host: ClusterHost) {
    this.#services = services;
    this.#settings = settings;
    this.#host = host;
    this.#voice =
      settings &&
      new NodeCluster({
        ...services,
        word: () => this.#word(),
        onChange: (change, node) => this.#onChange(change, node),
        onDisconnect: (user, reason) => host.disconnectUser(user, reason),
        onBeat: () => {},
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

  /** Where clients can be sent to: the addresses of the other nodes that are up, one of each node before the next of any. */
  get endpoints(): readonly string[] {
    const lists = this.#others.filter(({ state }) => state === "up").map(({ endpoints }) => endpoints);
    const longest = Math.max(0, ...lists.map(({ length }) => length));
    return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat();
  }

  /** Rejects with `log-unavailable` when the log cannot be read. */
  async start(): Promise<void> {
    await this.#voice?.start();
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
    this.#voice?.close();
    this.#listeners.clear();
  }

  get #others(): readonly OtherNode[] {
    return this.#voice?.others ?? [];
  }

  #word(): NodeWord {
    const { name, version = "", presence } = this.#services;
    const { connections, sessions, draining } = this.#host;
    const state = draining === undefined ? "up" : "draining";
    const { endpoints = [] } = this.#settings ?? {};
    return { name, endpoints, state, version, connections, sessions, presence: presence.instance };
  }

  #onChange(kind: MembershipChange, node: OtherNode): void {
    const { observer, presence, logger } = this.#services;
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
