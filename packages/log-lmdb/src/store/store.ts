import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { StoreError, storeErrorOf } from "./store-error.ts";

/** One change of a transaction; without a value the key is removed. */
export interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export interface StoredRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Address space for the map, not disk: so large that the map is seldom moved while it grows. */
const initialMapBytes = 1024 ** 3;

/** What of a {@link Store} the rest of the log uses. */
export type StorePort = Pick<Store, "get" | "rows" | "last" | "commit">;

type LmdbStore = Database<Uint8Array, Uint8Array>;

/**
 * An ordered map of bytes to bytes in one LMDB file. Reads are synchronous, and those of one synchronous stretch of code
 * see one snapshot; whatever they give is a copy. Writes go through {@link Store.commit}, one transaction at a time.
 */
export class Store {
  readonly #lmdb: LmdbStore;

  /** Throws {@link StoreError}. */
  constructor(file: string) {
    try {
      const root: RootDatabase<Uint8Array, Uint8Array> = open({
        path: file,
        noSubdir: true,
        encoding: "binary",
        keyEncoding: "binary",
        mapSize: initialMapBytes,
        // Else each turn's writes begin with a promise that nobody holds, and a commit that fails ends the process.
        eventTurnBatching: false,
      });
      this.#lmdb = root;
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#guard(() => plain(this.#lmdb.get(key)));
  }

  /** The first rows of `[start, end)`, at most `limit`. */
  rows(start: Uint8Array, end: Uint8Array, limit: number): StoredRow[] {
    return this.#guard(() => {
      const rows: StoredRow[] = [];
      for (const { key, value } of this.#lmdb.getRange({ start, end, limit })) {
        rows.push({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
      }
      return rows;
    });
  }

  /** The last row of `[start, through]`; `undefined`: there is none. */
  last(start: Uint8Array, through: Uint8Array): StoredRow | undefined {
    return this.#guard(() => {
      const range = this.#lmdb.getRange({ start: through, end: start, inclusiveEnd: true, reverse: true, limit: 1 });
      for (const { key, value } of range) return { key: Uint8Array.from(key), value: Uint8Array.from(value) };
      return undefined;
    });
  }

  /**
   * Applies all writes, in order, or none. Resolves when they outlive the process; with `flush`, when they outlive the
   * machine. Rejects with {@link StoreError}. Must not be called while another commit is under way.
   */
  async commit(writes: readonly Write[], flush: boolean): Promise<void> {
    try {
      await this.#lmdb.batch(() => {
        for (const { key, value } of writes) {
          if (value === undefined) void this.#lmdb.remove(key);
          else void this.#lmdb.put(key, value);
        }
      });
      if (flush) await this.#lmdb.flushed;
    } catch (error) {
      throw storeErrorOf(await causeOf(error));
    }
  }

  async close(): Promise<void> {
    await this.#lmdb.close();
  }

  #guard<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw error instanceof StoreError ? error : storeErrorOf(error);
    }
  }
}

/** lmdb-js copies values of this encoding out of the map, as `Buffer`s. */
function plain(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** A failed commit rejects with an error that holds a promise, which rejects with the error of LMDB itself. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  try {
    await commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
