import type { Entry, EpochStart, Head, Page, ReadOptions } from "@hawser/log";
import { HawserError, nextEpoch } from "@hawser/protocol";
import { StorageType } from "@nats-io/jetstream";
import type { Connection } from "../connection/nats-connection.ts";
import type { StoredMessage } from "../message/record-message.ts";
import { readMessages, readNext } from "../read/read-messages.ts";
import type { ReadPlace } from "../read/read-messages.ts";
import type { NatsSettings } from "../nats-options.ts";
import { stateOf } from "../stream/stream-state.ts";
import type { StreamState } from "../stream/stream-state.ts";
import { boundEntry } from "./bindings.ts";
import type { CompiledBinding } from "./bindings.ts";

/** Of the first step of a read backward; each one after it is so many times as wide. */
const firstStep = 256;
const stepFactor = 4;

/** How many of the newest messages are asked for: as many at most, and those of that time at least. */
export interface NewestOptions {
  readonly sinceMs: number;
  readonly maxCount: number;
}

/** The newest messages of a subject. */
export interface Newest {
  readonly state: StreamState;
  /** Sequence of the very last one, which may be none of them; 0: the subject has none. */
  readonly last: number;
  readonly messages: readonly StoredMessage[];
}

/** Reads subjects of a stream that others write. Offsets are the stream's sequences, its epoch is the time when it was made. */
export class BoundStream {
  readonly binding: CompiledBinding;
  readonly #connection: Connection;

  constructor(binding: CompiledBinding, connection: Connection) {
    this.binding = binding;
    this.#connection = connection;
  }

  /** What the stream's leader says of it. */
  async state(): Promise<StreamState> {
    const { stream } = this.binding;
    return stateOf(await this.#connection.ask(what(stream), () => this.#connection.manager.streams.info(stream)));
  }

  /**
   * Looks whether the stream is there and, where it is written to, whether it keeps what the options promise. Throws
   * `log-unavailable` when it is not there, `option-invalid` when it keeps less.
   */
  async hold({ storage }: NatsSettings): Promise<void> {
    const { stream, mode } = this.binding;
    const { config } = await this.#ask(() => this.#connection.manager.streams.info(stream));
    if (mode === "read") return;
    if (config.no_ack === true) refuse(`stream ${stream} does not acknowledge: its channels can only be read`);
    if (storage === "file" && config.storage !== StorageType.File) {
      refuse(`stream ${stream} is kept in memory: less than what is published there is promised`);
    }
    if (config.sealed) refuse(`stream ${stream} is sealed: its channels can only be read`);
  }

  async head(subject: string): Promise<Head> {
    return (await this.#look(subject)).head;
  }

  async read(subject: string, after: number, { maxCount, maxBytes }: ReadOptions): Promise<Page> {
    const { head, place } = await this.#look(subject);
    const { epoch, floor, end } = head;
    const from = Math.max(after, floor);
    const messages = from < end ? await this.#messages(place, from, end, maxCount) : [];
    const found = messages.map((message) => boundEntry(message, this.binding.kind));
    const entries = found.slice(0, fitting(found, maxBytes));
    const last = entries.at(-1)?.offset;
    const more = last !== undefined && last < end;
    return { epoch, floor, interval: { from, to: more ? last : Math.max(from, end) }, entries, more };
  }

  async readBackward(subject: string, through: number, { maxCount, maxBytes }: ReadOptions): Promise<Page> {
    const { head, place } = await this.#look(subject);
    const { epoch, floor, end } = head;
    const to = Math.max(floor, Math.min(through, end));
    const first = await this.#ask(() => readNext(place, floor + 1));
    const bottom = first === undefined ? to : Math.max(floor, first.sequence - 1);
    const found = await this.#backward(place, bottom, to, (messages) => messages.length >= maxCount);
    const newest = found
      .slice(-maxCount)
      .map((message) => boundEntry(message, this.binding.kind))
      .reverse();
    const entries = newest.slice(0, fitting(newest, maxBytes)).reverse();
    const oldest = entries[0]?.offset;
    const more = oldest !== undefined && first !== undefined && first.sequence < oldest;
    return { epoch, floor, interval: { from: more ? oldest - 1 : floor, to }, entries, more };
  }

  /** The newest messages of the subject above `after`: as many, and those of that time, in their order. */
  async newest(subject: string, after: number, { sinceMs, maxCount }: NewestOptions): Promise<Newest> {
    const { head, place, state } = await this.#look(subject);
    const bottom = Math.max(head.floor, after <= head.end ? after : 0);
    const isEnough = (messages: readonly StoredMessage[]): boolean =>
      messages.length >= maxCount || (messages[0]?.time ?? Infinity) < sinceMs;
    const messages = await this.#backward(place, bottom, head.end, isEnough);
    const last = head.end > head.floor ? head.end : 0;
    return { state, last, messages: messages.slice(-maxCount) };
  }

  async #look(
    subject: string,
  ): Promise<{ readonly head: Head; readonly place: ReadPlace; readonly state: StreamState }> {
    const { stream } = this.binding;
    const state = await this.state();
    const query = { last_by_subj: subject };
    const last = await this.#ask(() => this.#connection.manager.streams.getMessage(stream, query));
    const floor = state.start - 1;
    const head = { floor, end: Math.max(floor, last?.seq ?? 0), ...epochOf(state) };
    return { head, state, place: { connection: this.#connection, stream, isDirect: state.isDirect, subject } };
  }

  /** The newest messages of `(bottom, to]`, in steps downward until they are enough. */
  async #backward(
    place: ReadPlace,
    bottom: number,
    to: number,
    isEnough: (found: readonly StoredMessage[]) => boolean,
  ): Promise<readonly StoredMessage[]> {
    let found: readonly StoredMessage[] = [];
    let low = to;
    for (let step = firstStep; low > bottom && !isEnough(found); step *= stepFactor) {
      const from = Math.max(bottom, low - step);
      found = [...(await this.#messages(place, from, low, Infinity)), ...found];
      low = from;
    }
    return found;
  }

  /** The oldest messages of `(after, through]`, all or `maxCount` of them. */
  async #messages(
    place: ReadPlace,
    after: number,
    through: number,
    maxCount: number,
  ): Promise<readonly StoredMessage[]> {
    const messages: StoredMessage[] = [];
    for (let at = after; at < through && messages.length < maxCount;) {
      const found = await this.#ask(() => readMessages(place, at + 1, maxCount - messages.length));
      // A replica that lags behind has none where the leader has one.
      const next = found.length > 0 ? found : [await this.#ask(() => readNext(place, at + 1))];
      for (const message of next) {
        if (message === undefined || message.sequence > through) return messages;
        messages.push(message);
        at = message.sequence;
      }
    }
    return messages;
  }

  #ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    return this.#connection.ask(what(this.binding.stream), request);
  }
}

/** The epoch of a stream, the same on every node: another stream of its name is made later. */
export function epochOf({ created }: Pick<StreamState, "created">): { epoch: number; lineage: readonly EpochStart[] } {
  // Tenths of a microsecond, as 13 bits: what the server says has no zeros at its end.
  const fraction = (/\.(\d+)/.exec(created)?.[1] ?? "").padEnd(7, "0").slice(3, 7);
  const below = Math.floor((Number(fraction) * 8_192) / 10_000);
  const random = { number: () => 0, bytes: () => Uint8Array.of(below >> 8, below & 255) };
  const epoch = nextEpoch(Date.parse(created), random, 0);
  return { epoch, lineage: [{ epoch, start: 0 }] };
}

/** How many of them there are up to the one with which their bytes reach the limit. */
function fitting(entries: readonly Entry[], maxBytes: number): number {
  let bytes = 0;
  for (const [index, { payload }] of entries.entries()) {
    bytes += payload?.data.length ?? 0;
    if (bytes >= maxBytes) return index + 1;
  }
  return entries.length;
}

function refuse(why: string): never {
  throw new HawserError("option-invalid", `NATS: ${why}`);
}

function what(stream: string): string {
  return `NATS stream ${stream}`;
}
