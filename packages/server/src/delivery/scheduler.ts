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
  /** The source that is listed, until there are two for the first time: most connections never have more than one. */
  #only: Source | undefined;
  /** By the lane's place; those that were never used are not made. `undefined`: there never were two sources. */
  #rounds: (Round | undefined)[] | undefined;

  /** Whether there is surely nothing to be served. */
  get empty(): boolean {
    return this.#only === undefined && this.#rounds?.some((round) => round?.empty === false) !== true;
  }

  /** The source has, or may have, something to send. */
  add(source: Source): void {
    if (source.behind !== undefined) return;
    if (this.#rounds !== undefined) {
      join(this.#rounds, source);
    } else if (this.#only === undefined) {
      source.behind = source;
      this.#only = source;
    } else {
      this.#rounds = lanes.map(() => undefined);
      join(this.#rounds, source);
      // Who was alone has had his turn.
      join(this.#rounds, this.#release()!);
    }
  }

  /** The next piece to write; `undefined` when no source has any. */
  take(now: number): Uint8Array | undefined {
    return this.#rounds === undefined ? this.#takeOnly(now) : this.#takeNext(this.#rounds, now);
  }

  clear(): void {
    this.#release();
    for (const round of this.#rounds ?? []) round?.clear();
  }

  /** Who is alone owes nothing to anybody, and waits for nobody. */
  #takeOnly(now: number): Uint8Array | undefined {
    const piece = this.#only?.next(now);
    if (piece === undefined) this.#release();
    return piece;
  }

  #release(): Source | undefined {
    const only = this.#only;
    if (only !== undefined) only.behind = undefined;
    this.#only = undefined;
    return only;
  }

  #takeNext(rounds: readonly (Round | undefined)[], now: number): Uint8Array | undefined {
    for (let place = nextOf(rounds); place >= 0; place = nextOf(rounds)) {
      const round = rounds[place]!;
      const piece = round.take(now);
      if (piece === undefined) continue;
      if (round.owedBytes > 0) round.owedBytes -= piece.byteLength;
      else round.owedBytes = -quantumBytes;
      owe(rounds, place, piece.byteLength);
      return piece;
    }
    return undefined;
  }
}

function join(rounds: (Round | undefined)[], source: Source): void {
  const place = lanes.indexOf(source.lane);
  const round = (rounds[place] ??= new Round());
  if (round.empty) round.owedBytes = -quantumBytes;
  round.add(source);
}

/** The place of the lane to be served: the least urgent one that is owed something, else the most urgent one; -1: none. */
function nextOf(rounds: readonly (Round | undefined)[]): number {
  let first = -1;
  for (let place = rounds.length - 1; place >= 0; place -= 1) {
    const round = rounds[place];
    if (round === undefined || round.empty) continue;
    if (round.owedBytes > 0) return place;
    first = place;
  }
  return first;
}

/** Less urgent lanes that wait are owed a part of what went ahead of them. */
function owe(rounds: readonly (Round | undefined)[], place: number, bytes: number): void {
  for (let below = place + 1; below < rounds.length; below += 1) {
    const round = rounds[below];
    if (round !== undefined && !round.empty) round.owedBytes += bytes * owedShare;
  }
}
