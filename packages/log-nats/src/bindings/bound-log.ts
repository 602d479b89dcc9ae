import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import { Connection } from "../connection/nats-connection.ts";
import type { NatsSettings } from "../nats-options.ts";
import { BoundReader } from "./bound-reader.ts";
import { BoundStream } from "./bound-stream.ts";
import { BoundWriter } from "./bound-writer.ts";
import type { CompiledBinding } from "./bindings.ts";

interface Bound {
  readonly stream: BoundStream;
  readonly reader: BoundReader;
  /** Left out where the binding is read only. */
  readonly writer: BoundWriter | undefined;
  readonly subject: string;
}

interface Open {
  readonly connection: Connection;
  readonly streams: readonly BoundStream[];
  readonly readers: readonly BoundReader[];
  readonly writers: readonly (BoundWriter | undefined)[];
}

/** A log with channels beside its own: subjects of streams that others write. */
export class BoundLog implements Log {
  readonly capabilities: LogCapabilities;
  readonly #own: Log;
  readonly #bindings: readonly CompiledBinding[];
  readonly #settings: NatsSettings;
  #open: Open | undefined;

  constructor(own: Log, bindings: readonly CompiledBinding[], settings: NatsSettings) {
    this.capabilities = own.capabilities;
    this.#own = own;
    this.#bindings = bindings;
    this.#settings = settings;
  }

  async open(ports: LogOpenOptions): Promise<void> {
    const { maxBoundFollowed: maxFollowed, requestTimeoutMs: timeoutMs } = this.#settings;
    await this.#own.open(ports);
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(this.#settings, ports);
      const opened = connection;
      const streams = this.#bindings.map((binding) => new BoundStream(binding, opened));
      for (const stream of streams) await stream.hold(this.#settings);
      const readers = streams.map(
        (stream) => new BoundReader({ stream, connection: opened, ports, maxFollowed, timeoutMs }),
      );
      const writers = streams.map((stream) =>
        stream.binding.mode === "both"
          ? new BoundWriter({ stream, connection: opened, ports, settings: this.#settings })
          : undefined,
      );
      this.#open = { connection, streams, readers, writers };
    } catch (error) {
      await connection?.close();
      await this.#own.close();
      throw error;
    }
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    if (this.#open === undefined) return appends.map(() => closedOutcome);
    const own: Append[] = [];
    const bound = appends.map(async (append) => {
      const place = this.#boundTo(append.channel);
      if (place !== undefined) return this.#appendBound(place, append);
      own.push(append);
      return undefined;
    });
    const outcomes = (await this.#own.append(own)).values();
    const settled = await Promise.all(bound);
    return settled.map((outcome) => outcome ?? outcomes.next().value!);
  }

  async head(channel: string): Promise<Head> {
    const bound = this.#boundTo(channel);
    return bound === undefined ? this.#own.head(channel) : bound.stream.head(bound.subject);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    const bound = this.#boundTo(channel);
    return bound === undefined
      ? this.#own.read(channel, after, options)
      : bound.stream.read(bound.subject, after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    const bound = this.#boundTo(channel);
    return bound === undefined
      ? this.#own.readBackward(channel, through, options)
      : bound.stream.readBackward(bound.subject, through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    const bound = this.#boundTo(channel);
    return bound === undefined
      ? this.#own.follow(channel, handlers)
      : bound.reader.follow(channel, bound.subject, handlers);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    for (const reader of open?.readers ?? []) reader.close();
    await this.#own.close();
    await open?.connection.close();
  }

  async #appendBound({ writer, subject }: Bound, append: Append): Promise<AppendOutcome> {
    return writer === undefined ? readOnly(append.channel) : writer.append(subject, append);
  }

  #boundTo(channel: string): Bound | undefined {
    for (const [index, { subjectOf }] of this.#bindings.entries()) {
      const subject = subjectOf(channel);
      if (subject === undefined) continue;
      if (this.#open === undefined) throw new HawserError("log-closed", "the log is not open");
      const { streams, readers, writers } = this.#open;
      return { subject, stream: streams[index]!, reader: readers[index]!, writer: writers[index] };
    }
    return undefined;
  }
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };

function readOnly(channel: string): AppendOutcome {
  return { kind: "failed", code: "log-full", message: `channel ${channel} is bound to be read only` };
}
