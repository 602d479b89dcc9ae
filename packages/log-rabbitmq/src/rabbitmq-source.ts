import { SettingsWatch } from "@hawser/log/broker";
import type { Broker, BrokerPorts, BrokerSource, PlacedRecord } from "@hawser/log/broker";
import { HawserError } from "@hawser/protocol";
import { placedRecords } from "./carried-message.ts";
import { connectionSettings } from "./connection-options.ts";
import type { ConnectionSettings, RabbitmqConnectionOptions } from "./connection-options.ts";
import { maxRecordsPerMessage } from "./packed-records.ts";
import { PacedConnection } from "./paced-connection.ts";
import { holdMembers, streamMembers } from "./stream-members.ts";
import type { ManagementAddress } from "./stream-members.ts";
import { StreamPublisher } from "./stream-publisher.ts";
import { StreamReader } from "./stream-reader.ts";
import {
  declareStream,
  partitionNames,
  replyCode,
  replyCodes,
  strangerNames,
  streamArguments,
} from "./stream-settings.ts";
import type { StreamDeclaration, StreamSettings } from "./stream-settings.ts";

/** Options of `rabbitmqSource`. */
export interface RabbitmqSourceOptions extends RabbitmqConnectionOptions, StreamSettings {
  /** Name of the stream, and of all channels that share it: one per service. Default "hawser", or what the address says. */
  readonly stream?: string;
  /** Streams over which channels are spread. It stays as it was when the log was made. Default 1. */
  readonly partitions?: number;
  /** Whether streams that are not there are made. Default true. */
  readonly declare?: boolean;
  /**
   * Address of the management plugin, `http://host:15672`, which tells how many replicas a stream has; asked as the same user. Default: none, so that
   * `replicas` is for new streams, and a warning says that it is not held against those that are there.
   */
  readonly management?: string;
  /**
   * How often that is asked, in milliseconds: publishes fail with `log-unavailable` while a stream has fewer replicas than it should. Default 10,000.
   */
  readonly settingsIntervalMs?: number;
  /**
   * The largest payload in bytes; the broker's `max_message_size` must be larger, by the record's headers. Default 15 MiB,
   * since RabbitMQ 4's is 16 MiB.
   */
  readonly maxPayloadBytes?: number;
  /**
   * Records that go in one message when they are published at the same time, from 1 to 16. Default 16: a message costs the broker and the
   * node more than what is in it. With 1 each record is a message, for workers that read the stream itself.
   */
  readonly recordsPerMessage?: number;
  /** Messages that the broker gives ahead of this node's reader. Default 1,000. */
  readonly prefetch?: number;
  /** Consumers that are kept per stream while nobody reads from them, that of its end included. Default 4. */
  readonly maxCursors?: number;
  /** How old this node's knowledge of what the broker trimmed may be, in milliseconds. Default 5,000. */
  readonly maxStartAgeMs?: number;
  /** Records that the broker has not confirmed; past it more are not sent. Default 20,000. */
  readonly maxUnconfirmed?: number;
  /** Their payload bytes. Default 64 MiB. */
  readonly maxUnconfirmedBytes?: number;
  /** After which the broker is not waited for to confirm any more: the channel is closed, and the next one begins anew. Default 10,000. */
  readonly confirmTimeoutMs?: number;
}

/**
 * RabbitMQ as a broker for `brokerLog`.
 *
 * RabbitMQ writes what it confirms to the file system of a majority of the stream's replicas and leaves the flush to the
 * operating system: it outlives the broker's process, not the power of all of its machines. So `flush` is not among the
 * durabilities.
 *
 * @throws HawserError `option-invalid`
 */
export function rabbitmqSource(options: RabbitmqSourceOptions): BrokerSource {
  return new RabbitmqSource(options);
}

interface Open {
  readonly connections: readonly PacedConnection[];
  readonly readers: readonly StreamReader<PlacedRecord>[];
  readonly watch: SettingsWatch | undefined;
}

class RabbitmqSource implements BrokerSource {
  readonly name = "rabbitmq";
  readonly durabilities = ["memory", "commit"] as const;
  readonly maxPayloadBytes: number;
  readonly #options: RabbitmqSourceOptions;
  readonly #connection: ConnectionSettings;
  readonly #stream: string;
  readonly #partitions: number;
  readonly #recordsPerMessage: number;
  #open: Open | undefined;

  constructor(options: RabbitmqSourceOptions) {
    this.#options = options;
    this.#connection = connectionSettings(options);
    this.#stream = options.stream ?? this.#connection.stream ?? "hawser";
    this.#partitions = options.partitions ?? this.#connection.partitions ?? 1;
    if (this.#stream === "") throw new HawserError("option-invalid", "`stream` is a name");
    if (!Number.isInteger(this.#partitions) || this.#partitions < 1 || this.#partitions > maxPartitions) {
      throw new HawserError("option-invalid", `\`partitions\` is a whole number from 1 to ${maxPartitions}`);
    }
    this.#recordsPerMessage = options.recordsPerMessage ?? maxRecordsPerMessage;
    const count = this.#recordsPerMessage;
    if (!Number.isInteger(count) || count < 1 || count > maxRecordsPerMessage) {
      throw new HawserError(
        "option-invalid",
        `\`recordsPerMessage\` is a whole number from 1 to ${maxRecordsPerMessage}`,
      );
    }
    this.maxPayloadBytes = options.maxPayloadBytes ?? 15 * 1024 * 1024;
  }

  async open(ports: BrokerPorts): Promise<readonly Broker[]> {
    const { prefetch = 1_000, maxCursors = 4, maxStartAgeMs = 5_000 } = this.#options;
    const { maxUnconfirmed = 20_000, maxUnconfirmedBytes = 64 << 20, confirmTimeoutMs = 10_000 } = this.#options;
    // A broker that slows a publisher down stops to read from its connection, which must not stop what is read.
    const publishing = new PacedConnection(this.#connection, ports, "publishing");
    const reading = new PacedConnection(this.#connection, ports, "reading");
    const declarations = this.#declarations();
    const { minBackoffMs, maxBackoffMs } = this.#connection;
    const publisher = new StreamPublisher(publishing, ports, {
      maxUnconfirmed,
      maxUnconfirmedBytes,
      confirmTimeoutMs,
      recordsPerMessage: this.#recordsPerMessage,
      minBackoffMs,
      maxBackoffMs,
    });
    try {
      await this.#declare(reading, declarations);
      await this.#replicasHeld(declarations, ports);
      await publisher.open();
    } catch (error) {
      await Promise.all([publishing.close(), reading.close()]);
      throw error;
    }
    const limits = { prefetch, maxCursors, maxStartAgeMs, minBackoffMs, maxBackoffMs };
    const readers = declarations.map(
      (declaration) =>
        new StreamReader(reading, declaration, limits, ports, {
          perMessage: maxRecordsPerMessage,
          read: placedRecords,
        }),
    );
    const watch = this.#watch(declarations, ports);
    this.#open = { connections: [publishing, reading], readers, watch };
    return readers.map((reader, index) => ({
      produce: async (records) => {
        watch?.allowAppends();
        await publisher.produce(declarations[index]!.name, records);
      },
      fetch: (offset, maxCount, waitMs) => reader.fetch(offset, maxCount, waitMs),
    }));
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    open?.watch?.close();
    for (const reader of open?.readers ?? []) reader.close();
    await Promise.all((open?.connections ?? []).map((connection) => connection.close()));
  }

  get #management(): ManagementAddress | undefined {
    const { management: url } = this.#options;
    const { username, password, vhost, connectTimeoutMs: timeoutMs } = this.#connection;
    return url === undefined ? undefined : { url, username, password, vhost, timeoutMs };
  }

  /** The management hears of a new stream some seconds later than the broker. */
  async #replicasHeld(declarations: readonly StreamDeclaration[], { clock, timers }: BrokerPorts): Promise<void> {
    const deadline = clock.monotonic() + managementWaitMs;
    for (;;) {
      try {
        return await this.#holdReplicas(declarations);
      } catch (error) {
        const isEarly = error instanceof HawserError && error.code === "log-unavailable";
        if (!isEarly || clock.monotonic() >= deadline) throw error;
        await new Promise<void>((resolve) => void timers.after(500, resolve));
      }
    }
  }

  async #holdReplicas(declarations: readonly StreamDeclaration[]): Promise<void> {
    const { replicas = 1 } = this.#options;
    if (replicas === 1) return;
    const management = this.#management;
    if (management === undefined) {
      process.emitWarning(
        `the log in RabbitMQ cannot see whether ${this.#stream} has ${replicas} replicas: name its \`management\``,
      );
      return;
    }
    for (const { name } of declarations) holdMembers(name, await streamMembers(management, name), replicas);
  }

  #watch(declarations: readonly StreamDeclaration[], ports: BrokerPorts): SettingsWatch | undefined {
    const { replicas = 1, settingsIntervalMs: intervalMs = 10_000 } = this.#options;
    if (replicas === 1 || this.#management === undefined) return undefined;
    return new SettingsWatch({
      ports,
      intervalMs,
      look: () => this.#holdReplicas(declarations),
      warn: (text) => process.emitWarning(`the log in RabbitMQ ${text}`),
    });
  }

  #declarations(): readonly StreamDeclaration[] {
    const wanted = this.#options.declare === false ? undefined : streamArguments(this.#options);
    return partitionNames(this.#stream, this.#partitions).map((name) => ({ name, arguments: wanted }));
  }

  async #declare(connection: PacedConnection, declarations: readonly StreamDeclaration[]): Promise<void> {
    const strangers = strangerNames(this.#stream, this.#partitions);
    if ((await this.#exists(connection, strangers)) || (await this.#isShort(connection, declarations))) {
      throw new HawserError(
        "log-foreign",
        `the log ${this.#stream} was made with another number of partitions than ${this.#partitions}`,
      );
    }
    // The last one first: as long as there is a first one, there are all.
    for (const declaration of declarations.toReversed()) {
      await withChannel(connection, (channel) => declareStream(channel, declaration));
    }
  }

  /** Whether the first partition is there and the last one is not. */
  async #isShort(connection: PacedConnection, declarations: readonly StreamDeclaration[]): Promise<boolean> {
    const [first, last] = [declarations[0]!.name, declarations.at(-1)!.name];
    return first !== last && (await this.#exists(connection, [first])) && !(await this.#exists(connection, [last]));
  }

  /** Whether any of them does. */
  async #exists(connection: PacedConnection, names: readonly string[]): Promise<boolean> {
    for (const name of names) {
      try {
        await withChannel(connection, (channel) => channel.checkQueue(name));
        return true;
      } catch (error) {
        if (replyCode(error) !== replyCodes.notFound) throw error;
      }
    }
    return false;
  }
}

const maxPartitions = 256;
/** For the management, when it is opened: its figures are of every five seconds. */
const managementWaitMs = 15_000;

type WithChannel = (
  channel: Awaited<ReturnType<Awaited<ReturnType<PacedConnection["model"]>>["createChannel"]>>,
) => Promise<unknown>;

/** A channel for one request: what is refused ends it. */
async function withChannel(connection: PacedConnection, use: WithChannel): Promise<void> {
  const model = await connection.model();
  const channel = await model.createChannel();
  channel.on("error", () => {});
  await use(channel);
  await channel.close();
}
