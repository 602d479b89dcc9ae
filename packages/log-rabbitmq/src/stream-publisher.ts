import type { BrokerPorts, LogRecord } from "@hawser/log/broker";
import { assert, HawserError } from "@hawser/protocol";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import { Backoff } from "./backoff.ts";
import type { BackoffSettings } from "./backoff.ts";
import { messageOf } from "./carried-message.ts";
import { unavailable } from "./paced-connection.ts";
import type { PacedConnection } from "./paced-connection.ts";

interface Ready {
  readonly channel: ConfirmChannel;
  /** Message identities that the broker gave back, since nobody takes them. */
  readonly returned: Set<string>;
}

/** Limits of a {@link StreamPublisher}. */
export interface StreamPublisherLimits extends BackoffSettings {
  /** Payload bytes that the broker has not confirmed; past it `produce` rejects. */
  readonly maxUnconfirmedBytes: number;
}

/** Publishes into streams, and learns from the broker what it has. */
export class StreamPublisher {
  readonly #connection: PacedConnection;
  readonly #ports: BrokerPorts;
  readonly #limits: StreamPublisherLimits;
  /** By stream: one that is not there may be on its way, as after a start of the broker. */
  readonly #backoffs = new Map<string, Backoff>();
  #ready: Promise<Ready> | undefined;
  #unconfirmedBytes = 0;
  #blocked: string | undefined;

  constructor(connection: PacedConnection, ports: BrokerPorts, limits: StreamPublisherLimits) {
    this.#connection = connection;
    this.#ports = ports;
    this.#limits = limits;
  }

  /**
   * Resolves when the broker has confirmed all records, which is when a majority of the stream's replicas has written them.
   *
   * @throws HawserError `log-unavailable`: whether they are there is not known, unless the message says that they were not sent.
   */
  async produce(stream: string, records: readonly LogRecord[]): Promise<void> {
    const backoff = this.#backoff(stream);
    await backoff.pause();
    const { channel, returned } = await this.#channel();
    if (this.#blocked !== undefined) throw unavailable(`not sent: RabbitMQ blocks publishers: ${this.#blocked}`);
    if (this.#unconfirmedBytes >= this.#limits.maxUnconfirmedBytes) {
      throw unavailable(`not sent: RabbitMQ has ${this.#unconfirmedBytes} bytes yet to confirm`);
    }
    const now = this.#ports.clock.now();
    try {
      await Promise.all(records.map((record) => this.#send({ channel, returned }, stream, record, now)));
      backoff.succeeded();
    } catch (error) {
      backoff.failed();
      throw error;
    }
  }

  #send({ channel, returned }: Ready, stream: string, record: LogRecord, now: number): Promise<void> {
    assert(record.kind !== "foreign", "what others wrote is not written by us");
    const { content, properties } = messageOf(record, now);
    this.#unconfirmedBytes += content.length;
    return new Promise((resolve, reject) => {
      const onConfirm = (error: unknown): void => {
        this.#unconfirmedBytes -= content.length;
        // What is returned is confirmed as well, behind that.
        if (returned.delete(record.id)) reject(unavailable(`there is no stream ${stream}`));
        else if (error === null) resolve();
        else reject(unavailable("RabbitMQ did not confirm", error));
      };
      try {
        channel.sendToQueue(stream, content, properties, onConfirm);
      } catch (error) {
        this.#unconfirmedBytes -= content.length;
        reject(unavailable("the channel to RabbitMQ is closed", error));
      }
    });
  }

  #backoff(stream: string): Backoff {
    const known = this.#backoffs.get(stream);
    if (known !== undefined) return known;
    const backoff = new Backoff(this.#limits, this.#ports);
    this.#backoffs.set(stream, backoff);
    return backoff;
  }

  async #channel(): Promise<Ready> {
    this.#ready ??= this.#open();
    try {
      return await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      if (error instanceof HawserError) throw error;
      throw unavailable("RabbitMQ opened no channel", error);
    }
  }

  async #open(): Promise<Ready> {
    const model = await this.#connection.model();
    const channel = await model.createConfirmChannel();
    const returned = new Set<string>();
    channel.on("error", () => {});
    channel.on("close", () => {
      this.#ready = undefined;
    });
    channel.on("return", ({ properties }) => {
      if (typeof properties.messageId === "string") returned.add(properties.messageId);
    });
    this.#watch(model);
    return { channel, returned };
  }

  #watch(model: ChannelModel): void {
    this.#blocked = undefined;
    model.on("blocked", (reason) => {
      this.#blocked = reason;
    });
    model.on("unblocked", () => {
      this.#blocked = undefined;
    });
  }
}
