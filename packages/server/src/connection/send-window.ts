/** Bounds of the bytes that may be sent and not confirmed. */
export interface SendWindowLimits {
  /** Never less than this. */
  readonly floorBytes: number;
  /** Never more than this. */
  readonly ceilingBytes: number;
}

interface Mark {
  readonly id: number;
  readonly sentBytes: number;
  readonly confirmedBytes: number;
  readonly at: number;
  /** Whether the limit held something back while this mark was under way: only then does its rate say what the path carries. */
  limited: boolean;
}

/** 1.25 times what the path holds: enough to see a rate that grew, little enough to keep the queue short. */
const gain = 1.25;
const rateSamples = 10;
/** A least round trip older than this is forgotten, since paths change. */
const roundTripMemoryMs = 10_000;

/**
 * How many bytes a connection may have sent and not confirmed (section 8 of the specification). It follows the rate of
 * confirmation times the least round trip, as BBR does (draft-ietf-ccwg-bbr, section 2), because the kernel's own
 * buffer is invisible here and cannot be overtaken.
 */
export class SendWindow {
  readonly #limits: SendWindowLimits;
  #limit: number;
  #sent = 0;
  #confirmed = 0;
  #marked = 0;
  #marks: Mark[] = [];
  #nextId = 1;
  #rates: number[] = [];
  #leastRoundTripMs = Number.POSITIVE_INFINITY;
  #leastAt = 0;

  constructor(limits: SendWindowLimits) {
    this.#limits = limits;
    this.#limit = Math.min(limits.ceilingBytes, limits.floorBytes * 4);
  }

  get limitBytes(): number {
    return this.#limit;
  }

  get unconfirmedBytes(): number {
    return this.#sent - this.#confirmed;
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
    if (this.unconfirmedBytes < this.#limit) return true;
    for (const mark of this.#marks) mark.limited = true;
    return false;
  }

  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /** The id of a mark to set now, if one is due: a quarter of the limit was sent behind the last one, or `force`. */
  takeMark(now: number, force = false): number | undefined {
    const unmarked = this.#sent - this.#marked;
    if (!force && unmarked * 4 < this.#limit) return undefined;
    const id = this.#nextId++;
    this.#marks.push({ id, sentBytes: this.#sent, confirmedBytes: this.#confirmed, at: now, limited: !this.open });
    this.#marked = this.#sent;
    return id;
  }

  /** The peer has received all that was sent before the mark. Unknown and repeated ids are ignored. */
  confirmed(id: number, now: number): void {
    const index = this.#marks.findIndex((mark) => mark.id === id);
    if (index === -1) return;
    const mark = this.#marks[index]!;
    this.#marks.splice(0, index + 1);
    const elapsedMs = Math.max(now - mark.at, 0.01);
    if (elapsedMs <= this.#leastRoundTripMs || now - this.#leastAt > roundTripMemoryMs) {
      this.#leastRoundTripMs = elapsedMs;
      this.#leastAt = now;
    }
    const rate = (mark.sentBytes - mark.confirmedBytes) / elapsedMs;
    this.#confirmed = mark.sentBytes;
    this.#learn(rate, mark.limited);
  }

  /** A rate that nothing limited but the sender's own silence is only a lower bound, and must not shrink the limit. */
  #learn(rate: number, limited: boolean): void {
    const best = Math.max(0, ...this.#rates);
    if (!limited && rate <= best) return;
    this.#rates.push(rate);
    if (this.#rates.length > rateSamples) this.#rates.shift();
    if (!limited) return;
    const product = Math.max(...this.#rates) * this.#leastRoundTripMs * gain;
    this.#limit = Math.min(this.#limits.ceilingBytes, Math.max(this.#limits.floorBytes, Math.ceil(product)));
  }
}
