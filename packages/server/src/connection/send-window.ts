/** Bounds of the bytes that may be sent and not confirmed. */
export interface SendWindowLimits {
  /** Never less than this. */
  readonly floorBytes: number;
  /** Never more than this. */
  readonly ceilingBytes: number;
}

/** What a window has to know of the process that it is in. */
export interface OwnTime {
  /** How long a confirmation that has come may lie in the kernel before it is read, in milliseconds. */
  readonly ms: number;
  /** From 0 to 1: at which part of what lies between two marks the first one comes. */
  takePhase(): number;
}

interface Mark {
  readonly id: number;
  readonly sentBytes: number;
  readonly confirmedBytes: number;
  /** When that much was confirmed, or this one was set when none was under way. */
  readonly confirmedAt: number;
  readonly at: number;
  /**
   * What held something back while this mark was under way. Only the limit tells what the path carries; a burst that was cut
   * tells that it may carry more.
   */
  heldBy: "nothing" | "burst" | "limit";
}

/** 1.25 times what the path holds: enough to see a rate that grew, little enough to keep the queue short. */
const gain = 1.25;
/** At first it grows by half each round trip, until the rate no longer follows: twice would overrun the path's queue. */
const startGain = 1.5;
/** Marks to a limit: the fewer, the more of a measured round trip is the sending of what lies between two marks. */
const marksPerLimit = 8;
/** Less than this between two marks costs more answers than it tells, unless the limit itself is small. */
const leastBytesToMark = 16_384;
const leastBurstShare = 0.5;
/** Shared: a connection that sends little has no marks and no rates. */
const none: readonly never[] = [];

const rateSamples = 10;
/** A least round trip older than this is measured anew, since paths change. */
const roundTripMemoryMs = 10_000;
/** Part of the limit that is under way while it is: a full path would show its queue, not its round trip. */
const probeShare = 0.4;
/** The same where the limit is the floor, which may be far more than the path holds. */
const floorProbeShare = 0.25;

const noTime: OwnTime = { ms: 0, takePhase: () => 0 };

/**
 * How many bytes a connection may have sent and not confirmed (section 8 of the specification). It follows the rate of
 * confirmation times the least round trip, as BBR does (draft-ietf-ccwg-bbr, section 2), because the kernel's own
 * buffer is invisible here and cannot be overtaken. To the round trip counts how long this process takes for a turn: what
 * is confirmed meanwhile it cannot know before, and on a path that is faster than the process it would write in bursts as
 * small as the path, turn by turn.
 */
export class SendWindow {
  readonly #limits: SendWindowLimits;
  readonly #own: OwnTime;
  #limit: number;
  #sent = 0;
  #confirmed = 0;
  #confirmedAt = 0;
  #marked = 0;
  #marks: readonly Mark[] = none;
  #nextId = 1;
  #rates: readonly number[] = none;
  /** What goes out in one turn of this process, as far as is known. */
  #turnBytes = 0;
  /** Something was while the mark that was confirmed last was under way. */
  #heldBack = false;
  /** What may be sent at once, as a part of the limit. */
  #burstShare = leastBurstShare;
  /** Until a round's rate grew by less than a quarter. */
  #starting = true;
  #roundRate = 0;
  /** While the round trip is measured anew: the first mark that was set since. */
  #probing: number | undefined;
  /** The first mark of the round that runs now: each round begins when a mark set in it is confirmed. */
  #roundBegan = 1;
  #leastRoundTripMs = Number.POSITIVE_INFINITY;
  #leastAt = 0;

  /** @param own - Default: it takes no time. */
  constructor(limits: SendWindowLimits, own: OwnTime = noTime) {
    this.#limits = limits;
    this.#own = own;
    this.#limit = limits.floorBytes;
    // Connections that are sent the same would all be marked in the same turn, and that would be a long one.
    this.#marked = -Math.floor(own.takePhase() * this.#bytesToMark());
  }

  get limitBytes(): number {
    return this.#probing === undefined ? this.#limit : this.#probeLimit();
  }

  /**
   * How much may be sent at once: half of what the path holds, and what goes out in a turn of this process. What was
   * confirmed while the process was busy elsewhere would else go out in one burst, which the path's queue need not take.
   */
  get burstBytes(): number {
    return this.#limit * this.#burstShare;
  }

  get unconfirmedBytes(): number {
    return this.#sent - this.#confirmed;
  }

  /** Bytes sent since the beginning. */
  get sentBytes(): number {
    return this.#sent;
  }

  /** Milliseconds, or `undefined` before the first confirmation. */
  get roundTripMs(): number | undefined {
    return Number.isFinite(this.#leastRoundTripMs) ? this.#leastRoundTripMs : undefined;
  }

  /** When the oldest mark that is still unanswered was set, in monotonic milliseconds. */
  get waitingSince(): number | undefined {
    return this.#marks[0]?.at;
  }

  /** Whether something may be sent. A reader that finds it closed must ask again after `confirmed`. */
  get open(): boolean {
    if (this.unconfirmedBytes < this.limitBytes) return true;
    for (const mark of this.#marks) mark.heldBy = "limit";
    return false;
  }

  /** There was more to send than went out at once. */
  cut(): void {
    for (const mark of this.#marks) if (mark.heldBy === "nothing") mark.heldBy = "burst";
  }

  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /**
   * The id of a mark to set now, if one is due: enough was sent behind the last one, or what was sent keeps the window
   * closed and no mark would open it, or `force`.
   *
   * @param sentBytes - Behind what it is set, where more is counted as sent already. Default all.
   */
  takeMark(now: number, force = false, sentBytes = this.#sent): number | undefined {
    const unmarked = sentBytes - this.#marked;
    if (!force && unmarked < this.#bytesToMark()) {
      const closed = unmarked > 0 && sentBytes === this.#sent && this.unconfirmedBytes >= this.limitBytes;
      if (!closed || this.#marks.length > 0) return undefined;
    }
    return this.#setMark(sentBytes, now, this.open ? "nothing" : "limit");
  }

  /**
   * The id of a mark to set ahead of what is sent now, if no round trip is known and this is much, or the round trip is
   * measured anew: behind it, its own sending would count as the path's.
   *
   * @param sentBefore - `sentBytes` as it was before.
   */
  takeMarkAhead(sentBefore: number, now: number): number | undefined {
    const isMuch = this.#sent - sentBefore >= leastBytesToMark;
    const isFirst = isMuch && this.roundTripMs === undefined && this.#marks.length === 0;
    return isFirst || this.#probing === this.#nextId ? this.#setMark(sentBefore, now, "nothing") : undefined;
  }

  #setMark(sentBytes: number, now: number, heldBy: Mark["heldBy"]): number {
    const id = this.#nextId++;
    const confirmedAt = this.#marks.length === 0 ? now : this.#confirmedAt;
    const mark = { id, sentBytes, confirmedBytes: this.#confirmed, confirmedAt, at: now, heldBy };
    this.#marks = [...this.#marks, mark];
    this.#marked = sentBytes;
    return id;
  }

  /** What goes out in one turn is confirmed in one, where there is room for it. */
  #bytesToMark(): number {
    const { limitBytes } = this;
    const turnBytes = this.#heldBack ? 0 : this.#turnBytes;
    return Math.min(Math.max(limitBytes / marksPerLimit, leastBytesToMark, turnBytes), limitBytes / 2);
  }

  /** The peer has received all that was sent before the mark. Unknown and repeated ids are ignored. */
  confirmed(id: number, now: number): void {
    const index = this.#marks.findIndex((mark) => mark.id === id);
    if (index === -1) return;
    const mark = this.#marks[index]!;
    this.#marks = index + 1 === this.#marks.length ? none : this.#marks.slice(index + 1);
    const elapsedMs = Math.max(now - mark.at, 0.01);
    this.#learnRoundTrip(elapsedMs, mark, now);
    this.#confirmed = mark.sentBytes;
    this.#confirmedAt = now;
    // Since the confirmation before: what was held up and then confirmed at once came no faster than that.
    this.#learn((mark.sentBytes - mark.confirmedBytes) / Math.max(now - mark.confirmedAt, elapsedMs), mark);
  }

  #learnRoundTrip(elapsedMs: number, mark: Mark, now: number): void {
    const probed = this.#probing !== undefined && mark.id >= this.#probing;
    const old = now - this.#leastAt > roundTripMemoryMs;
    if (elapsedMs <= this.#leastRoundTripMs || probed || (old && mark.heldBy === "nothing")) {
      this.#leastRoundTripMs = elapsedMs;
      this.#leastAt = now;
      this.#probing = undefined;
    } else if (old && this.#probing === undefined) this.#probing = this.#nextId;
  }

  /** A rate that nothing limited but the sender's own silence is only a lower bound, and must not shrink the limit. */
  #learn(confirmedRate: number, mark: Mark): void {
    const isLimited = mark.heldBy === "limit";
    this.#heldBack = mark.heldBy !== "nothing";
    if (isLimited || confirmedRate > Math.max(0, ...this.#rates)) {
      this.#rates = [...this.#rates.slice(1 - rateSamples), confirmedRate];
    }
    if (!this.#heldBack) return;
    const rate = Math.max(...this.#rates);
    const held = rate * (this.#leastRoundTripMs + this.#own.ms);
    this.#turnBytes = rate * this.#own.ms;
    this.#burstShare = leastBurstShare * (1 + this.#turnBytes / held);
    if (this.#starting) this.#noteRound(mark.id, rate);
    const limit = this.#bounded(held * (this.#starting ? startGain : gain));
    this.#limit = this.#starting || !isLimited ? Math.max(this.#limit, limit) : limit;
  }

  /** With a round that brought less than a quarter more, the start is over. */
  #noteRound(markId: number, rate: number): void {
    if (markId < this.#roundBegan) return;
    this.#roundBegan = this.#nextId;
    this.#starting = rate >= this.#roundRate * 1.25;
    this.#roundRate = rate;
  }

  #probeLimit(): number {
    const { floorBytes } = this.#limits;
    return this.#limit > floorBytes ? this.#limit * probeShare : floorBytes * floorProbeShare;
  }

  #bounded(bytes: number): number {
    return Math.min(this.#limits.ceilingBytes, Math.max(this.#limits.floorBytes, Math.ceil(bytes)));
  }
}
