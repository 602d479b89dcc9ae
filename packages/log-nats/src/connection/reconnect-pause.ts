import type { Clock, Random } from "@hawser/protocol";

/** Between the first attempts. */
const minMs = 50;

/**
 * How long after an attempt to connect the next one may come: a share of the time that the connection has been lost for, so
 * that attempts become rarer by a factor. The share is drawn for each loss, so that nodes do not come back in step. (The client
 * asks again before each attempt, and waits for what it was told last.)
 */
export class ReconnectPause {
  readonly #maxMs: number;
  readonly #ports: { readonly clock: Clock; readonly random: Random };
  #lost: { readonly at: number; readonly share: number } | undefined;

  constructor(maxMs: number, ports: { readonly clock: Clock; readonly random: Random }) {
    this.#maxMs = maxMs;
    this.#ports = ports;
  }

  get ms(): number {
    if (this.#lost === undefined) return 0;
    const { at, share } = this.#lost;
    // The longest pause is drawn too: nodes that have waited for long must not end up in step.
    const longest = this.#maxMs * (0.25 + share);
    return Math.min(longest, Math.max(minMs, (this.#ports.clock.monotonic() - at) * share));
  }

  /** The connection is lost. */
  began(): void {
    this.#lost = { at: this.#ports.clock.monotonic(), share: 0.25 + this.#ports.random.number() * 0.5 };
  }

  /** It is there again. */
  ended(): void {
    this.#lost = undefined;
  }
}
