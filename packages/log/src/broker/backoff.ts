import type { BrokerPorts } from "../prefix/broker.ts";

/** Times in milliseconds. */
export interface BackoffSettings {
  /** The first pause. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** The pauses between tries of something that fails: each is up to twice the one before, so that nobody is met by a storm. */
export class Backoff {
  readonly #settings: BackoffSettings;
  readonly #ports: BrokerPorts;
  #failures = 0;
  #notBefore = 0;

  constructor(settings: BackoffSettings, ports: BrokerPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** What fails together counts once. */
  failed(): void {
    if (!this.isDue) return;
    const { minBackoffMs, maxBackoffMs } = this.#settings;
    const longestMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#notBefore = this.#ports.clock.monotonic() + longestMs * (0.5 + this.#ports.random.number() / 2);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** Whether a try is due. */
  get isDue(): boolean {
    return this.#ports.clock.monotonic() >= this.#notBefore;
  }

  /** Resolves when the next try is due. */
  pause(): Promise<void> {
    const leftMs = this.#notBefore - this.#ports.clock.monotonic();
    if (leftMs <= 0) return Promise.resolve();
    return new Promise((resolve) => void this.#ports.timers.after(leftMs, resolve));
  }
}
