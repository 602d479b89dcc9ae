import { HawserError } from "@hawser/protocol";
import { Backoff } from "@hawser/log/broker";
import type { BrokerPorts } from "@hawser/log/broker";
import { metadataV12, ResponseError } from "@platformatic/kafka";
import type { Connection } from "@platformatic/kafka";
import { connect, end } from "./connect.ts";
import type { ConnectionSettings } from "./connection-options.ts";
import { kafkaCode, kafkaCodes, unavailable } from "./kafka-error.ts";

/** What the cluster says of a topic. */
export interface TopicDescription {
  /** Another one when it was deleted and made again. */
  readonly topicId: string;
  readonly partitions: readonly PartitionDescription[];
}

/** One partition of a {@link TopicDescription}. */
export interface PartitionDescription {
  /** `undefined`: nobody leads it now. */
  readonly leader: { readonly host: string; readonly port: number } | undefined;
  readonly leaderEpoch: number;
  readonly replicas: number;
}

/**
 * The cluster, asked through any of its brokers: where partitions are led, and what topics are like. However many ask, there is
 * one question at a time, and a pause that grows behind those without an answer.
 */
export class Cluster {
  readonly #settings: ConnectionSettings;
  readonly #backoff: Backoff;
  readonly #topic: string;
  #brokers: readonly { readonly host: string; readonly port: number }[];
  #connection: Connection | undefined;
  #tries = 0;
  #known: Promise<TopicDescription> | undefined;
  #closed = false;

  constructor(settings: ConnectionSettings, topic: string, ports: BrokerPorts) {
    this.#settings = settings;
    this.#topic = topic;
    this.#brokers = settings.brokers;
    this.#backoff = new Backoff(settings, ports);
  }

  /** What was found when it was asked last. Rejects with `log-unavailable`. */
  topic(): Promise<TopicDescription> {
    if (this.#known !== undefined) return this.#known;
    const asked: Promise<TopicDescription> = this.#ask().catch((error: unknown) => {
      if (this.#known === asked) this.#known = undefined;
      throw error;
    });
    this.#known = asked;
    return asked;
  }

  /** What was found turned out to be wrong: it is asked again. What is not `described` was found since. */
  forget(described: Promise<TopicDescription>): void {
    if (this.#known === described) this.#known = undefined;
  }

  /** The topic now; `undefined` if there is none. Rejects when no broker answers. */
  async find(): Promise<TopicDescription | undefined> {
    const { brokers, topics } = await this.request(async (connection) => {
      try {
        return await metadataV12.api.async(connection, [this.#topic], false, false);
      } catch (error) {
        // A topic or partition that is not well is an answer too.
        const response =
          error instanceof ResponseError ? (error["response"] as metadataV12.MetadataResponse) : undefined;
        if (response === undefined) throw error;
        return response;
      }
    });
    const places = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    // Those that were named stay: all others may be new ones one day.
    this.#brokers = [...this.#settings.brokers, ...places.values()];
    const [topic] = topics;
    if (topic === undefined || topic.errorCode === kafkaCodes.unknownTopic) return undefined;
    if (topic.errorCode !== 0)
      throw unavailable(`Kafka does not show the topic ${this.#topic}: error ${topic.errorCode}`);
    return {
      topicId: topic.topicId,
      partitions: topic.partitions
        .toSorted((left, right) => left.partitionIndex - right.partitionIndex)
        .map(({ leaderId, leaderEpoch, replicaNodes }) => ({
          leader: places.get(leaderId),
          leaderEpoch,
          replicas: replicaNodes.length,
        })),
    };
  }

  /** Asks any broker. Rejects with the client's error when it refuses, with `log-unavailable` when none of them is there. */
  async request<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    try {
      return await ask(connection);
    } catch (error) {
      if (kafkaCode(error) === undefined) this.#drop(connection);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#connection !== undefined) end(this.#connection);
  }

  async #ask(): Promise<TopicDescription> {
    await this.#backoff.pause();
    try {
      const topic = await this.find();
      if (topic === undefined) throw unavailable(`there is no topic ${this.#topic}`);
      this.#backoff.succeeded();
      return topic;
    } catch (error) {
      this.#backoff.failed();
      throw error instanceof HawserError ? error : unavailable("Kafka does not answer", error);
    }
  }

  async #connect(): Promise<Connection> {
    if (this.#connection?.isConnected() === true) return this.#connection;
    let cause: unknown;
    for (let left = this.#brokers.length; left > 0 && !this.#closed; left -= 1) {
      const { host, port } = this.#brokers[this.#tries % this.#brokers.length]!;
      try {
        const connection = await connect(this.#settings, host, port);
        if (this.#closed) end(connection);
        this.#connection = connection;
        return connection;
      } catch (error) {
        this.#tries += 1;
        cause = error;
      }
    }
    throw unavailable("Kafka does not answer", cause ?? new Error("the log was closed"));
  }

  #drop(connection: Connection): void {
    this.#tries += 1;
    end(connection);
    if (this.#connection === connection) this.#connection = undefined;
  }
}
