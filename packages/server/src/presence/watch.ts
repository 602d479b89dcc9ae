import { payloadOfState } from "./member-state.ts";
import type { ServerFrame } from "@hawser/protocol";
import { encodeFramed, joinFramed } from "../delivery/block.ts";
import type { Lane } from "../delivery/lane.ts";
import type { Source, SourceReader } from "../delivery/source.ts";
import type { PresenceBook } from "./presence-book.ts";
import type { SharedPieces } from "./shared-pieces.ts";

/** What a watch looks at. */
export interface Watched {
  readonly number: number;
  readonly book: PresenceBook;
  readonly pieces: SharedPieces<Place>;
}

export interface WatchOptions {
  readonly watched: Watched;
  readonly reader: SourceReader;
  readonly countOnly: boolean;
  /** No piece is larger than this, but for a single member above it. */
  readonly maxPieceBytes: number;
}

export interface Place {
  readonly cursor: number;
  /** What left before is nobody that the watcher was told of. */
  readonly since: number;
  /** All members were told once, and how many they are. */
  readonly complete: boolean;
}

/** A client's look at who is in a channel: a cursor in the changes of the book (PRES-10), and nothing queued. */
export class Watch implements Source {
  readonly lane: Lane = "normal";
  behind: Source | undefined = undefined;
  deficit = 0;
  readonly countOnly: boolean;
  readonly #options: WatchOptions;
  #place: Place;
  #count: number | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.countOnly = options.countOnly;
    this.#place = { cursor: 0, since: options.watched.book.version, complete: false };
  }

  wake(): void {
    if (!this.#closed) this.#options.reader.wake(this);
  }

  next(): Uint8Array | undefined {
    if (this.#closed) return undefined;
    const piece = this.countOnly ? this.#nextCount() : this.#nextChanges();
    if (piece !== undefined) this.#options.reader.onTold();
    return piece;
  }

  close(): void {
    this.#closed = true;
  }

  #nextCount(): Uint8Array | undefined {
    const { number, book } = this.#options.watched;
    if (this.#count === book.count) return undefined;
    this.#count = book.count;
    return encodeFramed({ type: "census", number, count: book.count, anew: false }, this.#options.reader.encoding);
  }

  #nextChanges(): Uint8Array | undefined {
    const { watched, reader } = this.#options;
    const { book, pieces } = watched;
    const { cursor, since, complete } = this.#place;
    if (complete && cursor === book.version) return undefined;
    // Those who stand at the same place are told the same.
    const key = `${cursor} ${cursor < since ? since : 0} ${complete}`;
    const found = pieces.find(book.version, reader.encoding, key);
    if (found !== undefined) {
      this.#place = found.place;
      return found.bytes;
    }
    const { frames, bytes, place } = this.#take();
    this.#place = place;
    if (frames.length === 0) return undefined;
    const piece = { bytes: joinFramed(frames, bytes, reader.encoding), place };
    pieces.keep(book.version, reader.encoding, key, piece);
    return piece.bytes;
  }

  #take(): { readonly frames: Uint8Array[]; readonly bytes: number; readonly place: Place } {
    const { watched, reader, maxPieceBytes } = this.#options;
    const { number, book } = watched;
    const frames: Uint8Array[] = [];
    let bytes = 0;
    let { cursor, since, complete } = this.#place;
    const add = (frame: ServerFrame): void => {
      const encoded = reader.encoding.codec.encode(frame);
      frames.push(encoded);
      bytes += encoded.byteLength;
    };
    if (book.forgotten > Math.max(cursor, since)) {
      cursor = 0;
      since = book.version;
      complete = false;
      add({ type: "census", number, count: book.count, anew: true });
    }
    for (const { version, user, member, state, present } of book.after(cursor)) {
      if (bytes >= maxPieceBytes) return { frames, bytes, place: { cursor, since, complete } };
      if (present) add({ type: "present", number, user, member, payload: payloadOfState(state) });
      else if (version > since) add({ type: "absent", number, user, member });
      cursor = version;
    }
    if (!complete) add({ type: "census", number, count: book.count, anew: false });
    return { frames, bytes, place: { cursor: book.version, since, complete: true } };
  }
}
