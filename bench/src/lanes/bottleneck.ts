export interface BottleneckOptions {
  readonly bytesPerSecond: number;
  /** Bytes that wait for the link at most; a packet that would be more is dropped. */
  readonly queueBytes: number;
  /** From the end of a packet's sending to its coming out. */
  readonly delayMs: number;
}

/** One direction of a path: a link that sends one packet after the other at its rate, a bounded queue ahead of it, and a way behind. */
export class Bottleneck {
  readonly #options: BottleneckOptions;
  #freeAtMs = 0;
  #dropped = 0;
  #longestQueueBytes = 0;

  constructor(options: BottleneckOptions) {
    this.#options = options;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get longestQueueBytes(): number {
    return this.#longestQueueBytes;
  }

  /** When a packet that comes now comes out, in milliseconds; `undefined`: it is dropped. */
  offer(bytes: number, nowMs: number): number | undefined {
    const { bytesPerSecond, queueBytes, delayMs } = this.#options;
    const bytesPerMs = bytesPerSecond / 1_000;
    const startMs = Math.max(nowMs, this.#freeAtMs);
    const waiting = (startMs - nowMs) * bytesPerMs + bytes;
    // One that finds the link free is sent, not queued.
    if (startMs > nowMs && waiting > queueBytes) {
      this.#dropped += 1;
      return undefined;
    }
    this.#longestQueueBytes = Math.max(this.#longestQueueBytes, waiting);
    this.#freeAtMs = startMs + bytes / bytesPerMs;
    return this.#freeAtMs + delayMs;
  }
}
