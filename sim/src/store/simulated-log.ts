import { HawserError } from "@hawser/protocol";
import type {
  Append,
  AppendOutcome,
  Entry,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  Page,
  ReadOptions,
} from "@hawser/log";
import type { RandomStream } from "../random/random-stream.ts";
import type { Process } from "../time/process.ts";
import type { SimulatedTime } from "../time/simulated-time.ts";
import type { DurableStore } from "./durable-store.ts";
import type { ChannelChange } from "./stored-channel.ts";

/** How the way to the store behaves; changed by faults while it runs. */
export interface LogConditions {
  readonly latencyMs: number;
  /** How long an entry takes to its followers. */
  readonly followLagMs: number;
  /** How often an append happens and its answer is lost. */
  readonly ambiguousRate: number;
  /** How late it may happen then, at most: within what the log remembers of producers longer than clients send again. */
  readonly mostLateMs: number;
  /** Nothing answers. */
  readonly unavailable: boolean;
}

export interface SimulatedLogOptions {
  readonly store: DurableStore;
  readonly time: SimulatedTime;
  readonly random: RandomStream;
  readonly process: Process;
  readonly conditions: () => LogConditions;
  /** The data lies in the node's own process: what it has not written yet is lost with it, and opening begins an epoch. */
  readonly owned: boolean;
  readonly onFault: (kind: "ambiguous append" | "late append") => void;
}

/** How often a log that could not be reached is asked again by those who follow it. */
const askAgainMs = 50;

const unknownOutcome: AppendOutcome = {
  kind: "failed",
  code: "log-unavailable",
  message: "The log did not answer in time.",
};

/**
 * One node's handle on the durable store: the port that a log adapter implements, over a way that is slow, loses answers, and breaks.
 */
export class SimulatedLog implements Log {
  readonly capabilities: LogCapabilities = {
    name: "simulated",
    durabilities: ["memory", "commit", "flush"],
    deduplicates: true,
    history: "indexed",
    ephemeral: false,
  };
  readonly #options: SimulatedLogOptions;
  readonly #followers = new Set<() => void>();
  /** When the last append reaches the store: what comes later cannot overtake it. */
  #reachesAt = 0;
  #answersAt = 0;
  #closed = false;

  constructor(options: SimulatedLogOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#options.owned) this.#options.store.reopen();
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const { time, random, store, owned, process, onFault } = this.#options;
    const { latencyMs, ambiguousRate, mostLateMs, unavailable } = this.#options.conditions();
    const ambiguous = random.chance(ambiguousRate);
    const lateMs = ambiguous && random.chance(0.4) ? random.integer(50, mostLateMs) : 0;
    // A log that cannot be reached may have had the append all the same.
    const reaches = !unavailable || random.chance(0.3);
    this.#reachesAt = Math.max(this.#reachesAt, time.now + (random.number() + 0.5) * latencyMs + lateMs);
    if (ambiguous) onFault(lateMs > 0 ? "late append" : "ambiguous append");
    return new Promise((resolve) => {
      let outcomes: readonly AppendOutcome[] = appends.map(() => unknownOutcome);
      if (reaches) {
        time.after(this.#reachesAt - time.now, () => {
          // What the process had in memory dies with it.
          if (owned && !process.alive) return;
          const decided = appends.map((append) => store.append(append));
          if (!ambiguous && !unavailable) outcomes = decided;
        });
      }
      const answerAt = ambiguous && lateMs > 0 ? time.now + latencyMs * 2 : this.#reachesAt + latencyMs / 2;
      // Answers keep the order of the calls, as those of one connection to a broker do.
      this.#answersAt = Math.max(this.#answersAt, answerAt);
      time.after(this.#answersAt - time.now, () => process.run(() => resolve(outcomes)));
    });
  }

  head(channel: string): Promise<Head> {
    return this.#ask(() => this.#options.store.channel(channel).head);
  }

  read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#ask(() => this.#options.store.channel(channel).read(after, options));
  }

  readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#ask(() => this.#options.store.channel(channel).readBackward(through, options));
  }

  follow(name: string, handlers: FollowHandlers): Promise<Follower> {
    return this.#ask(() => {
      const channel = this.#options.store.channel(name);
      const { head } = channel;
      const pending: ChannelChange[] = [];
      let scheduled = false;
      const deliver = (): void => {
        scheduled = false;
        const unavailable = this.#options.conditions().unavailable;
        if (unavailable) schedule(askAgainMs);
        else tell(handlers, pending.splice(0));
      };
      const schedule = (lagMs: number): void => {
        if (scheduled) return;
        scheduled = true;
        const { time, random, process } = this.#options;
        time.after((random.number() + 0.5) * lagMs, () => process.run(deliver));
      };
      const stop = channel.follow((change) => {
        pending.push(change);
        schedule(this.#options.conditions().followLagMs);
      });
      const close = (): void => {
        stop();
        pending.length = 0;
        this.#followers.delete(close);
      };
      this.#followers.add(close);
      return { head, close };
    });
  }

  async close(): Promise<void> {
    this.abandon();
  }

  /** The process is gone: nobody hears anything any more. */
  abandon(): void {
    this.#closed = true;
    for (const close of [...this.#followers]) close();
  }

  /** An answer that takes a while, made of what the store has when the question reaches it. */
  #ask<Answer>(answer: () => Answer): Promise<Answer> {
    const { time, random, process } = this.#options;
    const { latencyMs } = this.#options.conditions();
    return new Promise((resolve, reject) => {
      time.after((random.number() + 0.5) * latencyMs, () => {
        if (!process.alive) return;
        const { unavailable } = this.#options.conditions();
        const failed = unavailable || this.#closed;
        const answered = failed ? undefined : answer();
        time.after(latencyMs / 2, () =>
          process.run(() => {
            if (failed) reject(new HawserError("log-unavailable", "The log did not answer.", { retry: true }));
            else resolve(answered as Answer);
          }),
        );
      });
    });
  }
}

/** Tells a follower what changed: entries that follow one another as one interval, the floor behind the entries. */
function tell(handlers: FollowHandlers, changes: readonly ChannelChange[]): void {
  let entries: Entry[] = [];
  let from = 0;
  let floor: number | undefined;
  const flush = (): void => {
    if (entries.length > 0) handlers.onEntries(entries, { from, to: entries.at(-1)!.offset });
    entries = [];
  };
  for (const change of changes) {
    if (change.kind === "entry") {
      if (entries.length === 0) from = change.from;
      entries.push(change.entry);
    } else if (change.kind === "floor") {
      floor = change.floor;
    } else {
      flush();
      floor = undefined;
      handlers.onEpoch(change.head);
    }
  }
  flush();
  if (floor !== undefined) handlers.onFloor(floor);
}
