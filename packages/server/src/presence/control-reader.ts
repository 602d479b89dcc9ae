import type { Entry, Follower, FollowHandlers, Head, Log } from "@hawser/log";
import type { Payload, Timer, Timers } from "@hawser/protocol";

export interface ControlReaderOptions {
  readonly log: Log;
  readonly timers: Timers;
  readonly channel: string;
  /** An entry, in the log's order. */
  readonly onEntry: (payload: Payload | undefined) => void;
  /** The log is another, or was trimmed ahead of this reader: all that it holds now is told again. */
  readonly onRestart: () => void;
  /** All that the log held was told, at first or since a restart. Default: nobody is told. */
  readonly onLoaded?: () => void;
}

/** One page when what the log holds is read. */
const pageOptions = { maxCount: 1_024, maxBytes: 262_144 } as const;
const retryMs = 1_000;

/** Reads a control channel: first what the log holds of it, then what comes, in one order. */
export class ControlReader implements FollowHandlers {
  readonly #options: ControlReaderOptions;
  #follower: Follower | undefined;
  /** What came while older entries are still read. */
  #behind: Entry[] | undefined = [];
  #loads = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: ControlReaderOptions) {
    this.#options = options;
  }

  /** Resolves when all that the log held was told. Rejects as `Log.follow` and `Log.read` do. */
  async open(): Promise<void> {
    const follower = await this.#options.log.follow(this.#options.channel, this);
    this.#follower = follower;
    if (this.#closed) return follower.close();
    // An epoch that came meanwhile is being read by itself.
    if (this.#loads === 0) await this.#load(follower.head);
  }

  onEntries(entries: readonly Entry[]): void {
    if (this.#closed) return;
    if (this.#behind !== undefined) this.#behind.push(...entries);
    else for (const { payload } of entries) this.#options.onEntry(payload);
  }

  onFloor(): void {}

  onEpoch(head: Head): void {
    if (this.#closed) return;
    this.#behind = [];
    this.#options.onRestart();
    this.#reload(head);
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#follower?.close();
  }

  #reload(head: Head): void {
    this.#retry?.cancel();
    this.#load(head).catch(() => {
      if (!this.#closed) this.#retry = this.#options.timers.after(retryMs, () => this.#reload(head));
    });
  }

  /** Reads through the head's end: what is behind it, the follower brings. */
  async #load(head: Head): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    const { log, channel, onEntry } = this.#options;
    let after = head.floor;
    while (after < head.end) {
      const page = await log.read(channel, after, pageOptions);
      if (this.#closed || load !== this.#loads) return;
      for (const { offset, payload } of page.entries) if (offset <= head.end) onEntry(payload);
      if (!page.more || page.interval.to <= after) break;
      after = page.interval.to;
    }
    if (this.#closed || load !== this.#loads) return;
    const behind = this.#behind ?? [];
    this.#behind = undefined;
    for (const { payload } of behind) onEntry(payload);
    this.#options.onLoaded?.();
  }
}
