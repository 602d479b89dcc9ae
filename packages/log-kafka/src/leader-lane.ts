import { Backoff } from "@hawser/log/broker";
import type { BrokerPorts } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import type { Connection } from "@platformatic/kafka";
import type { Cluster, TopicDescription } from "./cluster.ts";
import { connect, end } from "./connect.ts";
import type { ConnectionSettings } from "./connection-options.ts";
import { kafkaCode, kafkaCodes, unavailable } from "./kafka-error.ts";

/** A connection to the broker that leads the partition, as long as it leads it. */
export interface Link {
  readonly connection: Connection;
  readonly topicId: string;
  readonly leaderEpoch: number;
  /** What of the cluster led to it. */
  readonly described: Promise<TopicDescription>;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly attempt: Promise<Link> }
  | { readonly kind: "open"; readonly link: Link }
  | { readonly kind: "closed" };

/** Answers after which the broker is still the right one to ask. */
const answers: ReadonlySet<number> = new Set([
  kafkaCodes.offsetOutOfRange,
  kafkaCodes.messageTooLarge,
  kafkaCodes.notEnoughReplicas,
  kafkaCodes.notEnoughReplicasAfterAppend,
  kafkaCodes.invalidRecord,
]);

/**
 * One of the connections to a partition's leader: Kafka answers the requests of a connection one after the other, so that what
 * waits, what reads and what writes has its own. It is made when somebody needs it; what fails is followed by a pause that grows,
 * and by the question who leads now.
 */
export class LeaderLane {
  readonly #settings: ConnectionSettings;
  readonly #cluster: Cluster;
  readonly #partition: number;
  readonly #backoff: Backoff;
  #state: State = { kind: "idle" };

  constructor(settings: ConnectionSettings, cluster: Cluster, partition: number, ports: BrokerPorts) {
    this.#settings = settings;
    this.#cluster = cluster;
    this.#partition = partition;
    this.#backoff = new Backoff(settings, ports);
  }

  /** The link, once there is one. Rejects with `log-unavailable` when the next try fails. */
  link(): Promise<Link> {
    const state = this.#state;
    if (state.kind === "closed") return Promise.reject(new HawserError("log-closed", "the log was closed"));
    if (state.kind === "connecting") return state.attempt;
    if (state.kind === "open" && state.link.connection.isConnected()) return Promise.resolve(state.link);
    const attempt = this.#connect();
    this.#state = { kind: "connecting", attempt };
    return attempt;
  }

  /** Asks by `link`. Rejects with the client's own error; where it shows that the link is of no use, there will be another one. */
  async request<T>(link: Link, ask: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await ask(link.connection);
    } catch (error) {
      const code = kafkaCode(error);
      if (code === undefined || !answers.has(code)) this.#drop(link);
      throw error;
    }
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "open") end(state.link.connection);
  }

  async #connect(): Promise<Link> {
    await this.#backoff.pause();
    const described = this.#cluster.topic();
    try {
      const { topicId, partitions } = await described;
      const partition = partitions[this.#partition];
      if (partition?.leader === undefined) throw unavailable(`nobody leads partition ${this.#partition}`);
      const { host, port } = partition.leader;
      const connection = await connect(this.#settings, host, port);
      const link = { connection, topicId, leaderEpoch: partition.leaderEpoch, described };
      if (this.#isClosed()) {
        end(link.connection);
        throw new HawserError("log-closed", "the log was closed");
      }
      this.#backoff.succeeded();
      this.#state = { kind: "open", link };
      return link;
    } catch (error) {
      this.#cluster.forget(described);
      this.#backoff.failed();
      if (!this.#isClosed()) this.#state = { kind: "idle" };
      throw error instanceof HawserError ? error : unavailable("Kafka does not answer", error);
    }
  }

  #drop(link: Link): void {
    end(link.connection);
    this.#cluster.forget(link.described);
    if (this.#state.kind !== "open" || this.#state.link !== link) return;
    this.#state = { kind: "idle" };
    this.#backoff.failed();
  }

  #isClosed(): boolean {
    return this.#state.kind === "closed";
  }
}
