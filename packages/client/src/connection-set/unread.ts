import { HawserError } from "@hawser/protocol";

/** What one reader of an async iterable has not read: a WebSocket cannot hold back its server, so it is bounded. */
export class Unread<T> implements AsyncIterableIterator<T> {
  readonly #maxItems: number;
  readonly #onDone: (reader: Unread<T>) => void;
  #items: T[] = [];
  #waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }[] = [];
  #end: { readonly error: HawserError | undefined } | undefined;

  /** @param onDone the reader left, was ended, or fell too far behind. */
  constructor(maxItems: number, onDone: (reader: Unread<T>) => void) {
    this.#maxItems = maxItems;
    this.#onDone = onDone;
  }

  /** Past its bound the reader gets what it has, and then `overloaded`: a hole that nobody tells of would be worse. */
  push(item: T): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting.resolve({ done: false, value: item });
    if (this.#items.length < this.#maxItems) return void this.#items.push(item);
    const text = `The reader is more than ${this.#maxItems} messages behind: read faster, or raise maxUnread`;
    this.end(new HawserError("overloaded", text));
  }

  /** No more comes. What waits can still be read. */
  end(error: HawserError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const waiting of this.#waiting.splice(0)) {
      if (error === undefined) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(error);
    }
    this.#onDone(this);
  }

  next(): Promise<IteratorResult<T>> {
    const [item] = this.#items;
    if (this.#items.length > 0) {
      this.#items.shift();
      return Promise.resolve({ done: false, value: item as T });
    }
    if (this.#end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { error } = this.#end;
    // It is told once, as a generator would.
    this.#end = { error: undefined };
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  return(): Promise<IteratorResult<T>> {
    this.#items = [];
    this.end(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
