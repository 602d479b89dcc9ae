import { Backoff } from "@hawser/log/broker";
import type { BackoffSettings, BrokerPorts, LogRecord } from "@hawser/log/broker";
import { assert } from "@hawser/protocol";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import { messageOf } from "./carried-message.ts";
import type { CarriedMessage } from "./carried-message.ts";
import { grouped } from "./packed-records.ts";
import { unavailable } from "./paced-connection.ts";
import type { PacedConnection } from "./paced-connection.ts";

type OwnRecord = Exclude<LogRecord, { kind: "foreign" }>;

/** A message for a stream. */
export interface StreamMessage extends CarriedMessage {
  /** Records in it. */
  readonly records: number;
  /** How it gets to the stream. Default: by the stream's own name. */
  readonly route?: { readonly exchange: string; readonly routingKey: string };
}

interface Ready {
  readonly channel: ConfirmChannel;
  /** Message identities that the broker gave back, since nobody takes them. */
  readonly returned: Set<string>;
}

/** Limits of a {@link StreamPublisher}. */
export interface StreamPublisherLimits extends BackoffSettings {
  /** Records that the broker has not confirmed; past it `produce` rejects. */
  readonly maxUnconfirmed: number;
  /** Their payload bytes. */
  readonly maxUnconfirmedBytes: number;
  /** That go in one message. */
  readonly recordsPerMessage: number;
  /** After which a record that is not confirmed never will be, in milliseconds. */
  readonly confirmTimeoutMs: number;
}

/** Publishes into streams, and learns from the broker what it has. */
export class StreamPublisher {
  readonly #connection: PacedConnection;
  readonly #ports: BrokerPorts;
  readonly #limits: StreamPublisherLimits;
  /** By stream: one that is not there may be on its way, as after a start of the broker. */
  readonly #backoffs = new Map<string, Backoff>();
  #ready: Ready | undefined;
  #attempt: Promise<void> | undefined;
  #unconfirmed = 0;
  #unconfirmedBytes = 0;
  #blocked: string | undefined;

  constructor(connection: PacedConnection, ports: BrokerPorts, limits: StreamPublisherLimits) {
    this.#connection = connection;
    this.#ports = ports;
    this.#limits = limits;
  }

  /** Connects, so that it can publish, unless it is connected. */
  async open(): Promise<void> {
    if (this.#ready === undefined) await this.#opening();
  }

  /**
   * Resolves when the broker has confirmed all records, which is when a majority of the stream's replicas has written them.
   * What cannot be sent at once is not sent: whoever waits for it sends it again, and would find it many times.
   *
   * @throws HawserError `log-unavailable`: whether they are there is not known, unless the message says that they were not sent.
   */
  async produce(stream: string, records: readonly LogRecord[]): Promise<void> {
    const now = this.#ports.clock.now();
    const groups = grouped(records.map(own), this.#limits.recordsPerMessage);
    await this.publish(
      stream,
      groups.map((group) => ({ ...messageOf(group, now), records: group.length })),
    );
  }

  /** The same of messages, each with an id of its own. */
  async publish(stream: string, messages: readonly StreamMessage[]): Promise<void> {
    const backoff = this.#backoff(stream);
    const ready = this.#ready;
    if (ready === undefined) {
      this.#opening().catch(() => {});
      throw unavailable("not sent: there is no connection to RabbitMQ");
    }
    if (!backoff.isDue) throw unavailable(`not sent: RabbitMQ did not take the last records for ${stream}`);
    if (this.#blocked !== undefined) throw unavailable(`not sent: RabbitMQ blocks publishers: ${this.#blocked}`);
    const { maxUnconfirmed, maxUnconfirmedBytes } = this.#limits;
    if (this.#unconfirmed >= maxUnconfirmed || this.#unconfirmedBytes >= maxUnconfirmedBytes) {
      throw unavailable(`not sent: RabbitMQ has yet to confirm ${this.#unconfirmed} records`);
    }
    // What came to a stream whose leader was about to change is never confirmed, nor is what comes behind it on this channel.
    const patience = this.#ports.timers.after(this.#limits.confirmTimeoutMs, () => {
      ready.channel.close().catch(() => {});
    });
    try {
      await Promise.all(messages.map((message) => this.#send(ready, stream, message)));
      backoff.succeeded();
    } catch (error) {
      backoff.failed();
      throw error;
    } finally {
      patience.cancel();
    }
  }

  #send({ channel, returned }: Ready, stream: string, message: StreamMessage): Promise<void> {
    const { content, properties, records, route = { exchange: "", routingKey: stream } } = message;
    this.#unconfirmed += records;
    this.#unconfirmedBytes += content.length;
    const settled = (): void => {
      this.#unconfirmed -= records;
      this.#unconfirmedBytes -= content.length;
    };
    return new Promise((resolve, reject) => {
      const onConfirm = (error: unknown): void => {
        settled();
        // What is returned is confirmed as well, behind that.
        if (returned.delete(properties.messageId!)) reject(unavailable(`there is no stream ${stream}`));
        else if (error === null) resolve();
        else reject(unavailable("RabbitMQ did not confirm", error));
      };
      try {
        channel.publish(route.exchange, route.routingKey, content, properties, onConfirm);
      } catch (error) {
        settled();
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

  #opening(): Promise<void> {
    this.#attempt ??= this.#open().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #open(): Promise<void> {
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
    this.#ready = { channel, returned };
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

function own(record: LogRecord): OwnRecord {
  assert(record.kind !== "foreign", "what others wrote is not written by us");
  return record;
}
