/** Stale places that are kept before the list is made anew. */
const slack = 64;

/**
 * Which keys changed in which order: each key stands once, where it changed last. A reader keeps one number, and from it
 * finds all that changed since, each key once. So it needs no queue of its own.
 */
export class ChangeOrder {
  readonly #versions = new Map<string, number>();
  /** Rising versions; a place whose key has changed since is stale. */
  #places: { readonly version: number; readonly key: string }[] = [];
  #version = 0;

  /** Of the newest change; 0 before the first. */
  get version(): number {
    return this.#version;
  }

  touch(key: string): number {
    this.#version += 1;
    this.#versions.set(key, this.#version);
    this.#places.push({ version: this.#version, key });
    if (this.#places.length > 2 * this.#versions.size + slack) this.#compact();
    return this.#version;
  }

  /** The key is forgotten: no reader is told of it any more. */
  forget(key: string): void {
    this.#versions.delete(key);
  }

  /** When the key changed last. */
  versionOf(key: string): number | undefined {
    return this.#versions.get(key);
  }

  /** The keys that changed behind a version, in the order of their last change. */
  *after(version: number): IterableIterator<{ readonly version: number; readonly key: string }> {
    for (let index = this.#indexAbove(version); index < this.#places.length; index += 1) {
      const place = this.#places[index]!;
      if (this.#versions.get(place.key) === place.version) yield place;
    }
  }

  #compact(): void {
    this.#places = this.#places.filter(({ version, key }) => this.#versions.get(key) === version);
  }

  #indexAbove(version: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]!.version <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
