import type { Clock } from "@hawser/protocol";
import type { Session } from "../connection/link.ts";
import { feedRecordOf } from "../values/entries.ts";
import type { FeedRecord } from "../values/entries.ts";

/** Where the reader stands in the feed. */
export interface FeedPlace {
  readonly epoch: number;
  readonly fed: number;
}

interface FeedReaderOptions {
  /** The key of the feed. */
  readonly key: string;
  readonly clock: Clock;
  readonly onRecord: (record: FeedRecord) => void;
  /** Records are missing: they were trimmed before they could be read. */
  readonly onGap: () => void;
}

/** Records of one answer. */
const maxRecords = 256;
/** How long the server keeps an answer back while there is nothing. */
const blockMs = 2_000;

/** The one reader of a node: what is appended to any channel comes this way, in the order of the log. */
export class FeedReader {
  readonly #options: FeedReaderOptions;
  #place: FeedPlace = { epoch: 0, fed: 0 };
  /** When it asked what has no answer yet. */
  #askedAt: number | undefined;

  constructor(options: FeedReaderOptions) {
    this.#options = options;
  }

  /** For how long an answer is overdue; 0 for none. */
  get overdueMs(): number {
    return this.#askedAt === undefined ? 0 : Math.max(0, this.#options.clock.monotonic() - this.#askedAt - blockMs);
  }

  /** Begins behind this place, unless it already stands in a feed. */
  begin(place: FeedPlace): void {
    if (this.#place.epoch === 0) this.#place = place;
  }

  /** Reads until the session ends. Rejects with why it did, or what the server said. */
  async read({ reader }: Session): Promise<never> {
    for (;;) {
      const { epoch, fed } = this.#place;
      this.#askedAt = this.#options.clock.monotonic();
      const command = ["XREAD", "COUNT", `${maxRecords}`, "BLOCK", `${blockMs}`];
      const reply = await reader.send([...command, "STREAMS", this.#options.key, `${epoch}-${fed}`]);
      this.#askedAt = undefined;
      if (reply !== null) for (const record of recordsOf(reply)) this.#take(record);
    }
  }

  stop(): void {
    this.#askedAt = undefined;
  }

  #take(record: FeedRecord): void {
    const { epoch, fed } = this.#place;
    this.#place = record;
    if (record.epoch === epoch && record.before !== fed) this.#options.onGap();
    this.#options.onRecord(record);
  }
}

function* recordsOf(reply: unknown): Iterable<FeedRecord> {
  for (const [, records] of reply as [Buffer, [Buffer, Buffer[]][]][]) {
    for (const record of records) yield feedRecordOf(record);
  }
}
