/** How many endpoints of a `move` are taken. */
const maxAnnounced = 32;

/**
 * The endpoints that a session knows, and which comes next: those given by the application in their order, around and
 * around; before them, once, those that a server named when it sent the client away.
 */
export class EndpointList {
  readonly #own: readonly string[];
  #announced: string[] = [];
  #index: number;

  /**
   * @param own at least one URL.
   * @param first which of them comes first; counted around. Default 0.
   */
  constructor(own: readonly string[], first = 0) {
    this.#own = own;
    this.#index = first % own.length;
  }

  /** The endpoint to try now. */
  get current(): string {
    return this.#announced[0] ?? this.#own[this.#index]!;
  }

  /** The current one failed, or does not want us: the next one takes its place. */
  advance(): void {
    if (this.#announced.shift() === undefined) this.#index = (this.#index + 1) % this.#own.length;
  }

  /** A connection to this one stands: when it is lost, this one is the first to fail. */
  reached(endpoint: string): void {
    const index = this.#own.indexOf(endpoint);
    if (index >= 0 && this.#announced.length === 0) this.#index = index;
  }

  /** A server names where to go. */
  announce(endpoints: readonly string[]): void {
    this.#announced = believed(endpoints, this.#own);
    if (this.#announced.length === 0) this.advance();
  }
}

/** Of endpoints that a server names, those with the scheme of one of our own: no downgrade to plain text. */
export function believed(endpoints: readonly string[], own: readonly string[]): string[] {
  const schemes = own.map(schemeOf);
  return endpoints.filter((url) => schemes.includes(schemeOf(url))).slice(0, maxAnnounced);
}

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(":")).toLowerCase();
}
