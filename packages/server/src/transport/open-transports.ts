import type { Transport } from "./transport.ts";

/** The transports that came in by one door and are not closed yet. */
export class OpenTransports {
  readonly #transports = new Set<Transport>();
  #onEmptied: (() => void)[] = [];

  add(transport: Transport): void {
    this.#transports.add(transport);
  }

  /** What is beneath it has closed. */
  delete(transport: Transport): void {
    this.#transports.delete(transport);
    if (this.#transports.size > 0) return;
    for (const resolve of this.#onEmptied.splice(0)) resolve();
  }

  /** Resolves when none is open. Each that closes does so within `closeTimeoutMs`. */
  emptied(): Promise<void> {
    if (this.#transports.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmptied.push(resolve));
  }

  /** Cuts all. */
  terminate(): void {
    for (const transport of this.#transports) transport.terminate();
  }
}
