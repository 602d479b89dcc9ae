import { StoreError } from "../../src/store/store-error.ts";
import type { StoredRow, StorePort, Write } from "../../src/store/store.ts";

/** A store in memory that fails when it is told to. */
export class MapStore implements StorePort {
  /** What the next commit does. */
  next: "well" | "full" | "failed" | "applied-but-failed" = "well";
  commits = 0;
  readonly #rows = new Map<string, StoredRow>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(idOf(key))?.value;
  }

  rows(start: Uint8Array, end: Uint8Array, limit: number): StoredRow[] {
    const between = [...this.#rows.values()].filter(
      ({ key }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0,
    );
    return between.toSorted((a, b) => Buffer.compare(a.key, b.key)).slice(0, limit);
  }

  last(start: Uint8Array, through: Uint8Array): StoredRow | undefined {
    const between = [...this.#rows.values()].filter(
      ({ key }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, through) <= 0,
    );
    return between.toSorted((a, b) => Buffer.compare(a.key, b.key)).at(-1);
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.commits += 1;
    const { next } = this;
    this.next = "well";
    if (next === "full" || next === "failed") throw new StoreError(next, next);
    for (const { key, value } of writes) {
      if (value === undefined) this.#rows.delete(idOf(key));
      else this.#rows.set(idOf(key), { key, value });
    }
    if (next === "applied-but-failed") throw new StoreError("failed", "the flush failed");
  }

  /** Puts what stands under a key, without a commit. */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#rows.set(idOf(key), { key, value });
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key).toString("hex");
}
