import { SettingsWatch } from "@hawser/log/broker";
import { assert, HawserError } from "@hawser/protocol";
import type { Timer } from "@hawser/protocol";
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
import { Appender } from "./append/appender.ts";
import { BoundLog } from "./bindings/bound-log.ts";
import { endsSession, failed } from "./append/outcomes.ts";
import { compileBindings } from "./bindings/bindings.ts";
import type { BoundStream } from "./bindings/bindings.ts";
import type { Arguments } from "./connection/connection.ts";
import { Link } from "./connection/link.ts";
import type { Session } from "./connection/link.ts";
import { checkServer, serverFacts } from "./connection/server-facts.ts";
import { unavailable } from "./connection/unavailable.ts";
import { FeedReader } from "./follow/feed-reader.ts";
import { FollowedChannels } from "./follow/followed-channels.ts";
import { HeadBatch } from "./follow/head-batch.ts";
import { settingsOf } from "./options.ts";
import type { RedisLogOptions, Settings } from "./options.ts";
import { pageOf, readPages } from "./read-pages.ts";
import type { AskForPage } from "./read-pages.ts";
import { keyPrefixOf, ScriptCaller } from "./script/script-caller.ts";
import type { Operation, ScriptAnswer } from "./script/script-caller.ts";
import { channelRecordAt, headOf } from "./values/heads.ts";

interface Open {
  readonly kind: "open";
  readonly link: Link;
  readonly caller: ScriptCaller;
  readonly appender: Appender;
  readonly channels: FollowedChannels;
  readonly bound: BoundLog;
  readonly heads: HeadBatch;
  readonly reader: FeedReader;
  readonly options: LogOpenOptions;
}

type State = { readonly kind: "new" | "opening" | "closed" } | Open;

/** Channels that one sweep looks at. */
const maxSwept = 256;
/** A page of a channel that fell behind. */
const catchUpPage: ReadOptions = { maxCount: 512, maxBytes: 1024 * 1024 };

/**
 * The log in Redis 7 or later, or Valkey: for any number of nodes on any number of machines. Appends are decided by a
 * script in the server; what was acknowledged is as durable as the server is set to keep it, which opening holds against
 * `durabilities`.
 *
 * Throws `option-invalid`. Opening rejects with `log-unavailable` (no primary was reached) or `option-invalid` (the server
 * is too old, throws keys away, or cannot keep what is asked for).
 *
 * @example
 * ```ts
 * const server = createServer({ log: redisLog({ url: "redis://127.0.0.1:6379" }), authenticate: anonymous() });
 * ```
 */
export function redisLog(options: RedisLogOptions = {}): Log {
  return new RedisLog(options);
}

class RedisLog implements Log {
  readonly capabilities: LogCapabilities;
  readonly #options: RedisLogOptions;
  readonly #settings: Settings;
  readonly #boundTo: (channel: string) => BoundStream | undefined;
  #sweeping: Timer | undefined;
  #watch: SettingsWatch | undefined;
  #sweptAt: number | undefined;
  #state: State = { kind: "new" };

  constructor(options: RedisLogOptions) {
    this.#options = options;
    this.#settings = settingsOf(options);
    this.#boundTo = compileBindings(options.bindings ?? []);
    const { durabilities } = this.#settings;
    this.capabilities = { name: "redis", durabilities, deduplicates: true, history: "indexed", ephemeral: true };
  }

  async open(options: LogOpenOptions): Promise<void> {
    assert(this.#state.kind === "new", "a log is opened once");
    const open = this.#make(options);
    this.#state = { kind: "opening" };
    try {
      await open.link.open();
      await this.#call(open, "heads", []);
    } catch (error) {
      this.#state = { kind: "closed" };
      open.link.close();
      throw error;
    }
    this.#state = open;
    this.#sweepLater(open);
    this.#watch = new SettingsWatch({
      ports: options,
      intervalMs: this.#settings.settingsIntervalMs,
      look: () => this.#holdServer(open.link),
      warn: (text) => process.emitWarning(`the log in Redis ${text}`),
    });
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const state = this.#state;
    if (state.kind !== "open") return appends.map(() => failed("the log is not open"));
    if (!appends.some(({ channel }) => this.#boundTo(channel) !== undefined)) return state.appender.append(appends);
    return Promise.all(
      appends.map(async (append) => {
        const bound = this.#boundTo(append.channel);
        if (bound !== undefined) return state.bound.append(append, bound);
        const [outcome] = await state.appender.append([append]);
        return outcome!;
      }),
    );
  }

  async head(channel: string): Promise<Head> {
    const open = this.#requireOpen();
    const bound = this.#boundTo(channel);
    if (bound !== undefined) return open.bound.head(channel, bound);
    return open.heads.head(channel);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return readPages(this.#pagesOf(this.#requireOpen(), channel), "forward", after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return readPages(this.#pagesOf(this.#requireOpen(), channel), "backward", through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    const { bound, channels } = this.#requireOpen();
    const stream = this.#boundTo(channel);
    return stream === undefined ? channels.follow(channel, handlers) : bound.follow(channel, stream, handlers);
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    this.#sweeping?.cancel();
    this.#watch?.close();
    if (state.kind !== "open") return;
    state.channels.close();
    state.bound.close();
    await state.appender.close();
    state.link.close();
  }

  #make(options: LogOpenOptions): Open {
    const settings = this.#settings;
    const caller = new ScriptCaller({
      ...settings,
      ports: options,
      onEpoch: (epoch) => {
        channels.begin(epoch);
        bound.look();
      },
    });
    const channels: FollowedChannels = new FollowedChannels({
      maxFollowed: settings.maxFollowed,
      ports: options,
      head: (name) => heads.head(name),
      heads: (names) => this.#heads(open, names),
      read: (name, after) => readPages(this.#pagesOf(open, name), "forward", after, catchUpPage),
      onWentBack: (epoch) => {
        caller.outgrow(epoch);
        channels.look();
      },
    });
    const reader = new FeedReader({
      key: `${keyPrefixOf(settings.prefix)}:feed`,
      clock: options.clock,
      onRecord: (record) => {
        caller.saw(record.epoch);
        channels.take(record);
      },
      onGap: () => channels.look(),
    });
    const link = new Link(this.#options, settings, options, {
      onUp: (session) => void this.#up(open, session),
      onDown: () => {
        reader.stop();
        this.#sweptAt = undefined;
        channels.available(false);
        bound.available(false);
        channels.fail(unavailable(link.why));
        appender.turned();
      },
    });
    const appender = new Appender({ link, caller, settings, ports: options });
    const bound: BoundLog = new BoundLog({
      maxBound: settings.maxBoundFollowed,
      ports: options,
      call: (operation, more) => this.#call(open, operation, more),
    });
    const heads = new HeadBatch(options.timers, (names) => this.#heads(open, names));
    const open: Open = { kind: "open", link, caller, appender, channels, bound, heads, reader, options };
    return open;
  }

  /** A session began: where the log stands now is asked first, then the feed is read on. */
  async #up(open: Open, session: Session): Promise<void> {
    const { link, reader, channels, appender, bound } = open;
    try {
      const { epoch, fed } = await this.#call(open, "heads", []);
      reader.begin({ epoch, fed });
      channels.look();
      channels.available(true);
      bound.look();
      bound.available(true);
      appender.turned();
      await Promise.race([reader.read(session), bound.readFrom(session)]);
    } catch (error) {
      link.drop(session, (error as Error).message);
    }
  }

  async #heads(open: Open, names: readonly string[]): Promise<Head[]> {
    const { results, epochs } = await this.#call(open, "heads", [...names]);
    return names.map((_, index) => headOf(channelRecordAt(results, index), epochs));
  }

  #pagesOf(open: Open, channel: string): AskForPage {
    const bound = this.#boundTo(channel);
    if (bound !== undefined) return open.bound.pagesOf(channel, bound);
    return async (direction, at, { maxCount, maxBytes }) => {
      const answer = await this.#call(open, "read", [channel, direction, `${at}`, `${maxCount}`, `${maxBytes}`]);
      return pageOf(answer, direction === "forward");
    };
  }

  async #call({ link, caller }: Open, operation: Operation, more: Arguments): Promise<ScriptAnswer> {
    const session = link.require();
    try {
      return await caller.call(session.commands, operation, more);
    } catch (error) {
      if (endsSession(error as Error)) link.drop(session, (error as Error).message);
      throw unavailable(`Redis did not answer: ${(error as Error).message}`);
    }
  }

  /** A server that keeps less than it did is left, and not taken again before it is set right: {@link Link} asks it the same. */
  async #holdServer(link: Link): Promise<void> {
    const session = link.require();
    const facts = await serverFacts(session.commands);
    try {
      checkServer(facts, this.#settings.durabilities);
    } catch (error) {
      link.drop(session, (error as Error).message);
      throw error;
    }
  }

  /** Trims by age what nobody appends to, and notices a server that does not answer, or is another one, though nobody asks it. */
  #sweepLater(open: Open): void {
    const { options, link } = open;
    const { sweepIntervalMs } = this.#settings;
    // Drawn at random, so that nodes take turns.
    this.#sweeping = options.timers.after(sweepIntervalMs * (0.5 + options.random.number()), () => {
      if (link.session !== undefined) this.#sweep(open, link.session);
      this.#sweepLater(open);
    });
  }

  #sweep(open: Open, session: Session): void {
    const now = open.options.clock.monotonic();
    const silentMs = Math.max(this.#sweptAt === undefined ? 0 : now - this.#sweptAt, open.reader.overdueMs);
    if (silentMs > this.#settings.silenceMs) open.link.drop(session, "the server does not answer");
    if (this.#sweptAt !== undefined || open.link.session === undefined) return;
    this.#sweptAt = now;
    open.channels.retry();
    open.bound.look();
    this.#call(open, "sweep", [`${maxSwept}`])
      .catch(() => {})
      .finally(() => {
        this.#sweptAt = undefined;
      });
  }

  #requireOpen(): Open {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    return this.#state;
  }
}
