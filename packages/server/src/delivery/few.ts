/**
 * A map by name, in the order of insertion, that makes a hash table with its second entry only: most connections
 * subscribe to one channel, and an empty table of the engine is larger than all else that they need for it.
 */
export class Few<Value extends object> {
  #name = "";
  /** The entry, as long as there is at most one and there never were two. */
  #only: Value | undefined;
  #table: Map<string, Value> | undefined;

  get size(): number {
    return this.#table?.size ?? (this.#only === undefined ? 0 : 1);
  }

  get(name: string): Value | undefined {
    if (this.#table !== undefined) return this.#table.get(name);
    return this.#name === name ? this.#only : undefined;
  }

  set(name: string, value: Value): void {
    if (this.#table !== undefined) {
      this.#table.set(name, value);
    } else if (this.#only === undefined || this.#name === name) {
      this.#name = name;
      this.#only = value;
    } else {
      this.#table = new Map([
        [this.#name, this.#only],
        [name, value],
      ]);
      this.#only = undefined;
    }
  }

  delete(name: string): void {
    if (this.#table !== undefined) this.#table.delete(name);
    else if (this.#name === name) this.#only = undefined;
  }

  clear(): void {
    this.#table = undefined;
    this.#only = undefined;
  }

  /** May be changed meanwhile, as a `Map` may. */
  *values(): Iterable<Value> {
    if (this.#table !== undefined) yield* this.#table.values();
    else if (this.#only !== undefined) yield this.#only;
  }
}
