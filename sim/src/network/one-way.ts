import type { RandomStream } from "../random/random-stream.ts";
import type { SimulatedTime } from "../time/simulated-time.ts";

/** What one way of a connection is like. */
export interface Path {
  readonly latencyMs: number;
  /** Added to the latency, at random up to this. */
  readonly jitterMs: number;
  /** `Infinity`: the path is never the bottleneck. */
  readonly bytesPerMs: number;
}

interface Sent<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly message: boolean;
  readonly arrivesAt: number;
}

/**
 * One direction of a connection: what is sent arrives in order, after a while; or waits while the direction is stalled; or is
 * gone once it was cut.
 */
export class OneWay<Item> {
  readonly #time: SimulatedTime;
  readonly #random: RandomStream;
  readonly #deliver: (item: Item) => void;
  #path: Path;
  #waiting: Sent<Item>[] = [];
  #waitingBytes = 0;
  #lastArrival = 0;
  #freeAt = 0;
  #stalledUntil = 0;
  #scheduled = false;
  #cut = false;
  /** How many more messages arrive before `onLimit` is called. */
  #messagesLeft = Number.POSITIVE_INFINITY;
  #onLimit: (() => void) | undefined;

  constructor(time: SimulatedTime, random: RandomStream, path: Path, deliver: (item: Item) => void) {
    this.#time = time;
    this.#random = random;
    this.#path = path;
    this.#deliver = deliver;
  }

  /** Bytes that were sent and have not arrived. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Bytes that have not left yet, because the path is slow. */
  get unsentBytes(): number {
    const { bytesPerMs } = this.#path;
    return bytesPerMs === Number.POSITIVE_INFINITY
      ? 0
      : Math.max(0, Math.ceil((this.#freeAt - this.#time.now) * bytesPerMs));
  }

  get isCut(): boolean {
    return this.#cut;
  }

  /** @param message - whether it counts for `limit`. */
  send(item: Item, bytes: number, message: boolean): void {
    if (this.#cut) return;
    const { latencyMs, jitterMs, bytesPerMs } = this.#path;
    this.#freeAt = Math.max(this.#freeAt, this.#time.now) + bytes / bytesPerMs;
    const arrivesAt = Math.max(this.#lastArrival, this.#freeAt + latencyMs + this.#random.number() * jitterMs);
    this.#lastArrival = arrivesAt;
    this.#waiting.push({ item, bytes, message, arrivesAt });
    this.#waitingBytes += bytes;
    this.#schedule();
  }

  /** Nothing arrives for so long; then everything does. */
  stall(forMs: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#time.now + forMs);
  }

  /** From now on the path is another one. */
  change(path: Path): void {
    this.#path = path;
  }

  /** A stall ends. */
  release(): void {
    this.#stalledUntil = 0;
    this.#time.soon(() => this.#pump());
  }

  /** After so many more messages `reached` is called, ahead of everything behind them. */
  limit(messages: number, reached: () => void): void {
    this.#messagesLeft = messages;
    this.#onLimit = reached;
  }

  /** Something arrives behind what is under way that was not sent now. */
  insert(item: Item, bytes: number): void {
    this.send(item, bytes, false);
  }

  /** What is under way is lost, and so is all that will be sent. */
  cut(): void {
    this.#cut = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #schedule(): void {
    const next = this.#waiting[0];
    if (this.#scheduled || next === undefined) return;
    this.#scheduled = true;
    const at = Math.max(next.arrivesAt, this.#stalledUntil);
    this.#time.after(at - this.#time.now, () => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const next = this.#waiting[0];
    if (next === undefined) return;
    if (next.arrivesAt > this.#time.now || this.#stalledUntil > this.#time.now) {
      this.#schedule();
      return;
    }
    if (next.message && this.#messagesLeft <= 0) {
      const reached = this.#onLimit;
      this.#onLimit = undefined;
      this.#messagesLeft = Number.POSITIVE_INFINITY;
      reached?.();
      this.#schedule();
      return;
    }
    this.#waiting.shift();
    this.#waitingBytes -= next.bytes;
    if (next.message) this.#messagesLeft -= 1;
    this.#schedule();
    this.#deliver(next.item);
  }
}
