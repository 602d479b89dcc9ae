import type { Transport } from "./transport.ts";

/** What a transport takes up as long as what is beneath it is open, such as one of the node's connections. */
interface Occupied {
  leave(): void;
}

/** The transports that came in by one door and are not closed yet. */
export class OpenTransports {
  readonly #transports = new Map<Transport, Occupied | undefined>();
  #onEmptied: (() => void)[] = [];

  /** @param occupied - Is left when what is beneath the transport has closed. */
  add(transport: Transport, occupied?: Occupied): void {
    this.#transports.set(transport, occupied);
  }

  /** What is beneath it has closed. */
  delete(transport: Transport): void {
    this.#transports.get(transport)?.leave();
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
    for (const transport of this.#transports.keys()) transport.terminate();
  }
}
