import { lanes } from "./lane.ts";
import { quantumBytes, Round } from "./round.ts";
import type { Source } from "./source.ts";

/** A lane that waits is owed this part of what goes ahead of it. */
const owedShare = 1 / 8;

/** The sources of one lane, and what the lane is owed. */
interface Waiting {
  readonly round: Round;
  /** Bytes; above 0 the lane goes ahead of its betters. */
  owedBytes: number;
}

/**
 * Which source a connection writes from next: the most urgent lane that has any (FLOW-6), and in it one after the other by
 * deficit round robin. A lane that has to wait for too much gets its share nevertheless: at most eight times 16 KiB, or
 * eight times the piece that it was given last, go ahead of a lane that waits.
 */
export class Scheduler {
  /** By the lane's place; those that were never used are not made. */
  readonly #waiting: (Waiting | undefined)[] = [];

  /** Whether there is surely nothing to be served. */
  get empty(): boolean {
    return this.#waiting.every((waiting) => waiting === undefined || waiting.round.empty);
  }

  /** The source has, or may have, something to send. */
  add(source: Source): void {
    if (source.behind !== undefined) return;
    const place = lanes.indexOf(source.lane);
    while (this.#waiting.length <= place) this.#waiting.push(undefined);
    const waiting = (this.#waiting[place] ??= { round: new Round(), owedBytes: 0 });
    if (waiting.round.empty) waiting.owedBytes = -quantumBytes;
    waiting.round.add(source);
  }

  /** The next piece to write; `undefined` when no source has any. */
  take(now: number): Uint8Array | undefined {
    for (let place = this.#next(); place >= 0; place = this.#next()) {
      const waiting = this.#waiting[place]!;
      const piece = waiting.round.take(now);
      if (piece === undefined) continue;
      if (waiting.owedBytes > 0) waiting.owedBytes -= piece.byteLength;
      else waiting.owedBytes = -quantumBytes;
      this.#owe(place, piece.byteLength);
      return piece;
    }
    return undefined;
  }

  clear(): void {
    for (const waiting of this.#waiting) waiting?.round.clear();
  }

  /** The place of the lane to be served: the least urgent one that is owed something, else the most urgent one; -1: none. */
  #next(): number {
    let first = -1;
    for (let place = this.#waiting.length - 1; place >= 0; place -= 1) {
      const waiting = this.#waiting[place];
      if (waiting === undefined || waiting.round.empty) continue;
      if (waiting.owedBytes > 0) return place;
      first = place;
    }
    return first;
  }

  /** Less urgent lanes that wait are owed a part of what went ahead of them. */
  #owe(place: number, bytes: number): void {
    for (let below = place + 1; below < this.#waiting.length; below += 1) {
      const waiting = this.#waiting[below];
      if (waiting !== undefined && !waiting.round.empty) waiting.owedBytes += bytes * owedShare;
    }
  }
}
