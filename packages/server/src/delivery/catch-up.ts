import type { Log, Page } from "@hawser/log";
import { messageCost } from "@hawser/protocol";
import { Recent } from "./recent.ts";
import type { Run } from "./tail.ts";

export interface CatchUpOptions {
  readonly channel: string;
  readonly log: Log;
  /** Cost of the entries of one page at most, but for a single entry above it. */
  readonly maxPageBytes: number;
  /** Cost of the pages that are kept for those who come to the same cursor. */
  readonly maxKeptBytes: number;
  /** What of a page may be served from `from` on. */
  readonly admit: (page: Page, from: number) => Run;
}

/** Entries of a page at most, however small they are. */
const maxPageEntries = 1024;

/**
 * Pages of one channel for the cursors that its tail no longer holds. Cursors at one place share one read of the log, also
 * those that come there a little later: a thousand clients that resume behind the tail cost the log, and the memory, as
 * much as one of them.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #reads = new Map<number, Promise<Run>>();
  readonly #recent: Recent<Run>;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#recent = new Recent(options.maxKeptBytes);
  }

  /** The run behind a cursor, if it was read lately. */
  find(cursor: number): Run | undefined {
    return this.#recent.items.find((run) => run.from === cursor);
  }

  /** The run behind a cursor, from the log; it may be empty. Rejects as `Log.read` does. */
  read(cursor: number): Promise<Run> {
    const under = this.#reads.get(cursor);
    if (under !== undefined) return under;
    const { channel, log, maxPageBytes, admit } = this.#options;
    const reading = log
      .read(channel, cursor, { maxCount: maxPageEntries, maxBytes: maxPageBytes })
      .then((page) => {
        const run = admit(page, cursor);
        // What was read before `clear` may be of another epoch.
        if (this.#reads.get(cursor) === reading && run.to > run.from) this.#recent.keep(run, costOf(run));
        return run;
      })
      .finally(() => {
        if (this.#reads.get(cursor) === reading) this.#reads.delete(cursor);
      });
    this.#reads.set(cursor, reading);
    return reading;
  }

  /** Forgets what was read. Reads that are under way are answered, and not kept. */
  clear(): void {
    this.#reads.clear();
    this.#recent.clear();
  }
}

function costOf(run: Run): number {
  let cost = 0;
  for (const { payload } of run.entries) cost += messageCost(payload);
  return cost;
}
