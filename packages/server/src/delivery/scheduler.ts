import { lanes } from "./lane.ts";
import { quantumBytes, Round } from "./round.ts";
import type { Source } from "./source.ts";

/** A lane that waits is owed this part of what goes ahead of it. */
const owedShare = 1 / 8;

/**
 * Which source a connection writes from next: the most urgent lane that has any (FLOW-6), and in it one after the other by
 * deficit round robin. A lane that has to wait for too much gets its share nevertheless: at most eight times 16 KiB, or
 * eight times the piece that it was given last, go ahead of a lane that waits.
 */
export class Scheduler {
  /** By the lane's place; those that were never used are not made. */
  readonly #rounds: (Round | undefined)[] = lanes.map(() => undefined);

  /** Whether there is surely nothing to be served. */
  get empty(): boolean {
    return this.#rounds.every((round) => round === undefined || round.empty);
  }

  /** The source has, or may have, something to send. */
  add(source: Source): void {
    if (source.behind !== undefined) return;
    const place = lanes.indexOf(source.lane);
    const round = (this.#rounds[place] ??= new Round());
    if (round.empty) round.owedBytes = -quantumBytes;
    round.add(source);
  }

  /** The next piece to write; `undefined` when no source has any. */
  take(now: number): Uint8Array | undefined {
    for (let place = this.#next(); place >= 0; place = this.#next()) {
      const round = this.#rounds[place]!;
      const piece = round.take(now);
      if (piece === undefined) continue;
      if (round.owedBytes > 0) round.owedBytes -= piece.byteLength;
      else round.owedBytes = -quantumBytes;
      this.#owe(place, piece.byteLength);
      return piece;
    }
    return undefined;
  }

  clear(): void {
    for (const round of this.#rounds) round?.clear();
  }

  /** The place of the lane to be served: the least urgent one that is owed something, else the most urgent one; -1: none. */
  #next(): number {
    let first = -1;
    for (let place = this.#rounds.length - 1; place >= 0; place -= 1) {
      const round = this.#rounds[place];
      if (round === undefined || round.empty) continue;
      if (round.owedBytes > 0) return place;
      first = place;
    }
    return first;
  }

  /** Less urgent lanes that wait are owed a part of what went ahead of them. */
  #owe(place: number, bytes: number): void {
    for (let below = place + 1; below < this.#rounds.length; below += 1) {
      const round = this.#rounds[below];
      if (round !== undefined && !round.empty) round.owedBytes += bytes * owedShare;
    }
  }
}
