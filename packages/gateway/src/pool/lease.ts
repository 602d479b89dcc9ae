import type { Target } from "./target.ts";

interface LeaseHandlers {
  readonly onBytes: (into: number, out: number) => void;
  readonly onEnd: () => void;
}

/** One connection's hold on a target, from the first attempt until the connection is gone. */
export class Lease {
  readonly target: Target;
  readonly #handlers: LeaseHandlers;
  readonly #down = new AbortController();
  #ended = false;

  constructor(target: Target, handlers: LeaseHandlers) {
    this.target = target;
    this.#handlers = handlers;
  }

  /** Aborted when the target does not answer any more, or its drain has passed its deadline: whoever holds it leaves. */
  get signal(): AbortSignal {
    return this.#down.signal;
  }

  /** Bytes went to the target. */
  bytesIn(bytes: number): void {
    this.#handlers.onBytes(bytes, 0);
  }

  /** Bytes came from the target. */
  bytesOut(bytes: number): void {
    this.#handlers.onBytes(0, bytes);
  }

  /** The connection is gone. Harmless when it was. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers.onEnd();
  }

  /** For the pool: tells whoever holds it. */
  tell(reason: Error): void {
    this.#down.abort(reason);
  }
}
