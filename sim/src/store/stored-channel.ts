import type { Append, AppendOutcome, Entry, EpochStart, Head, LogPolicy, Page, ReadOptions } from "@hawser/log";

/** An entry as the store has it: with who wrote it, and in which epoch. */
export interface StoredEntry extends Entry {
  readonly epoch: number;
  readonly producer: string;
  readonly sequence: number;
}

interface ProducerRow {
  last: number;
  until: number;
  readonly offsets: Map<number, number>;
}

/** All that a copy of the data holds of one channel. */
export interface ChannelCopy {
  readonly entries: readonly StoredEntry[];
  readonly floor: number;
  readonly end: number;
  readonly lineage: readonly EpochStart[];
  readonly producers: ReadonlyMap<string, ProducerRow>;
}

/** What an epoch grew out of: entries at or below `start` are those of `parent`. */
interface EpochRecord {
  readonly parent: number | undefined;
  readonly start: number;
  readonly entries: StoredEntry[];
  floor: number;
}

/** What changed in a channel, for those who follow it. */
export type ChannelChange =
  | { readonly kind: "entry"; readonly entry: StoredEntry; readonly from: number }
  | { readonly kind: "floor"; readonly floor: number }
  | { readonly kind: "epoch"; readonly head: Head };

/**
 * One channel of the durable store: written anew, without the code under test, since it is what that code is held
 * against. Beside what the log holds now it remembers everything that it ever held, epoch by epoch.
 */
export class StoredChannel {
  readonly name: string;
  readonly #policy: LogPolicy;
  readonly #records = new Map<number, EpochRecord>();
  readonly #followers = new Set<(change: ChannelChange) => void>();
  #entries: StoredEntry[] = [];
  #floor = 0;
  #end = 0;
  #lineage: EpochStart[];
  #producers = new Map<string, ProducerRow>();

  constructor(name: string, policy: LogPolicy, epoch: number) {
    this.name = name;
    this.#policy = policy;
    this.#lineage = [{ epoch, start: 0 }];
    this.#records.set(epoch, { parent: undefined, start: 0, entries: [], floor: 0 });
  }

  get epoch(): number {
    return this.#lineage.at(-1)!.epoch;
  }

  get head(): Head {
    return { epoch: this.epoch, floor: this.#floor, end: this.#end, lineage: [...this.#lineage] };
  }

  /** What the log holds now, the oldest first. */
  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  /** Every epoch that there was. */
  get epochs(): readonly number[] {
    return [...this.#records.keys()];
  }

  follow(listener: (change: ChannelChange) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** Takes the epochs of another log in the place of its own. */
  adoptHead(head: Head): void {
    this.#records.clear();
    let parent: number | undefined;
    for (const { epoch, start } of head.lineage) {
      this.#records.set(epoch, { parent, start, entries: [], floor: head.floor });
      parent = epoch;
    }
    this.#lineage = [...head.lineage];
    this.#entries = [];
    this.#floor = head.floor;
    this.#end = head.end;
  }

  /** Takes entries that another log holds, in their order. */
  adopt(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const epoch = this.#lineage.findLast(({ start }) => start < entry.offset)?.epoch ?? this.#lineage[0]!.epoch;
      const stored: StoredEntry = { ...entry, epoch, producer: "", sequence: 0 };
      this.#entries.push(stored);
      this.#records.get(epoch)!.entries.push(stored);
    }
  }

  /** PUB-1 to PUB-4. `step` is how much the offset rises. */
  append(append: Append, time: number, moment: number, step: number): AppendOutcome {
    const row = this.#row(append.producer, moment);
    if (append.producer !== "") {
      const last = row?.last ?? 0;
      if (append.previous !== last) {
        if (row === undefined) return { kind: "producer-unknown" };
        if (append.sequence > last) return { kind: "out-of-order", last };
      }
      if (row !== undefined && append.sequence <= last) {
        const offset = row.offsets.get(append.sequence);
        return offset === undefined
          ? { kind: "duplicate", epoch: 0, offset: 0 }
          : { kind: "duplicate", epoch: this.epoch, offset };
      }
    }
    return { kind: "accepted", epoch: this.epoch, offset: this.#accept(append, time, moment, step) };
  }

  /** Everything at or below goes. */
  trim(through: number): void {
    const floor = Math.min(through, this.#end);
    if (floor <= this.#floor) return;
    this.#floor = floor;
    const record = this.#records.get(this.epoch)!;
    record.floor = Math.max(record.floor, floor);
    this.#entries = this.#entries.filter((entry) => entry.offset > floor);
    this.#tell({ kind: "floor", floor });
  }

  /** What age alone trims. */
  trimByAge(time: number): void {
    let through = 0;
    for (const entry of this.#entries) {
      if (time - entry.time < this.#policy.retainAgeMs) break;
      through = entry.offset;
    }
    this.trim(through);
  }

  copy(): ChannelCopy {
    const producers = new Map<string, ProducerRow>();
    for (const [name, row] of this.#producers) producers.set(name, { ...row, offsets: new Map(row.offsets) });
    return { entries: [...this.#entries], floor: this.#floor, end: this.#end, lineage: [...this.#lineage], producers };
  }

  /** An older copy stands in the data's place; an epoch has to begin before anything is written. */
  replace(copy: ChannelCopy): void {
    this.#entries = [...copy.entries];
    this.#floor = copy.floor;
    this.#end = copy.end;
    this.#lineage = [...copy.lineage];
    this.#producers = new Map();
    for (const [name, row] of copy.producers) this.#producers.set(name, { ...row, offsets: new Map(row.offsets) });
  }

  /** A new epoch, which begins at the end: nothing is lost by that. */
  beginEpoch(epoch: number): void {
    const parent = this.#lineage.at(-1)!.epoch;
    this.#lineage.push({ epoch, start: this.#end });
    this.#records.set(epoch, { parent, start: this.#end, entries: [], floor: this.#floor });
    this.#tell({ kind: "epoch", head: this.head });
  }

  read(after: number, options: ReadOptions): Page {
    const from = Math.max(after, this.#floor);
    const above = this.#entries.filter((entry) => entry.offset > from);
    const entries = take(above, options);
    const more = entries.length < above.length;
    const to = more ? entries.at(-1)!.offset : Math.max(this.#end, from);
    return { epoch: this.epoch, floor: this.#floor, interval: { from, to }, entries, more };
  }

  readBackward(through: number, options: ReadOptions): Page {
    const to = Math.max(Math.min(through, this.#end), this.#floor);
    const below = this.#entries.filter((entry) => entry.offset <= to).reverse();
    const entries = take(below, options).reverse();
    const more = entries.length < below.length;
    const from = more ? entries[0]!.offset - 1 : this.#floor;
    return { epoch: this.epoch, floor: this.#floor, interval: { from, to }, entries, more };
  }

  /** What the log of an epoch ever held in `(from, to]`, trimmed or not. */
  entriesIn(epoch: number, from: number, to: number): readonly StoredEntry[] {
    const record = this.#records.get(epoch);
    if (record === undefined) throw new Error(`channel ${this.name} never had the epoch ${epoch}`);
    const inherited = record.parent === undefined ? [] : this.#inherited(record, from, to);
    const own = record.entries.filter((entry) => entry.offset > from && entry.offset <= to);
    return inherited.length === 0 ? own : [...inherited, ...own];
  }

  entryAt(epoch: number, offset: number): StoredEntry | undefined {
    return this.entriesIn(epoch, offset - 1, offset)[0];
  }

  /** How far the log of an epoch was ever trimmed. */
  floorOf(epoch: number): number {
    return this.#records.get(epoch)?.floor ?? 0;
  }

  /** Whether the log of `epoch` went through `older`, as far as its copy of the data knows. */
  wentThrough(older: number, epoch: number): boolean {
    return this.#ancestry(epoch).some((begun) => begun.epoch === older);
  }

  /** Up to where the logs of two epochs hold the same; `undefined` when they have nothing in common. */
  partsFrom(older: number, epoch: number): number | undefined {
    const [one, other] = [this.#ancestry(older), this.#ancestry(epoch)];
    const at = one.findIndex((begun, index) => begun.epoch !== other[index]?.epoch);
    if (at === 0) return undefined;
    const parts = at === -1 ? one.length : at;
    return Math.min(one[parts]?.start ?? Number.POSITIVE_INFINITY, other[parts]?.start ?? Number.POSITIVE_INFINITY);
  }

  /** The epochs that an epoch grew out of, and itself, the oldest first. */
  #ancestry(epoch: number): readonly EpochStart[] {
    const ancestry: EpochStart[] = [];
    for (let at: number | undefined = epoch; at !== undefined;) {
      const record: EpochRecord | undefined = this.#records.get(at);
      if (record === undefined) break;
      ancestry.unshift({ epoch: at, start: record.start });
      at = record.parent;
    }
    return ancestry;
  }

  #inherited(record: EpochRecord, from: number, to: number): readonly StoredEntry[] {
    const until = Math.min(to, record.start);
    return from >= until ? [] : this.entriesIn(record.parent!, from, until);
  }

  #accept(append: Append, time: number, moment: number, step: number): number {
    const from = this.#end;
    const offset = from + step;
    const { producer, sequence, key, publisher } = append;
    const payload = { kind: append.payload.kind, data: Uint8Array.from(append.payload.data) };
    const entry: StoredEntry = { offset, time, payload, key, publisher, epoch: this.epoch, producer, sequence };
    this.#end = offset;
    this.#entries.push(entry);
    this.#records.get(this.epoch)!.entries.push(entry);
    if (producer !== "") this.#remember(producer, sequence, offset, moment);
    this.#tell({ kind: "entry", entry, from });
    this.#retain();
    return offset;
  }

  #retain(): void {
    const surplus = this.#entries.length - this.#policy.retainCount;
    if (surplus > 0) this.trim(this.#entries[surplus - 1]!.offset);
    let bytes = 0;
    for (const entry of this.#entries) bytes += entry.payload?.data.length ?? 0;
    let through = 0;
    for (const entry of this.#entries.slice(0, -1)) {
      if (bytes <= this.#policy.retainBytes) break;
      bytes -= entry.payload?.data.length ?? 0;
      through = entry.offset;
    }
    this.trim(through);
  }

  #row(producer: string, moment: number): ProducerRow | undefined {
    const row = this.#producers.get(producer);
    if (row === undefined || moment < row.until) return row;
    this.#producers.delete(producer);
    return undefined;
  }

  #remember(producer: string, sequence: number, offset: number, moment: number): void {
    const row = this.#producers.get(producer) ?? { last: 0, until: 0, offsets: new Map<number, number>() };
    row.last = sequence;
    row.until = moment + this.#policy.deduplicateMs;
    row.offsets.set(sequence, offset);
    this.#producers.set(producer, row);
  }

  #tell(change: ChannelChange): void {
    for (const listener of [...this.#followers]) listener(change);
  }
}

function take(entries: readonly StoredEntry[], options: ReadOptions): StoredEntry[] {
  const taken: StoredEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (taken.length > 0 && (taken.length >= options.maxCount || bytes >= options.maxBytes)) break;
    taken.push(entry);
    bytes += entry.payload?.data.length ?? 0;
  }
  return taken;
}
