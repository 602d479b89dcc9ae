import type { Source } from "./source.ts";

/** Bytes that a source is given for each of its turns. */
export const quantumBytes = 16_384;

/**
 * The sources of one lane, served by deficit round robin (Shreedhar and Varghese, 1995): in turn, each with the same
 * bytes over time, however large its pieces are. A piece is known only when it is made, and then it is written: so a
 * source may go into debt by less than one piece, and sits out turns until that is paid.
 */
export class Round {
  /** Bytes that the lane is owed by what went ahead of it; above 0 it goes ahead of its betters. */
  owedBytes = 0;
  /** The one whose turn was last; the ring goes on with the one whose turn it is. */
  #last: Source | undefined;

  get empty(): boolean {
    return this.#last === undefined;
  }

  /** Puts a source at the end of the round, if it is not in it. */
  add(source: Source): void {
    if (source.behind !== undefined) return;
    const last = this.#last;
    source.behind = last?.behind ?? source;
    if (last !== undefined) last.behind = source;
    this.#last = source;
  }

  /** One piece of the source whose turn it is; `undefined` when none has any, and then the round is empty. */
  take(now: number): Uint8Array | undefined {
    for (let last = this.#last; last !== undefined; last = this.#last) {
      const source = last.behind!;
      if (source.deficit <= 0 && !this.#beginTurn(source, last)) continue;
      const piece = source.next(now);
      if (piece === undefined) {
        this.#remove(source);
        continue;
      }
      source.deficit -= piece.byteLength;
      if (source.deficit <= 0) this.#last = source;
      return piece;
    }
    return undefined;
  }

  clear(): void {
    while (this.#last !== undefined) this.#remove(this.#last.behind!);
  }

  /** False while it is in debt still: then the next one's turn comes. */
  #beginTurn(source: Source, last: Source): boolean {
    // Who is alone owes nothing to anybody.
    source.deficit = source === last ? quantumBytes : source.deficit + quantumBytes;
    if (source.deficit > 0) return true;
    this.#last = source;
    return false;
  }

  /** Takes out the source whose turn it is. */
  #remove(source: Source): void {
    const last = this.#last!;
    if (source === last) this.#last = undefined;
    else last.behind = source.behind;
    source.behind = undefined;
    source.deficit = 0;
  }
}
