import type { HawserError, Timer, Timers } from "@hawser/protocol";
import type { Backoff } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { OutboxItem } from "./outbox-item.ts";
import { ProducerChain } from "./producer-chain.ts";
import type { Attempt, Failure, Rejection } from "./producer-chain.ts";
import { UnsentQueue } from "./unsent-queue.ts";

/** What one channel of an outbox works with. */
export interface OutboxChannelOptions {
  readonly name: string;
  readonly lane: string;
  readonly producer: Uint8Array;
  readonly newProducer: () => Uint8Array;
  readonly timers: Timers;
  readonly backoff: Backoff;
  readonly onFailure: (item: OutboxItem, failure: Failure, cause: HawserError | undefined) => void;
  /** It has waited, and has something to send again. */
  readonly onReady: () => void;
}

/** A channel's use of one connection. What belongs to a former one means nothing any more. */
export interface OutboxPlace {
  readonly link: Link;
  /** A turn was asked for, and has not come yet. */
  asked: boolean;
  /** Requests that were sent and have no answer. */
  open: number;
}

/** One channel of the outbox: its chain, and when it may go on after it was told to wait. */
export class OutboxChannel {
  readonly name: string;
  readonly lane: string;
  /** What was never sent. */
  readonly unsent = new UnsentQueue<OutboxItem>();
  readonly chain: ProducerChain<OutboxItem>;
  /** The one connection over which it goes now. */
  place: OutboxPlace | undefined;
  readonly #timers: Timers;
  readonly #backoff: Backoff;
  readonly #onReady: () => void;
  #pause: Timer | undefined;

  constructor(options: OutboxChannelOptions) {
    this.chain = new ProducerChain(this.unsent, options.producer, options.newProducer, options.onFailure);
    this.name = options.name;
    this.lane = options.lane;
    this.#timers = options.timers;
    this.#backoff = options.backoff;
    this.#onReady = options.onReady;
  }

  /** Whether a turn would be of use. */
  get wants(): boolean {
    return this.#pause === undefined && this.chain.sendable > 0 && !this.place?.asked;
  }

  /** Requests of it that have no answer. */
  get open(): number {
    return this.place?.open ?? 0;
  }

  /** Nothing of it is under way, so that it may be forgotten. */
  get isIdle(): boolean {
    return this.chain.isEmpty && this.unsent.size === 0 && this.open === 0;
  }

  /** What to send in the turn that has come. */
  next(isOld: (item: OutboxItem) => boolean): Attempt<OutboxItem> | undefined {
    if (this.#pause !== undefined) return undefined;
    this.chain.giveUpOld(isOld);
    return this.chain.next();
  }

  /** @returns whether the item had no outcome before. */
  accept(attempt: Attempt<OutboxItem>): boolean {
    this.#backoff.reset();
    return this.chain.accept(attempt);
  }

  /** The channel stands still until it may try again, so that its order is kept. */
  reject(attempt: Attempt<OutboxItem>, rejection: Rejection): void {
    if (!this.chain.reject(attempt, rejection) || this.#pause !== undefined) return;
    const { code, retryAfterMs } = rejection.error;
    const delayMs = this.#backoff.next(retryAfterMs);
    // Once, the log's word where to go on is all that was missing. If it says so again, something else is wrong.
    const informed = code === "out-of-order" || code === "producer-unknown";
    if (informed && this.#backoff.failures === 1) return;
    this.#pause = this.#timers.after(delayMs, () => {
      this.#pause = undefined;
      this.#onReady();
    });
  }

  /** The connection is gone, or was left: what has no answer goes again, over the next one. */
  lose(): void {
    this.place = undefined;
    this.chain.lose();
  }

  /** No more. @returns what was never sent. */
  end(error: HawserError): OutboxItem[] {
    this.#pause?.cancel();
    this.chain.end(error);
    return this.unsent.clear();
  }
}
