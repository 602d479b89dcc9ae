import type { Clock } from "@hawser/protocol";

/** What is used of the standard `Storage`. */
export interface TransportStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface Choice {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface TransportMemoryOptions {
  readonly clock: Clock;
  /** How long a choice holds. */
  readonly retryMs: number;
  readonly store: TransportStore | undefined;
}

/** Endpoints that are remembered at once; beyond, the oldest is forgotten. */
const maxEndpoints = 64;
const keyPrefix = "hawser.transport:";

/** Which kind of transport got through to an endpoint. */
export class TransportMemory {
  readonly #options: TransportMemoryOptions;
  readonly #choices = new Map<string, Choice>();

  constructor(options: TransportMemoryOptions) {
    this.#options = options;
  }

  /** The name of the kind, while its choice holds. */
  recall(url: string): string | undefined {
    const { clock, retryMs } = this.#options;
    const choice = this.#choices.get(url) ?? this.#stored(url);
    if (choice === undefined) return undefined;
    const ageMs = clock.now() - choice.at;
    // A clock that went back makes a choice of the future, which would hold for who knows how long.
    return ageMs >= 0 && ageMs < retryMs ? choice.name : undefined;
  }

  remember(url: string, name: string): void {
    const choice: Choice = { name, at: this.#options.clock.now() };
    this.#choices.delete(url);
    this.#choices.set(url, choice);
    for (const oldest of this.#choices.keys()) {
      if (this.#choices.size <= maxEndpoints) break;
      this.#choices.delete(oldest);
    }
    this.#use((store) => store.setItem(keyPrefix + url, JSON.stringify(choice)));
  }

  forget(url: string): void {
    this.#choices.delete(url);
    this.#use((store) => store.removeItem(keyPrefix + url));
  }

  #stored(url: string): Choice | undefined {
    const text = this.#use((store) => store.getItem(keyPrefix + url));
    const value: unknown = typeof text === "string" ? parsed(text) : undefined;
    if (typeof value !== "object" || value === null || !("name" in value) || !("at" in value)) return undefined;
    const { name, at } = value;
    return typeof name === "string" && typeof at === "number" ? { name, at } : undefined;
  }

  /** A store may be full, or forbidden: then nothing is remembered beyond the page. */
  #use<Result>(action: (store: TransportStore) => Result): Result | undefined {
    const { store } = this.#options;
    try {
      return store === undefined ? undefined : action(store);
    } catch {
      return undefined;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
