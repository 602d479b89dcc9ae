import { dataBytes, snapshotOf } from "./socket-data.ts";
import type { SocketData } from "./socket-data.ts";

/** How much waits for a connection, and what happens to what does not fit. */
export interface SendQueueOptions {
  /** Messages that wait. Default 1,000. */
  readonly maxMessages: number;
  /** Their bytes. Default 8 MiB. */
  readonly maxBytes: number;
  /**
   * `reject`: `send` throws `outbox-full`, and what waits stays. `drop-oldest`: what has waited longest makes room;
   * `status.dropped` counts it. A message that is larger than the queue is rejected in any case. Default `reject`.
   */
  readonly overflow: "reject" | "drop-oldest";
}

/** What stands for options that are not given. */
export const defaultSendQueue: SendQueueOptions = { maxMessages: 1_000, maxBytes: 8_388_608, overflow: "reject" };

interface Waiting {
  readonly data: SocketData;
  readonly bytes: number;
}

/** Messages in the order in which they were sent, until there is a connection. */
export class SendQueue {
  readonly #options: SendQueueOptions;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  get messages(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns how many messages had to go for it; `undefined` when it does not fit, and nothing has changed. */
  push(data: SocketData): number | undefined {
    const { maxMessages, maxBytes, overflow } = this.#options;
    const bytes = dataBytes(data);
    if (bytes > maxBytes) return undefined;
    let dropped = 0;
    while (this.#waiting.length + 1 > maxMessages || this.#bytes + bytes > maxBytes) {
      if (overflow === "reject") return undefined;
      this.shift();
      dropped += 1;
    }
    this.#waiting.push({ data: snapshotOf(data), bytes });
    this.#bytes += bytes;
    return dropped;
  }

  /** Takes the one that has waited longest. */
  shift(): SocketData | undefined {
    const first = this.#waiting.shift();
    if (first === undefined) return undefined;
    this.#bytes -= first.bytes;
    return first.data;
  }

  /** @returns how many there were. */
  clear(): number {
    const count = this.#waiting.length;
    this.#waiting = [];
    this.#bytes = 0;
    return count;
  }
}
