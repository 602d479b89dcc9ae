import { HawserError } from "@hawser/protocol";
import type {
  Append,
  AppendOutcome,
  Entry,
  EpochStart,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  Page,
  ReadOptions,
} from "@hawser/log";

/** A log of one channel of which a test says what happens to it: new epochs, trims, a lost end, a time without an answer. */
export class ScriptedLog implements Log {
  readonly capabilities: LogCapabilities = {
    name: "scripted",
    durabilities: ["memory", "commit", "flush"],
    deduplicates: true,
    history: "indexed",
    ephemeral: true,
  };
  /** What reads take, before and after they look, and what is told. Default: no time. */
  delay: (() => Promise<void>) | undefined;
  #telling = Promise.resolve();
  /** Reads and follows reject. */
  silent = false;
  /** What each epoch's log held at its end, trimmed or not. */
  readonly history = new Map<number, readonly Entry[]>();
  #all: Entry[] = [];
  #serial = 0;
  #entries: Entry[] = [];
  #lineage: EpochStart[] = [{ epoch: 1, start: 0 }];
  #floor = 0;
  readonly #followers = new Set<FollowHandlers>();

  get headNow(): Head {
    const end = Math.max(this.#entries.at(-1)?.offset ?? 0, this.#floor);
    return { epoch: this.#lineage.at(-1)!.epoch, floor: this.#floor, end, lineage: [...this.#lineage] };
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** Appends that many entries at once, and tells them. */
  add(count: number, bytes = 1): void {
    const from = this.headNow.end;
    const entries = Array.from({ length: count }, (_, index): Entry => ({
      offset: from + index + 1,
      time: 0,
      payload: { kind: "bytes", data: this.#data(bytes) },
      key: "",
      publisher: "",
    }));
    this.#entries.push(...entries);
    this.#all.push(...entries);
    this.#note();
    this.#tell((each) => each.onEntries(entries, { from, to: from + count }));
  }

  trim(floor: number): void {
    this.#floor = floor;
    this.#entries = this.#entries.filter(({ offset }) => offset > floor);
    this.#tell((each) => each.onFloor(floor));
  }

  /** A new epoch, in which the entries above `start` are gone. */
  renew(epoch: number, start = this.headNow.end): void {
    this.#entries = this.#entries.filter(({ offset }) => offset <= start);
    this.#all = this.#all.filter(({ offset }) => offset <= start);
    this.#lineage = this.#lineage.map((each) => ({ ...each, start: Math.min(each.start, start) }));
    this.#lineage.push({ epoch, start });
    this.#note();
    const head = this.headNow;
    this.#tell((each) => each.onEpoch(head));
  }

  /** A new log, which knows nothing of the one before. */
  replace(epoch: number): void {
    this.#entries = [];
    this.#floor = 0;
    this.#lineage = [{ epoch, start: 0 }];
    this.#all = [];
    this.#note();
    const head = this.headNow;
    this.#tell((each) => each.onEpoch(head));
  }

  tellAvailable(available: boolean): void {
    this.#tell((each) => each.onAvailable?.(available));
  }

  async open(): Promise<void> {}

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const { epoch, end } = this.headNow;
    this.add(appends.length);
    return appends.map((_, index) => ({ kind: "accepted", epoch, offset: end + index + 1 }));
  }

  async head(): Promise<Head> {
    return this.headNow;
  }

  async read(_channel: string, after: number, options: ReadOptions): Promise<Page> {
    await this.delay?.();
    this.#answer();
    const page = this.#page(after, options);
    await this.delay?.();
    return page;
  }

  #page(after: number, { maxCount, maxBytes }: ReadOptions): Page {
    const { epoch, floor, end } = this.headNow;
    const from = Math.max(after, floor);
    const entries: Entry[] = [];
    let size = 0;
    for (const entry of this.#entries.filter(({ offset }) => offset > from)) {
      if (entries.length >= maxCount || (size >= maxBytes && entries.length > 0)) break;
      entries.push(entry);
      size += entry.payload?.data.byteLength ?? 0;
    }
    const more = (entries.at(-1)?.offset ?? end) < end;
    return { epoch, floor, interval: { from, to: more ? entries.at(-1)!.offset : Math.max(end, from) }, entries, more };
  }

  async readBackward(): Promise<Page> {
    throw new Error("not in this script");
  }

  async follow(_channel: string, handlers: FollowHandlers): Promise<Follower> {
    this.#answer();
    this.#followers.add(handlers);
    return { head: this.headNow, close: () => void this.#followers.delete(handlers) };
  }

  async close(): Promise<void> {
    this.#followers.clear();
  }

  /** What is told is told later than it is so, if there is a delay; in its order, to those who followed then. */
  #tell(call: (each: FollowHandlers) => void): void {
    const told = [...this.#followers];
    const now = (): void => {
      for (const each of told) if (this.#followers.has(each)) call(each);
    };
    if (this.delay === undefined) now();
    else this.#telling = this.#telling.then(this.delay).then(now);
  }

  #note(): void {
    this.history.set(this.headNow.epoch, [...this.#all]);
  }

  /** No two entries hold the same. */
  #data(bytes: number): Uint8Array {
    const data = new Uint8Array(Math.max(4, bytes));
    new DataView(data.buffer).setUint32(0, (this.#serial += 1));
    return data;
  }

  #answer(): void {
    if (this.silent) throw new HawserError("log-unavailable", "the scripted log is silent", { retry: true });
  }
}
