import { mustTrim } from "@hawser/log";
import type { Append, Entry, EpochStart } from "@hawser/log";
import type { Channel } from "../channels/channel.ts";
import { encodeChannel } from "../records/channel-record.ts";
import type { ChannelState, OldestEntry } from "../records/channel-record.ts";
import { decodeEntry, encodeEntry } from "../records/entry-record.ts";
import { channelKey, entryKey } from "../records/keys.ts";
import { RecordError } from "../records/record-reader.ts";
import type { StorePort, Write } from "../store/store.ts";

/** The two clocks at one moment. */
export interface Now {
  /** Of the wall clock: what entries carry. */
  readonly time: number;
  /** Of the log's own clock: what ages are told by. */
  readonly moment: number;
}

interface KeptEntry extends OldestEntry {
  readonly record: Uint8Array;
}

/** What one transaction does to one channel. Nothing of it is felt outside before the commit. */
export class ChannelChange {
  readonly channel: Channel;
  /** What is appended, for the followers: also what the same transaction trims again. */
  readonly entries: Entry[] = [];
  readonly #store: StorePort;
  /** What is appended and kept, by offset. */
  readonly #kept = new Map<number, KeptEntry>();
  readonly #trimmed: number[] = [];
  #number: number;
  #end: number;
  #floor: number;
  #bytes: number;
  #oldest: OldestEntry | undefined;
  #lineage: readonly EpochStart[];

  constructor(channel: Channel, store: StorePort) {
    this.channel = channel;
    this.#store = store;
    const { state } = channel;
    this.#number = state?.number ?? 0;
    this.#end = state?.end ?? 0;
    this.#floor = state?.floor ?? 0;
    this.#bytes = state?.bytes ?? 0;
    this.#oldest = state?.oldest;
    this.#lineage = state?.lineage ?? [];
  }

  /** Of no meaning before the channel has an entry. */
  get number(): number {
    return this.#number;
  }

  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get lineage(): readonly EpochStart[] {
    return this.#lineage;
  }

  get changed(): boolean {
    return this.#end !== (this.channel.state?.end ?? 0) || this.#floor !== (this.channel.state?.floor ?? 0);
  }

  /** Gives a channel its number, with its first entry. */
  create(number: number): void {
    this.#number = number;
  }

  /** Appends, and gives the offset. */
  append(fields: Pick<Append, "payload" | "key" | "publisher">, now: Now, epoch: number, maxLineage: number): number {
    if (this.#lineage.at(-1)?.epoch !== epoch) {
      this.#lineage = [...this.#lineage, { epoch, start: this.#end }].slice(-maxLineage);
    }
    const { payload, key, publisher } = fields;
    const offset = this.#end + 1;
    const entry = { offset, time: now.time, payload, key, publisher };
    this.#end = offset;
    if (this.channel.policy.retainCount === 0 && this.#floor === offset - 1) {
      this.#floor = offset;
      this.entries.push(entry);
      return offset;
    }
    const bytes = payload.data.byteLength;
    const record = encodeEntry({ entry, moment: now.moment }, entryKey(this.#number, offset));
    this.#kept.set(offset, { record, bytes, moment: now.moment });
    this.#bytes += bytes;
    this.#oldest ??= { bytes, moment: now.moment };
    // Of the record, which is this log's own, and not of a buffer that its caller may keep alive or use again.
    const data = record.subarray(record.byteLength - bytes);
    this.entries.push({ ...entry, payload: { kind: payload.kind, data } });
    return offset;
  }

  /** Whether the policy asks for the oldest entry to go. */
  mustTrim(moment: number): boolean {
    if (this.#oldest === undefined) return false;
    const stats = { count: this.#end - this.#floor, bytes: this.#bytes };
    return mustTrim(this.channel.policy, stats, moment - this.#oldest.moment);
  }

  /** Trims at most `limit` entries; how many they were. */
  trim(moment: number, limit: number): number {
    let count = 0;
    while (count < limit && this.mustTrim(moment)) {
      this.#trimOldest();
      count += 1;
    }
    return count;
  }

  state(): ChannelState {
    return {
      number: this.#number,
      end: this.#end,
      floor: this.#floor,
      bytes: this.#bytes,
      oldest: this.#oldest,
      lineage: this.#lineage,
    };
  }

  writes(): Write[] {
    const writes: Write[] = [{ key: channelKey(this.channel.name), value: encodeChannel(this.state()) }];
    for (const offset of this.#trimmed) writes.push({ key: entryKey(this.#number, offset), value: undefined });
    for (const [offset, { record }] of this.#kept) writes.push({ key: entryKey(this.#number, offset), value: record });
    return writes;
  }

  #trimOldest(): void {
    const offset = this.#floor + 1;
    if (!this.#kept.delete(offset)) this.#trimmed.push(offset);
    this.#floor = offset;
    this.#bytes = offset === this.#end ? 0 : Math.max(this.#bytes - this.#oldest!.bytes, 0);
    this.#oldest = offset === this.#end ? undefined : this.#oldestAt(offset + 1);
  }

  #oldestAt(offset: number): OldestEntry {
    const kept = this.#kept.get(offset);
    if (kept !== undefined) return kept;
    const key = entryKey(this.#number, offset);
    const record = this.#store.get(key);
    try {
      if (record === undefined) throw new RecordError("an entry is missing");
      const { entry, moment } = decodeEntry(record, key, offset);
      return { bytes: entry.payload.data.byteLength, moment };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      // A broken entry is told to whoever reads it. It must not keep those behind it from being trimmed.
      return { bytes: 0, moment: 0 };
    }
  }
}
