import { assert, HawserError } from "@hawser/protocol";
import { memoryLog } from "@hawser/log";
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
import { DurableLog } from "./durable-log.ts";
import { DataFolder } from "./folder/data-folder.ts";
import { limitsOf } from "./limits.ts";
import type { Limits, LmdbLogOptions } from "./limits.ts";

type State =
  | { readonly kind: "new" }
  | {
      readonly kind: "open";
      readonly folder: DataFolder;
      readonly durable: DurableLog;
      readonly memory: Log;
      readonly policyOf: LogOpenOptions["policyOf"];
    }
  | { readonly kind: "closed" };

type Open = Extract<State, { kind: "open" }>;

/**
 * The log in a folder of this machine, on LMDB: for one process, with no server to install. What was acknowledged is there
 * after `kill -9`; a channel with durability `flush` has it after a power cut too, and one with `memory` is kept in memory
 * alone and lost with the process.
 *
 * Each opening is a new epoch. Throws `option-invalid`. Opening rejects with `option-invalid` (the path is not a folder that
 * can be written), `log-locked` (another process has it open), `log-foreign` (the folder holds something else, or another
 * version), `log-corrupt` (the file is damaged) or `log-full` (the disk is).
 *
 * @example
 * ```ts
 * const server = createServer({ log: lmdbLog({ path: "./data" }), authenticate: anonymous() });
 * ```
 */
export function lmdbLog(options: LmdbLogOptions): Log {
  return new LmdbLog(options);
}

class LmdbLog implements Log {
  readonly capabilities: LogCapabilities = {
    name: "lmdb",
    durabilities: ["memory", "commit", "flush"],
    deduplicates: true,
    history: "indexed",
    ephemeral: true,
  };
  readonly #path: string;
  readonly #limits: Limits;
  /** Channels by whether they are kept in memory alone, as far as it was asked lately. */
  readonly #inMemory = new Map<string, boolean>();
  #state: State = { kind: "new" };

  constructor(options: LmdbLogOptions) {
    this.#limits = limitsOf(options);
    this.#path = options.path;
  }

  async open(options: LogOpenOptions): Promise<void> {
    assert(this.#state.kind === "new", "a log is opened once");
    const folder = await DataFolder.claim(this.#path);
    try {
      const durable = await DurableLog.open(folder, this.#limits, options);
      // The run's own epoch, which rises whatever the clock says, since it is kept.
      const memory = memoryLog({ epoch: durable.epoch });
      await memory.open(options);
      this.#state = { kind: "open", folder, durable, memory, policyOf: options.policyOf };
    } catch (error) {
      await folder.release();
      throw error;
    }
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const state = this.#state;
    if (state.kind !== "open") return Promise.resolve(appends.map(() => closedOutcome));
    if (appends.length === 0) return Promise.resolve([]);
    if (!appends.some(({ channel }) => this.#isInMemory(state, channel))) return state.durable.append(appends);
    const inMemory = appends.map(({ channel }) => this.#isInMemory(state, channel));
    if (inMemory.every((is) => is)) return state.memory.append(appends);
    return this.#appendBoth(state, appends, inMemory);
  }

  async head(channel: string): Promise<Head> {
    return this.#logOf(channel).head(channel);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#logOf(channel).read(channel, after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#logOf(channel).readBackward(channel, through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    return this.#logOf(channel).follow(channel, handlers);
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind !== "open") return;
    await state.memory.close();
    await state.durable.close();
    await state.folder.release();
  }

  async #appendBoth(
    open: Open,
    appends: readonly Append[],
    inMemory: readonly boolean[],
  ): Promise<readonly AppendOutcome[]> {
    const [fromMemory, fromDurable] = await Promise.all([
      open.memory.append(appends.filter((_, index) => inMemory[index])),
      open.durable.append(appends.filter((_, index) => !inMemory[index])),
    ]);
    const memory = fromMemory.values();
    const durable = fromDurable.values();
    return inMemory.map((is) => (is ? memory : durable).next().value!);
  }

  #isInMemory(open: Open, channel: string): boolean {
    let is = this.#inMemory.get(channel);
    if (is === undefined) {
      is = open.policyOf(channel).durability === "memory";
      if (this.#inMemory.size >= this.#limits.maxCachedChannels) this.#inMemory.clear();
      this.#inMemory.set(channel, is);
    }
    return is;
  }

  #logOf(channel: string): DurableLog | Log {
    if (this.#state.kind !== "open") throw new HawserError("log-closed", "the log is not open");
    return this.#isInMemory(this.#state, channel) ? this.#state.memory : this.#state.durable;
  }
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };
