import type { Entry } from "@hawser/log";

/** Smaller payloads are left as they are: what they leave behind is collected with the rest of the young garbage. */
const leastBytes = 4_096;
/** Buffers that wait to be used again. */
const maxFree = 4;

/**
 * The memory of a tail's large payloads, used again and again. A tail holds an entry just long enough that its buffer
 * outlives the collections of young garbage; the platform would free it, with all that came after it, only once 64 MiB of
 * such buffers had gathered.
 */
export class PayloadBuffers {
  readonly #free: Uint8Array[] = [];

  /** The entry, with a payload in a buffer of these: what the entry had may be collected at once. */
  hold(entry: Entry): Entry {
    const { payload } = entry;
    if (payload === undefined || payload.data.length < leastBytes) return entry;
    const data = this.#take(payload.data.length);
    data.set(payload.data);
    return { ...entry, payload: { kind: payload.kind, data } };
  }

  /** An entry that `hold` gave is not used any more, by anybody. */
  release({ payload }: Entry): void {
    if (payload === undefined || payload.data.length < leastBytes) return;
    this.#free.push(new Uint8Array(payload.data.buffer));
    if (this.#free.length > maxFree) this.#free.shift();
  }

  /** A free buffer of which at most half is left over, or a new one. */
  #take(length: number): Uint8Array {
    const index = this.#free.findLastIndex((free) => free.length >= length && free.length <= 2 * length);
    const [free] = index === -1 ? [] : this.#free.splice(index, 1);
    return free === undefined ? new Uint8Array(length) : free.subarray(0, length);
  }
}
