import { statfsSync } from "node:fs";
import { HawserError, nextEpoch } from "@hawser/protocol";
import { FeedPump } from "@hawser/log";
import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import type { Timer } from "@hawser/protocol";
import { ChannelTable } from "./channels/channel-table.ts";
import { readPage, readPageBackward } from "./channels/read-page.ts";
import { GroupCommit } from "./commit/group-commit.ts";
import { LogClock } from "./commit/log-clock.ts";
import type { DataFolder } from "./folder/data-folder.ts";
import type { Limits } from "./limits.ts";
import { logKey } from "./records/keys.ts";
import { decodeLog, encodeLog, newLog } from "./records/log-record.ts";
import type { LogState } from "./records/log-record.ts";
import { RecordError } from "./records/record-reader.ts";
import { StoreError } from "./store/store-error.ts";
import { Store } from "./store/store.ts";

/** The channels that outlive the process: one run of the store, from its opening to its end. */
export class DurableLog {
  /** Of this run. */
  readonly epoch: number;
  readonly #runs: readonly number[];
  readonly #store: Store;
  readonly #channels: ChannelTable;
  readonly #commits: GroupCommit;
  readonly #pump = new FeedPump();
  readonly #ports: LogOpenOptions;
  readonly #limits: Limits;
  #timer: Timer | undefined;

  /** Begins a run: a new epoch, which is on the disk before anything is appended in it. */
  static async open(folder: DataFolder, limits: Limits, ports: LogOpenOptions): Promise<DurableLog> {
    let store: Store | undefined;
    try {
      store = new Store(folder.dataFile);
      const last = lastLog(store, folder.path);
      const clock = new LogClock(ports.clock, last.moment);
      const epoch = nextEpoch(ports.clock.now(), ports.random, last.runs.at(-1) ?? 0);
      const runs = [...last.runs, epoch].slice(-limits.maxLineage);
      const log: LogState = { ...last, runs, serial: last.serial + 1, moment: clock.now() };
      await store.commit([{ key: logKey, value: encodeLog(log) }], true);
      return new DurableLog(store, folder, limits, ports, clock, log);
    } catch (error) {
      await store?.close();
      throw errorOf(error, folder.path);
    }
  }

  private constructor(
    store: Store,
    folder: DataFolder,
    limits: Limits,
    ports: LogOpenOptions,
    clock: LogClock,
    log: LogState,
  ) {
    this.#runs = log.runs;
    this.epoch = log.runs.at(-1)!;
    this.#store = store;
    this.#ports = ports;
    this.#limits = limits;
    this.#channels = new ChannelTable(store, ports, limits.maxCachedChannels);
    this.#commits = new GroupCommit({
      store,
      channels: this.#channels,
      limits,
      ports,
      clock,
      pump: this.#pump,
      epoch: this.epoch,
      log,
      noRoom: () =>
        freeBytes(folder.path) < limits.minFreeBytes ? "the file system has less than minFreeBytes left" : undefined,
    });
    this.#sweepLater();
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    return this.#commits.append(appends);
  }

  head(name: string): Head {
    return this.#reading(name, () => this.#channels.get(name).head(this.#runs));
  }

  read(name: string, after: number, options: ReadOptions): Page {
    return this.#reading(name, () => readPage(this.#source(name), after, options));
  }

  readBackward(name: string, through: number, options: ReadOptions): Page {
    return this.#reading(name, () => readPageBackward(this.#source(name), through, options));
  }

  follow(name: string, handlers: FollowHandlers): Follower {
    return this.#reading(name, () => {
      const channel = this.#channels.get(name);
      return channel.feed.join(handlers, channel.head(this.#runs), () => {});
    });
  }

  /** Waits for the appends under way. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#commits.close();
    for (const channel of this.#channels.values()) channel.feed.close();
    this.#pump.clear();
    await this.#store.close();
  }

  #source(name: string) {
    return { store: this.#store, channel: this.#channels.get(name), epoch: this.epoch };
  }

  #reading<Result>(name: string, read: () => Result): Result {
    const { broken } = this.#commits;
    if (broken !== undefined) throw new HawserError("log-unavailable", broken, { retry: true });
    try {
      return read();
    } catch (error) {
      throw errorOf(error, `channel ${name}`);
    }
  }

  #sweepLater(): void {
    this.#timer = this.#ports.timers.after(this.#limits.sweepIntervalMs, () => {
      this.#commits.sweep();
      this.#sweepLater();
    });
  }
}

function lastLog(store: Store, path: string): LogState {
  const record = store.get(logKey);
  if (record === undefined) return newLog;
  const state = decodeLog(record);
  if (state !== undefined) return state;
  throw new HawserError("log-foreign", `${path} holds a log of another version of this format`);
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function errorOf(error: unknown, subject: string): unknown {
  if (error instanceof RecordError) return corrupt(subject, error);
  if (!(error instanceof StoreError)) return error;
  switch (error.fault) {
    case "corrupt":
      return corrupt(subject, error);
    case "full":
      return new HawserError("log-full", `no room to write ${subject}: ${error.message}`, {
        retry: true,
        cause: error,
      });
    case "failed":
      return new HawserError("log-unavailable", `${subject}: ${error.message}`, { retry: true, cause: error });
  }
}

function corrupt(subject: string, cause: Error): HawserError {
  return new HawserError(
    "log-corrupt",
    `${subject} is damaged: ${cause.message}. Restore an older copy of the data folder, or begin with an empty one`,
    { cause },
  );
}
