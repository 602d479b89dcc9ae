import type { Interval, Position } from "@hawser/protocol";
import type { StoredChannel, StoredEntry } from "../store/stored-channel.ts";
import type { Report } from "./violation.ts";

/** What a subscriber was given, as the application sees it. */
export interface SeenMessage {
  readonly position: Position;
  readonly publisher: string;
  readonly key: string;
  /** The message's data as JSON. */
  readonly json: string;
}

/** What a {@link StreamCheck} watches. */
export interface StreamCheckOptions {
  readonly channel: StoredChannel;
  /** Of the subscription, for what is reported. */
  readonly label: string;
  /** Where the subscription was asked to go on, if it was; epoch 0 stands for the one that it finds. */
  readonly from: Position | undefined;
  /** Whether the channel leaves out what has a newer message of its key (SUB-17). Default false. */
  readonly conflates?: boolean;
  /** Messages were rightly left out, since a newer one of their key had come. */
  readonly onLeftOut?: (messages: number) => void;
  readonly report: Report;
}

/**
 * Holds one subscription's stream against the log's truth: in order, once, nothing missing unless it was told as lost, and
 * that only where the log did trim; a reset only where the log did go another way.
 */
export class StreamCheck {
  readonly #channel: StoredChannel;
  readonly #label: string;
  readonly #report: Report;
  /** Everything at or below it was seen, or told as lost. */
  #cursor: Position | undefined;
  readonly #startOffset: number | undefined;
  #messages = 0;
  #lost: Interval[] = [];
  /** It was told last that the log is another one. */
  #startsOver = false;
  readonly #conflates: boolean;
  /** Epochs in which it stood: what was left out for a newer message of one is not sent again when that message is gone (SUB-17). */
  readonly #epochs = new Set<number>();
  readonly #onLeftOut: (messages: number) => void;

  constructor({ channel, label, from, conflates = false, onLeftOut = () => {}, report }: StreamCheckOptions) {
    this.#channel = channel;
    this.#label = label;
    this.#cursor = from !== undefined && from.epoch > 0 ? from : undefined;
    this.#startOffset = from?.offset;
    this.#conflates = conflates;
    this.#onLeftOut = onLeftOut;
    this.#report = report;
  }

  get messages(): number {
    return this.#messages;
  }

  get cursor(): Position | undefined {
    return this.#cursor;
  }

  /** What it was told as lost, in order. */
  get lost(): readonly Interval[] {
    return this.#lost;
  }

  /** Whether it has had everything that the log holds. */
  get complete(): boolean {
    const cursor = this.#cursor;
    if (cursor === undefined) return false;
    const { epoch, end } = this.#channel.head;
    if (cursor.epoch > epoch) return false;
    const parts = this.#channel.partsFrom(cursor.epoch, epoch) ?? 0;
    return cursor.offset <= parts && this.#missed(epoch, cursor.offset, end).missed.length === 0;
  }

  /** @param last - how many of the newest messages were asked for. */
  onSubscribed(position: Position, last: number): void {
    if (this.#cursor !== undefined) return;
    const { epoch, end, floor } = this.#channel.head;
    if (position.epoch === epoch) {
      if (position.offset > end) this.#fail(`begins at ${position.offset}, above the end ${end}`);
      const kept = this.#channel.entriesIn(epoch, floor, end).length;
      const above = this.#channel.entriesIn(epoch, position.offset, end).length;
      if (above < Math.min(last, kept)) this.#fail(`asked for the last ${last} of ${kept}, and begins with ${above}`);
    }
    this.#cursor = this.#startOffset === undefined ? position : { epoch: position.epoch, offset: this.#startOffset };
  }

  onMessage(message: SeenMessage): void {
    const { position } = message;
    const cursor = this.#carry(position.epoch);
    this.#startsOver = false;
    this.#messages += 1;
    if (cursor !== undefined && position.offset <= cursor.offset) {
      this.#fail(`got ${show(position)} when it had ${show(cursor)} already`);
      return;
    }
    if (cursor !== undefined)
      this.#expectNothing(position.epoch, cursor.offset, position.offset - 1, `before ${show(position)}`);
    const entry = this.#channel.entryAt(position.epoch, position.offset);
    if (entry === undefined) this.#fail(`got ${message.json} at ${show(position)}, where the log has nothing`);
    else this.#compare(message, entry);
    this.#cursor = position;
  }

  onLost(epoch: number, interval: Interval): void {
    const cursor = this.#carry(epoch);
    this.#lost.push(interval);
    if (cursor !== undefined && interval.from < cursor.offset) {
      this.#fail(`was told that (${interval.from}, ${interval.to}] is lost, but had ${show(cursor)} already`);
    }
    if (cursor !== undefined) this.#expectNothing(epoch, cursor.offset, interval.from, "before what is told as lost");
    const floor = this.#channel.floorOf(epoch);
    // Who may not read history is let in at the end of a log that he does not know.
    if (interval.to > floor && !this.#startsOver)
      this.#fail(`was told that (${interval.from}, ${interval.to}] is lost, but the floor is ${floor}`);
    this.#cursor = { epoch, offset: interval.to };
  }

  onReset(reason: string, from: Position, position: Position): void {
    const cursor = this.#cursor;
    if (cursor !== undefined && cursor.epoch === from.epoch) {
      this.#expectNothing(from.epoch, cursor.offset, from.offset, "before a reset");
    }
    const parts = this.#channel.partsFrom(from.epoch, position.epoch);
    const known = this.#channel.wentThrough(from.epoch, position.epoch);
    this.#startsOver = reason === "unknown" && !known;
    if (this.#startsOver) {
      const floor = this.#channel.floorOf(position.epoch);
      if (position.offset > floor) this.#fail(`starts over at ${show(position)}, but the floor is ${floor}`);
    } else if (reason !== "truncated" || !known) {
      this.#fail(
        `was reset (${reason}) from ${show(from)} to ${show(position)}, which the log ${known ? "knows" : "does not know"}`,
      );
    } else if (parts === undefined || from.offset <= parts) {
      this.#fail(`was reset (${reason}) from ${show(from)}, which is still in the log of epoch ${position.epoch}`);
    } else if (position.offset !== parts) {
      this.#fail(`was reset (${reason}) to ${show(position)}, but the logs part at ${parts}`);
    }
    this.#cursor = position;
  }

  /** What is missing at the end, in words. */
  describeMissing(): string {
    const cursor = this.#cursor;
    if (cursor === undefined) return `${this.#label} never began`;
    const { epoch, end } = this.#channel.head;
    const missing = this.#channel.entriesIn(epoch, cursor.offset, end).length;
    return `${this.#label} stands at ${show(cursor)} and lacks ${missing} of the log, which ends at ${show({ epoch, offset: end })}`;
  }

  /** The cursor in a later epoch, which it may go to without a word only when that has all that it has seen. */
  #carry(epoch: number): Position | undefined {
    const cursor = this.#cursor;
    if (cursor === undefined || cursor.epoch === epoch) return cursor;
    this.#epochs.add(cursor.epoch);
    if (epoch < cursor.epoch) {
      this.#fail(`went from epoch ${cursor.epoch} back to ${epoch}`);
      return undefined;
    }
    const parts = this.#channel.partsFrom(cursor.epoch, epoch);
    if (parts === undefined || cursor.offset > parts) {
      this.#fail(`went from ${show(cursor)} to epoch ${epoch}, which parts at ${parts}, without a reset`);
    }
    return { epoch, offset: cursor.offset };
  }

  #expectNothing(epoch: number, from: number, to: number, where: string): void {
    const { passed, missed } = this.#missed(epoch, from, to);
    this.#onLeftOut(passed.length - missed.length);
    if (missed.length > 0)
      this.#fail(`missed ${missed.length} messages ${where}: ${missed.map((entry) => entry.offset).join(", ")}`);
  }

  /** What the log has there, and what of it should have been sent. */
  #missed(epoch: number, from: number, to: number): Record<"passed" | "missed", readonly StoredEntry[]> {
    const passed = this.#channel.entriesIn(epoch, from, to);
    if (passed.length === 0 || !this.#conflates) return { passed, missed: passed };
    const newest = this.#newestByKey(epoch);
    return { passed, missed: passed.filter(({ key, offset }) => (newest.get(key) ?? 0) <= offset) };
  }

  /** Of each key that a message has, the offset of the newest one that the log ever held, in an epoch or those that led to it. */
  #newestByKey(epoch: number): Map<string, number> {
    const newest = new Map<string, number>();
    const stood = new Set([...this.#epochs, this.#cursor?.epoch, epoch]);
    for (const one of this.#channel.epochs.filter((known) => stood.has(known)))
      for (const { key, offset } of this.#channel.entriesIn(one, 0, Number.MAX_SAFE_INTEGER))
        if (key !== "") newest.set(key, Math.max(offset, newest.get(key) ?? 0));
    return newest;
  }

  #compare(message: SeenMessage, entry: StoredEntry): void {
    const json = entry.payload === undefined ? "" : Buffer.from(entry.payload.data).toString("utf8");
    if (json !== message.json)
      this.#fail(`got ${message.json} at ${show(message.position)}, where the log has ${json}`);
    if (entry.publisher !== message.publisher)
      this.#fail(`got ${message.json} as of ${message.publisher}, not ${entry.publisher}`);
    if (entry.key !== message.key) this.#fail(`got ${message.json} with the key ${message.key}, not ${entry.key}`);
  }

  #fail(message: string): void {
    this.#report(`${this.#label} ${message}`);
  }
}

function show(position: Position): string {
  return `${position.epoch % 1_000_000}/${position.offset}`;
}
