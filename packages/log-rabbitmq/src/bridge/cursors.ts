import type { Log } from "@hawser/log";
import { encodeText, strictTextOf } from "@hawser/protocol";
import { unavailable } from "../paced-connection.ts";

/** Where a bridge stands in a channel. */
interface Standing {
  readonly channel: string;
  readonly offset: number;
}

/** Entries of a page. */
const page = { maxCount: 1_000, maxBytes: 1 << 20 } as const;
/** Entries of the control channel between two summaries of all that is known. */
const summaryEvery = 500;

/**
 * How far a bridge has carried each channel, kept in a channel of its own, so that another process goes on there. It is read
 * once, from its newest summary on: the channel has to keep no more than that.
 */
export class Cursors {
  readonly #log: Log;
  readonly #control: string;
  #offsets = new Map<string, number>();
  #written = 0;

  constructor(log: Log, control: string) {
    this.#log = log;
    this.#control = control;
  }

  /** Reads what was written; for a bridge that takes another one's place. */
  async load(): Promise<void> {
    this.#offsets = new Map();
    let after = 0;
    for (;;) {
      const { entries, interval, more } = await this.#log.read(this.#control, after, page);
      for (const { payload } of entries) this.#take(payload === undefined ? undefined : strictTextOf(payload.data));
      if (!more) return;
      after = interval.to;
    }
  }

  /** 0 for a channel of which nothing was carried. */
  of(channel: string): number {
    return this.#offsets.get(channel) ?? 0;
  }

  /** Resolves when it is in the log. */
  async keep(channel: string, offset: number): Promise<void> {
    this.#offsets.set(channel, offset);
    this.#written += 1;
    const isSummary = this.#written % summaryEvery === 1;
    const standings = isSummary
      ? [...this.#offsets].map(([name, at]) => ({ channel: name, offset: at }))
      : [{ channel, offset }];
    const payload = { kind: "json", data: encodeText(JSON.stringify(standings)) } as const;
    const append = { channel: this.#control, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
    const [outcome] = await this.#log.append([append]);
    if (outcome?.kind !== "accepted") throw unavailable("where the bridge stands was not written");
  }

  #take(text: string | undefined): void {
    if (text === undefined) return;
    // This process's own kind wrote it.
    for (const { channel, offset } of JSON.parse(text) as readonly Standing[]) this.#offsets.set(channel, offset);
  }
}
