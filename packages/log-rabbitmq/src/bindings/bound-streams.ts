import type { Log, LogOpenOptions } from "@hawser/log";
import { nodeIds } from "@hawser/log/broker";
import type { Bindings, BoundPlace, BrokerLogSettings, MarkedRecord, OpenBindings } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import type { ConnectionSettings } from "../connection-options.ts";
import { PacedConnection } from "../paced-connection.ts";
import { StreamPublisher } from "../stream-publisher.ts";
import type { StreamPublisherLimits } from "../stream-publisher.ts";
import { StreamReader } from "../stream-reader.ts";
import type { BoundTo, BoundWriting } from "./bindings.ts";
import { BoundStream } from "./bound-stream.ts";
import type { StreamWriting } from "./bound-stream.ts";
import { StreamEpochs } from "./stream-epochs.ts";

/** Limits of streams that others write. */
export interface BoundLimits {
  /** Streams that a node reads at a time. */
  readonly maxBoundStreams: number;
  /** Channels of one of them that are followed at a time. */
  readonly maxBoundFollowed: number;
  /** Messages that one page of a channel looks through. */
  readonly maxBoundScan: number;
  readonly prefetch: number;
  /** Of what is written into them. */
  readonly publisher: StreamPublisherLimits;
  readonly settings: Required<BrokerLogSettings>;
}

/** What streams of others are bound and read with. */
export interface BoundStreamsOptions {
  /** What a channel is bound to. */
  readonly bind: (channel: string) => BoundTo | undefined;
  readonly connection: ConnectionSettings;
  readonly limits: BoundLimits;
}

/** Channels that are bound to streams which others write. */
export function streamBindings(options: BoundStreamsOptions): Bindings {
  return {
    isBound: (channel) => options.bind(channel) !== undefined,
    open: async (own, ports) => new BoundStreams(options, own, ports),
  };
}

class BoundStreams implements OpenBindings {
  readonly #options: BoundStreamsOptions;
  readonly #own: Log;
  readonly #ports: LogOpenOptions;
  readonly #connection: PacedConnection;
  /** A broker that slows a publisher down stops to read from its connection, which must not stop what is read. */
  readonly #publishing: PacedConnection;
  readonly #publisher: StreamPublisher;
  readonly #nextId: () => string;
  /** By the stream; the one that was used longest ago first. */
  readonly #streams = new Map<string, BoundStream>();

  constructor(options: BoundStreamsOptions, own: Log, ports: LogOpenOptions) {
    const { connection, limits } = options;
    this.#options = options;
    this.#own = own;
    this.#ports = ports;
    this.#connection = new PacedConnection(connection, ports, "bindings");
    this.#publishing = new PacedConnection(connection, ports, "bindings, publishing");
    this.#publisher = new StreamPublisher(this.#publishing, ports, limits.publisher);
    this.#nextId = nodeIds(ports.random);
  }

  placeOf(channel: string): BoundPlace | undefined {
    const bound = this.#options.bind(channel);
    if (bound === undefined) return undefined;
    const source = this.#streams.get(bound.stream) ?? this.#create(bound);
    this.#streams.delete(bound.stream);
    this.#streams.set(bound.stream, source);
    return { source, key: channel };
  }

  stop(): void {
    for (const stream of this.#streams.values()) stream.close();
  }

  async close(): Promise<void> {
    await Promise.all([this.#connection.close(), this.#publishing.close()]);
  }

  #create({ stream: name, read, write }: BoundTo): BoundStream {
    const ports = this.#ports;
    const { connection, limits } = this.#options;
    const { maxBoundFollowed: maxFollowed, maxBoundScan: maxScan, prefetch } = limits;
    this.#makeRoom(name);
    const { minBackoffMs, maxBackoffMs } = connection;
    const ofReader = { prefetch, maxCursors: 2, maxStartAgeMs: 1_000, minBackoffMs, maxBackoffMs };
    const reader = new StreamReader(this.#connection, { name, arguments: undefined }, ofReader, ports, {
      perMessage: 1,
      read: (message) => [read(message)].filter((one) => one !== undefined),
    });
    const epochs = new StreamEpochs(this.#own, `$bound.${name}`, ports);
    const writing = write && this.#writing(name, write);
    return new BoundStream({ name, reader, epochs, ports, maxFollowed, maxScan, write: writing });
  }

  /** One that nobody uses gives way. */
  #makeRoom(name: string): void {
    if (this.#streams.size < this.#options.limits.maxBoundStreams) return;
    const idle = [...this.#streams].find(([, stream]) => stream.isIdle);
    if (idle === undefined)
      throw new HawserError("overloaded", `stream ${name} is one past maxBoundStreams`, { retry: true });
    idle[1].close();
    this.#streams.delete(idle[0]);
  }

  #writing(name: string, { messageOf, refuse }: BoundWriting): StreamWriting {
    const produce = (records: readonly MarkedRecord[]): Promise<void> => {
      const now = this.#ports.clock.now();
      return this.#publisher.publish(
        name,
        records.map((record) => messageOf(record, now)),
      );
    };
    return {
      open: () => this.#publisher.open(),
      nextId: this.#nextId,
      settings: this.#options.limits.settings,
      writer: { origin: name, produce, refuse },
    };
  }
}
