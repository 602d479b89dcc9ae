import type { Random, Timer, Timers } from "@hawser/protocol";
import type { CheckpointRecord } from "../prefix/log-record.ts";
import { sliceCount } from "../prefix/slices.ts";

/** Options of a {@link CheckpointWriter}; times in milliseconds. */
export interface CheckpointWriterOptions {
  readonly timers: Timers;
  readonly random: Random;
  /** Appends between two checkpoints. */
  readonly checkpointEvery: number;
  /** A node that is about to write one waits up to as long, drawn at random, whether another one does. */
  readonly checkpointJitterMs: number;
  /** After which one that was not seen in the log is written again. */
  readonly retryMs: number;
  /** Writes one of the slices from `from` on. Returns its identity; `undefined`: not now. */
  readonly write: (from: number) => string | undefined;
}

/** Bytes that are appended for each byte of a checkpoint before the next one, at least: what bounds its share of the log. */
const appendedPerByte = 8;

/**
 * When this node writes a checkpoint. The slices take turns; whoever sees another node's goes on behind that. One is due
 * after a number of appends, and when they weigh eight times what the last one did, so that checkpoints stay a small part
 * of the log; or, all of them one after the other, when somebody asks or when the broker trims what the newest ones need.
 */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  /** Per slice: how far the newest checkpoint goes. */
  readonly #through = new Float64Array(sliceCount);
  #oldestThrough = 0;
  #next = 0;
  /** Slices that are to be written although nothing was appended. */
  #demanded = 0;
  #appends = 0;
  #bytes = 0;
  /** Of appends before the next one is due. */
  #paceBytes = 0;
  #own: string | undefined;
  #isOwnTurn = false;
  #timer: Timer | undefined;

  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
  }

  /** An append of about so many bytes was passed. */
  appended(bytes: number): void {
    this.#appends += 1;
    this.#bytes += bytes;
  }

  /** A checkpoint of this branch of the log was passed, of about so many bytes. */
  passed({ id, through, snapshot: { from, to } }: CheckpointRecord, bytes: number): void {
    this.#through.fill(through, from, to);
    this.#oldestThrough = this.#through.reduce((one, other) => Math.min(one, other));
    this.#next = to % sliceCount;
    this.#demanded = Math.max(0, this.#demanded - (to - from));
    this.#appends = 0;
    this.#bytes = 0;
    this.#paceBytes = bytes * appendedPerByte;
    this.#isOwnTurn = id === this.#own;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Somebody needs all slices. */
  demand(): void {
    this.#demanded = sliceCount;
  }

  /** All that the log has was passed, and it starts at `start`. */
  atEnd(start: number): void {
    if (start > 1 && this.#oldestThrough < start && this.#demanded === 0) this.#demanded = sliceCount;
    if (this.#timer !== undefined || !this.#isDue) return;
    const { timers, random, checkpointJitterMs } = this.#options;
    // Who has begun with all slices goes on with them.
    if (this.#isOwnTurn && this.#demanded > 0) this.#write();
    else this.#timer = timers.after(random.number() * checkpointJitterMs, () => this.#write());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #isDue(): boolean {
    return this.#demanded > 0 || (this.#appends >= this.#options.checkpointEvery && this.#bytes >= this.#paceBytes);
  }

  #write(): void {
    this.#own = this.#options.write(this.#next);
    this.#timer = this.#options.timers.after(this.#options.retryMs, () => {
      this.#timer = undefined;
      if (this.#isDue) this.#write();
    });
  }
}
