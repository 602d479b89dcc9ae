import type { Entry, EpochStart, Head, Page, ReadOptions } from "@hawser/log";
import { nextEpoch } from "@hawser/protocol";
import type { Connection } from "../connection/nats-connection.ts";
import { readMessages, readNext } from "../read/read-messages.ts";
import type { ReadPlace } from "../read/read-messages.ts";
import { stateOf } from "../stream/stream-state.ts";
import type { StreamState } from "../stream/stream-state.ts";
import { boundEntry } from "./bindings.ts";
import type { CompiledBinding } from "./bindings.ts";

/** Of the first step of a read backward; each one after it is so many times as wide. */
const firstStep = 256;
const stepFactor = 4;

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

  async head(subject: string): Promise<Head> {
    return (await this.#look(subject)).head;
  }

  async read(subject: string, after: number, { maxCount, maxBytes }: ReadOptions): Promise<Page> {
    const { head, place } = await this.#look(subject);
    const { epoch, floor, end } = head;
    const from = Math.max(after, floor);
    const found = from < end ? await this.#entries(place, from, end, maxCount) : [];
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
    let found: readonly Entry[] = [];
    let low = to;
    for (let step = firstStep; low > bottom && found.length < maxCount; step *= stepFactor) {
      const from = Math.max(bottom, low - step);
      found = [...(await this.#entries(place, from, low, Infinity)), ...found];
      low = from;
    }
    const newest = found.toReversed().slice(0, maxCount);
    const entries = newest.slice(0, fitting(newest, maxBytes)).reverse();
    const oldest = entries[0]?.offset;
    const more = oldest !== undefined && first !== undefined && first.sequence < oldest;
    return { epoch, floor, interval: { from: more ? oldest - 1 : floor, to }, entries, more };
  }

  async #look(subject: string): Promise<{ readonly head: Head; readonly place: ReadPlace }> {
    const { stream } = this.binding;
    const state = await this.state();
    const query = { last_by_subj: subject };
    const last = await this.#ask(() => this.#connection.manager.streams.getMessage(stream, query));
    const floor = state.start - 1;
    const head = { floor, end: Math.max(floor, last?.seq ?? 0), ...epochOf(state) };
    return { head, place: { connection: this.#connection, stream, isDirect: state.isDirect, subject } };
  }

  /** The oldest entries of `(after, through]`, all or `maxCount` of them. */
  async #entries(place: ReadPlace, after: number, through: number, maxCount: number): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    for (let at = after; at < through && entries.length < maxCount;) {
      const found = await this.#ask(() => readMessages(place, at + 1, maxCount - entries.length));
      // A replica that lags behind has none where the leader has one.
      const next = found.length > 0 ? found : [await this.#ask(() => readNext(place, at + 1))];
      for (const message of next) {
        if (message === undefined || message.sequence > through) return entries;
        entries.push(boundEntry(message, this.binding.kind));
        at = message.sequence;
      }
    }
    return entries;
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

function what(stream: string): string {
  return `NATS stream ${stream}`;
}
