import type { Encoding } from "../delivery/block.ts";

/** Places for which a piece is kept: most watchers stand at one, those who have just come at another. */
const maxPieces = 16;

interface Piece<Place> {
  readonly bytes: Uint8Array;
  /** Where who was sent it stands. */
  readonly place: Place;
}

/** The bytes that were made for one watcher of a channel, for the others who stand where it stood. */
export class SharedPieces<Place = never> {
  #version = -1;
  readonly #pieces = new Map<Encoding, Map<string, Piece<Place>>>();

  find(version: number, encoding: Encoding, key: string): Piece<Place> | undefined {
    return version === this.#version ? this.#pieces.get(encoding)?.get(key) : undefined;
  }

  /** What was made for an older version of the book is nobody's any more. */
  keep(version: number, encoding: Encoding, key: string, piece: Piece<Place>): void {
    if (version !== this.#version) {
      this.#pieces.clear();
      this.#version = version;
    }
    let pieces = this.#pieces.get(encoding);
    if (pieces === undefined) this.#pieces.set(encoding, (pieces = new Map()));
    if (pieces.size < maxPieces) pieces.set(key, piece);
  }

  clear(): void {
    this.#pieces.clear();
  }
}
