import { HawserError } from "@hawser/protocol";
import type { Payload, Timer, Timers } from "@hawser/protocol";
import type { Appender } from "../publish/appender.ts";
import { appendPlain } from "../publish/plain-append.ts";
import { memberKey } from "./presence-names.ts";
import { encodeControl } from "./presence-record.ts";
import type { DepartureRecord, LeaseRecord } from "./presence-record.ts";

export interface ControlWriterOptions {
  /** The control channel. */
  readonly channel: string;
  readonly appender: Appender;
  readonly timers: Timers;
  /** The life of this node under which is written, now. */
  readonly instance: () => string;
  /** Something could not be written. */
  readonly onFailed: () => void;
}

type Word =
  | { readonly kind: "entered"; readonly lease: LeaseRecord }
  | { readonly kind: "left"; readonly departure: DepartureRecord };

/** Until what could not be written is tried again. */
const retryMs = 1_000;

/**
 * What this node says of a channel's members. All that is said in one turn of the event loop goes in one record (or as
 * few as hold it), of each member the last word. A departure is said until the log has it.
 */
export class ControlWriter {
  readonly #options: ControlWriterOptions;
  #words = new Map<string, Word>();
  #waiting: ((failure: HawserError | undefined) => void)[] = [];
  #scheduled = false;
  #writing = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: ControlWriterOptions) {
    this.#options = options;
  }

  /** Nothing is under way, and nothing waits. */
  get idle(): boolean {
    return this.#words.size === 0 && this.#writing === 0;
  }

  enter(lease: LeaseRecord): void {
    this.#say(memberKey(lease.user, lease.member), { kind: "entered", lease });
  }

  leave(departure: DepartureRecord): void {
    this.#say(memberKey(departure.user, departure.member), { kind: "left", departure });
  }

  /** Resolves when what was said in this turn is in the log. Rejects with `log-unavailable` or `log-full`. */
  written(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((failure) => (failure === undefined ? resolve() : reject(failure)));
    });
  }

  /** What waits is not written any more. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#words.clear();
  }

  #say(key: string, word: Word): void {
    this.#words.delete(key);
    this.#words.set(key, word);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.timers.soon(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const words = this.#words;
    const waiting = this.#waiting;
    this.#words = new Map();
    this.#waiting = [];
    const records = this.#closed ? [] : this.#recordsOf(words);
    if (records.length === 0) {
      const closed = new HawserError("log-unavailable", "This node shuts down.", { retry: true });
      for (const done of waiting) done(closed);
      return;
    }
    const { appender, channel } = this.#options;
    let left = records.length;
    let failure: HawserError | undefined;
    this.#writing += 1;
    for (const payload of records) {
      appendPlain(appender, { channel, payload }, (result) => {
        if (result instanceof HawserError) failure ??= result;
        left -= 1;
        if (left > 0) return;
        this.#writing -= 1;
        if (failure !== undefined && !this.#closed) {
          this.#sayAgain(words);
          this.#options.onFailed();
        }
        for (const done of waiting) done(failure);
      });
    }
  }

  #recordsOf(words: ReadonlyMap<string, Word>): Payload[] {
    const entered: LeaseRecord[] = [];
    const left: DepartureRecord[] = [];
    for (const word of words.values()) {
      if (word.kind === "entered") entered.push(word.lease);
      else left.push(word.departure);
    }
    return encodeControl({ instance: this.#options.instance(), entered, left });
  }

  /** Whoever entered is told that it failed, and asks again; but nobody asks for a departure. */
  #sayAgain(words: ReadonlyMap<string, Word>): void {
    for (const [key, word] of words) if (word.kind === "left" && !this.#words.has(key)) this.#words.set(key, word);
    this.#retry ??= this.#options.timers.after(retryMs, () => {
      this.#retry = undefined;
      this.#schedule();
    });
  }
}
