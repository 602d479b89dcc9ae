import type { ErrorCode, HawserError } from "@hawser/protocol";

/**
 * What became of an item that was not accepted. `rejected`: it is not in the log, and will not be. `unknown`: it may be
 * in the log, or not; the answer to an earlier attempt was lost, and can no longer be had.
 */
export type Failure = "rejected" | "unknown";

/** What was never sent, as the chain sees it. */
export interface Unsent<Item> {
  /** How many may be sent now. */
  readonly ready: number;
  /** Takes the one out that is to be sent. */
  shift(): Item | undefined;
}

/** An item that was sent at least once and has no outcome. */
interface Entry<Item> {
  readonly item: Item;
  readonly sequence: number;
  previous: number;
  /** Attempts on the connection in use whose answer may still come. */
  inFlight: number;
  /** An attempt's outcome is open, and its answer will not come: it may be in the log. */
  doubtful: boolean;
  latest: Attempt<Item> | undefined;
  settled: boolean;
}

/** One sending of one item: what the frame says. */
export interface Attempt<Item> {
  readonly item: Item;
  readonly producer: Uint8Array;
  readonly sequence: number;
  readonly previous: number;
  /** Whose attempt it is, and on which connection; opaque to others. */
  readonly entry: unknown;
  readonly connection: number;
}

/** What a `rejected` frame says. */
export interface Rejection {
  readonly error: HawserError;
  /** With `out-of-order`: the last sequence that the log accepted. */
  readonly last: number;
}

/** Answers after which the log may hold the message all the same (PUB-9). */
const openOutcomes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["log-unavailable", "internal"]);

/**
 * The publishes of one producer to one channel: numbers them, chains each to the one before it that still stands, and
 * decides from the answers what is sent again and what became of each (PUB-1 to PUB-12). It does no I/O and knows no time.
 *
 * Entries stand in the order of their sequences. Those before the cursor have an attempt under way on the connection;
 * the cursor goes back when something has to be sent again, and never passes over an entry: so the order is kept.
 */
export class ProducerChain<Item> {
  readonly #newProducer: () => Uint8Array;
  readonly #onFailure: (item: Item, failure: Failure, cause: HawserError | undefined) => void;
  readonly #unsent: Unsent<Item>;
  #producer: Uint8Array;
  /** Was sent to a log that had forgotten the producer, and is in none: to be numbered anew. */
  #again: Item[] = [];
  #sent: Entry<Item>[] = [];
  #cursor = 0;
  #lastSequence = 0;
  /** The last sequence that the log accepted, as far as is known. */
  #accepted = 0;
  /** Counts the connections that were used. */
  #connection = 0;
  /** The log has forgotten the producer: nothing is sent until the answers that are under way are in. */
  #renewing = false;

  /**
   * @param unsent - What was never sent; the chain takes out what it sends.
   * @param producer - 16 bytes.
   * @param newProducer - Draws another when the log has forgotten this one.
   * @param onFailure - Called once for each item that ends otherwise than by `accept`, with what the server said.
   */
  constructor(
    unsent: Unsent<Item>,
    producer: Uint8Array,
    newProducer: () => Uint8Array,
    onFailure: (item: Item, failure: Failure, cause: HawserError | undefined) => void,
  ) {
    this.#unsent = unsent;
    this.#producer = producer;
    this.#newProducer = newProducer;
    this.#onFailure = onFailure;
  }

  /** How many attempts `next` would give now. */
  get sendable(): number {
    return this.#renewing ? 0 : this.#sent.length - this.#cursor + this.#again.length + this.#unsent.ready;
  }

  /** Nothing that was sent waits for an outcome. */
  get isEmpty(): boolean {
    return this.#sent.length === 0 && this.#again.length === 0;
  }

  /** What to send next: first what has to be sent again, in order, then what is new. */
  next(): Attempt<Item> | undefined {
    if (this.sendable === 0) return undefined;
    if (this.#cursor === this.#sent.length) this.#number((this.#again.shift() ?? this.#unsent.shift())!);
    const entry = this.#sent[this.#cursor]!;
    this.#cursor += 1;
    entry.inFlight += 1;
    const { item, sequence, previous } = entry;
    entry.latest = { item, producer: this.#producer, sequence, previous, entry, connection: this.#connection };
    return entry.latest;
  }

  /**
   * A `published` came, for this attempt or an earlier one of the same item, on this connection or a former one.
   *
   * @returns whether the item had no outcome before.
   */
  accept(attempt: Attempt<Item>): boolean {
    const entry = this.#answered(attempt);
    const first = !entry.settled;
    if (first) {
      entry.settled = true;
      this.#remove(entry);
      this.#accepted = Math.max(this.#accepted, entry.sequence);
    }
    this.#renew(undefined);
    return first;
  }

  /**
   * A `rejected` came.
   *
   * @returns whether the channel has to wait before `next`: something that stands at the cursor was told to try again.
   */
  reject(attempt: Attempt<Item>, { error, last }: Rejection): boolean {
    const entry = this.#answered(attempt);
    if (openOutcomes.has(error.code)) entry.doubtful = true;
    // Only the latest attempt's refusal decides; an earlier one's says nothing about the one that follows it.
    const decides = !entry.settled && entry.latest === attempt;
    if (decides) this.#onRefusal(entry, error, last);
    const again = decides && !this.#renewing && !entry.settled;
    this.#renew(error);
    return again;
  }

  /**
   * Gives up what may be in the log and is so old that the log may have forgotten it, and would take it a second time
   * (PUB-13). Entries stand in the order in which they were first sent, so the old ones are the first.
   */
  giveUpOld(isOld: (item: Item) => boolean): void {
    for (;;) {
      const head = this.#sent[0];
      if (head === undefined || !head.doubtful || head.inFlight > 0 || !isOld(head.item)) return;
      this.#leaveOut(head);
      this.#fail(head, "unknown", undefined);
    }
  }

  /** The connection is gone: what has no answer is sent again, as it was (PUB-11). */
  lose(): void {
    for (const entry of this.#sent) {
      if (entry.inFlight > 0) entry.doubtful = true;
      entry.inFlight = 0;
      entry.latest = undefined;
    }
    this.#cursor = 0;
    this.#connection += 1;
    this.#renew(undefined);
  }

  /** No more: what was sent ends as `unknown`, and because of the error as `rejected` when no log has it (PUB-12). */
  end(error: HawserError): void {
    this.#cursor = 0;
    for (const entry of this.#sent.splice(0)) this.#fail(entry, "unknown", undefined);
    for (const item of this.#again.splice(0)) this.#onFailure(item, "rejected", error);
  }

  #number(item: Item): void {
    const previous = Math.max(this.#sent.at(-1)?.sequence ?? 0, this.#accepted);
    this.#lastSequence += 1;
    const sequence = this.#lastSequence;
    this.#sent.push({ item, sequence, previous, inFlight: 0, doubtful: false, latest: undefined, settled: false });
  }

  #answered(attempt: Attempt<Item>): Entry<Item> {
    const entry = attempt.entry as Entry<Item>;
    if (attempt.connection === this.#connection) entry.inFlight -= 1;
    return entry;
  }

  #onRefusal(entry: Entry<Item>, error: HawserError, last: number): void {
    if (error.code === "out-of-order" || (error.code === "producer-unknown" && this.#accepted === 0)) {
      // A log that has accepted nothing yet knows nothing of the producer: for it that is 0, and no loss of memory.
      this.#chainTo(last);
      this.#rewindTo(entry);
    } else if (error.code === "producer-unknown") {
      this.#renewing = true;
    } else if (error.retry) {
      this.#rewindTo(entry);
    } else {
      this.#giveUp(entry, error);
    }
  }

  #rewindTo(entry: Entry<Item>): void {
    this.#cursor = Math.min(this.#cursor, this.#sent.indexOf(entry));
  }

  /** The log says where it stands; what it has not accepted is chained anew from there. */
  #chainTo(last: number): void {
    this.#accepted = last;
    this.#lastSequence = Math.max(this.#lastSequence, last);
    let previous = last;
    for (const entry of this.#sent) {
      if (entry.sequence <= last) continue;
      entry.previous = previous;
      previous = entry.sequence;
    }
  }

  /** PUB-10: the next one is chained to what still stands. */
  #giveUp(entry: Entry<Item>, error: HawserError): void {
    this.#leaveOut(entry);
    // A refusal is of this attempt. An earlier one may have been accepted, even when this one is refused for what it is:
    // by another server with a stricter schema or a lower limit, or by the same one, configured anew (PUB-14).
    this.#fail(entry, entry.doubtful || entry.inFlight > 0 ? "unknown" : "rejected", error);
  }

  /** PUB-4: when all answers are in, what may be in the log is `unknown`, and the rest starts over with a new producer. */
  #renew(error: HawserError | undefined): void {
    if (!this.#renewing || this.#sent.some((entry) => entry.inFlight > 0)) return;
    const sent = this.#sent;
    this.#renewing = false;
    this.#producer = this.#newProducer();
    this.#sent = [];
    this.#cursor = this.#lastSequence = this.#accepted = 0;
    this.#again = [...sent.filter((entry) => !entry.doubtful).map((entry) => entry.item), ...this.#again];
    for (const entry of sent) {
      if (entry.doubtful) this.#fail(entry, "unknown", error);
      else entry.settled = true;
    }
  }

  #leaveOut(entry: Entry<Item>): void {
    const follower = this.#sent[this.#sent.indexOf(entry) + 1];
    if (follower?.previous === entry.sequence) follower.previous = entry.previous;
    this.#remove(entry);
  }

  #remove(entry: Entry<Item>): void {
    const index = this.#sent.indexOf(entry);
    this.#sent.splice(index, 1);
    if (index < this.#cursor) this.#cursor -= 1;
  }

  #fail(entry: Entry<Item>, failure: Failure, cause: HawserError | undefined): void {
    entry.settled = true;
    this.#onFailure(entry.item, failure, cause);
  }
}
