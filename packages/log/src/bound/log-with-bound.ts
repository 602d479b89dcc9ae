import { HawserError } from "@hawser/protocol";
import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  LogOpenOptions,
  LogPolicy,
  Page,
  ReadOptions,
} from "../log.ts";

/** Where messages of others are that channels are bound to. Its methods are those of `Log`, for the key by which a channel is known there. */
export interface BoundSource {
  /** What it rejects with becomes an outcome, `log-unavailable`. */
  append(key: string, append: Append): Promise<AppendOutcome>;
  head(key: string): Promise<Head>;
  read(key: string, after: number, options: ReadOptions): Promise<Page>;
  readBackward(key: string, through: number, options: ReadOptions): Promise<Page>;
  follow(channel: string, key: string, handlers: FollowHandlers): Promise<Follower>;
}

/** A source, and the key of a channel in it. */
export interface BoundPlace {
  readonly source: BoundSource;
  readonly key: string;
}

/** The bindings of an adapter while the log is open. */
export interface OpenBindings {
  /** Where a channel is; `undefined` for one that is not bound. Throws `overloaded` for one past the adapter's limits. */
  placeOf(channel: string): BoundPlace | undefined;
  /** Whoever follows hears nothing any more, and what waits fails. The log's own channels are still open. */
  stop(): void;
  /** Lets connections go. The log's own channels are closed. */
  close(): Promise<void>;
}

/** The bindings of an adapter. */
export interface Bindings {
  /** Whether a channel is bound. */
  isBound(channel: string): boolean;
  /** Policy of a channel of the log's own in which the bindings keep what they know; `undefined` for any other. Left out: there is none. */
  policyOf?(channel: string): LogPolicy | undefined;
  /** @param own the log's own channels, which are open. */
  open(own: Log, ports: LogOpenOptions): Promise<OpenBindings>;
}

/** A log with channels beside its own: those that are bound to what other programs write. */
export class LogWithBound implements Log {
  readonly capabilities: LogCapabilities;
  readonly #own: Log;
  readonly #bindings: Bindings;
  #open: OpenBindings | undefined;

  constructor(own: Log, bindings: Bindings) {
    this.capabilities = own.capabilities;
    this.#own = own;
    this.#bindings = bindings;
  }

  async open(ports: LogOpenOptions): Promise<void> {
    const bindings = this.#bindings;
    const policyOf: LogOpenOptions["policyOf"] = (channel) => bindings.policyOf?.(channel) ?? ports.policyOf(channel);
    await this.#own.open({ ...ports, policyOf });
    try {
      this.#open = await bindings.open(this.#own, ports);
    } catch (error) {
      await this.#own.close();
      throw error;
    }
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const own = this.#own.append(appends.filter(({ channel }) => !this.#bindings.isBound(channel)));
    const bound = appends.map((append) => this.#appendBound(append));
    const outcomes = (await own).values();
    return Promise.all(bound.map((outcome) => outcome ?? Promise.resolve(outcomes.next().value!)));
  }

  async head(channel: string): Promise<Head> {
    const bound = this.#placeOf(channel);
    return bound === undefined ? this.#own.head(channel) : bound.source.head(bound.key);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    const bound = this.#placeOf(channel);
    return bound === undefined ? this.#own.read(channel, after, options) : bound.source.read(bound.key, after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    const bound = this.#placeOf(channel);
    return bound === undefined
      ? this.#own.readBackward(channel, through, options)
      : bound.source.readBackward(bound.key, through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    const bound = this.#placeOf(channel);
    return bound === undefined
      ? this.#own.follow(channel, handlers)
      : bound.source.follow(channel, bound.key, handlers);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    open?.stop();
    await this.#own.close();
    await open?.close();
  }

  /** `undefined` for a channel of the log's own. */
  #appendBound(append: Append): Promise<AppendOutcome> | undefined {
    if (!this.#bindings.isBound(append.channel)) return undefined;
    return this.#appendTo(append).catch((error: unknown): AppendOutcome => ({
      kind: "failed",
      code: "log-unavailable",
      message: (error as Error).message,
    }));
  }

  async #appendTo(append: Append): Promise<AppendOutcome> {
    const { source, key } = this.#placeOf(append.channel)!;
    return source.append(key, append);
  }

  /** `undefined` for a channel of the log's own. */
  #placeOf(channel: string): BoundPlace | undefined {
    if (this.#open !== undefined) return this.#open.placeOf(channel);
    if (this.#bindings.isBound(channel)) throw new HawserError("log-closed", "the log is not open");
    return undefined;
  }
}

/** What becomes of an append to a channel whose binding is only read. */
export function readOnly(channel: string): AppendOutcome {
  return { kind: "failed", code: "log-full", message: `channel ${channel} is bound to be read only` };
}
