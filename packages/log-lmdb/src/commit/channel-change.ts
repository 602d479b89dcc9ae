import { mustTrim } from "@hawser/log";
import type { Append, Entry, EpochStart } from "@hawser/log";
import { BlockReader } from "../channels/block-reader.ts";
import type { Channel } from "../channels/channel.ts";
import { encodeBlock, readBlock } from "../records/block-record.ts";
import type { BlockEntry, BlockSizes } from "../records/block-record.ts";
import { encodeChannel } from "../records/channel-record.ts";
import type { ChannelState, OldestEntry } from "../records/channel-record.ts";
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

/** Entries that one block holds at most, and payload bytes, but for one entry above that: what is read at once, too. */
const maxBlockEntries = 256;
const maxBlockBytes = 65_536;

interface NewBlock {
  readonly first: number;
  readonly last: number;
  readonly key: Uint8Array;
  readonly record: Uint8Array;
}

/** What one transaction does to one channel. Nothing of it is felt outside before the commit. */
export class ChannelChange {
  readonly channel: Channel;
  readonly #store: StorePort;
  readonly #now: Now;
  /** What is appended, also what the same transaction trims again. */
  readonly #appended: BlockEntry[] = [];
  /** The offset before the first that is appended. */
  readonly #before: number;
  /** Keys of blocks of which nothing is left. */
  readonly #emptied: Uint8Array[] = [];
  /** Nothing is kept: the channel is only ordered. */
  #ephemeral = false;
  #blocks: readonly NewBlock[] | undefined;
  #number: number;
  #end: number;
  #floor: number;
  #bytes: number;
  #oldest: OldestEntry | undefined;
  #lineage: readonly EpochStart[];

  constructor(channel: Channel, store: StorePort, now: Now) {
    this.channel = channel;
    this.#store = store;
    this.#now = now;
    const { state } = channel;
    this.#number = state?.number ?? 0;
    this.#end = state?.end ?? 0;
    this.#before = this.#end;
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
  append(entry: Pick<Append, "payload" | "key" | "publisher">, epoch: number, maxLineage: number): number {
    if (this.#lineage.at(-1)?.epoch !== epoch) {
      this.#lineage = [...this.#lineage, { epoch, start: this.#end }].slice(-maxLineage);
    }
    const offset = this.#end + 1;
    this.#end = offset;
    this.#appended.push(entry);
    if (this.channel.policy.retainCount === 0 && this.#floor === offset - 1) {
      this.#ephemeral = true;
      this.#floor = offset;
      return offset;
    }
    const bytes = entry.payload.data.byteLength;
    this.#bytes += bytes;
    this.#oldest ??= { bytes, moment: this.#now.moment };
    return offset;
  }

  /** Whether the policy asks for the oldest entry to go. */
  mustTrim(): boolean {
    if (this.#oldest === undefined) return false;
    const stats = { count: this.#end - this.#floor, bytes: this.#bytes };
    return mustTrim(this.channel.policy, stats, this.#now.moment - this.#oldest.moment);
  }

  /** Trims at most `limit` entries; how many they were. */
  trim(limit: number): number {
    let count = 0;
    while (count < limit && this.mustTrim()) {
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

  /** What to write. Nothing is appended or trimmed after it. */
  writes(): Write[] {
    const writes: Write[] = [{ key: channelKey(this.channel.name), value: encodeChannel(this.state()) }];
    for (const key of this.#emptied) writes.push({ key, value: undefined });
    for (const { last, key, record } of this.#newBlocks()) if (last > this.#floor) writes.push({ key, value: record });
    return writes;
  }

  /**
   * What is appended, for the followers: also what the same transaction trims again. Its data are parts of the records, which
   * are this log's own, and not of a buffer that its caller may keep alive or use again.
   */
  entries(): Entry[] {
    const { time } = this.#now;
    if (!this.#ephemeral) {
      return this.#newBlocks().flatMap(({ record, first }) => [...readBlock(record, first).entries]);
    }
    return this.#appended.map(({ payload: { kind, data }, key, publisher }, index) => ({
      offset: this.#before + 1 + index,
      time,
      payload: { kind, data: new Uint8Array(data) },
      key,
      publisher,
    }));
  }

  #newBlocks(): readonly NewBlock[] {
    this.#blocks ??= this.#ephemeral ? [] : this.#encodeBlocks();
    return this.#blocks;
  }

  #encodeBlocks(): NewBlock[] {
    const blocks: NewBlock[] = [];
    let start = 0;
    let bytes = 0;
    const encode = (end: number): void => {
      const entries = this.#appended.slice(start, end);
      const first = this.#before + 1 + start;
      const key = entryKey(this.#number, first);
      blocks.push({ first, last: this.#before + end, key, record: encodeBlock({ ...this.#now, entries }, key) });
      start = end;
      bytes = 0;
    };
    for (const [index, { payload }] of this.#appended.entries()) {
      const size = payload.data.byteLength;
      if (index > start && (index - start >= maxBlockEntries || bytes + size > maxBlockBytes)) encode(index);
      bytes += size;
    }
    if (start < this.#appended.length) encode(this.#appended.length);
    return blocks;
  }

  #trimOldest(): void {
    const offset = this.#floor + 1;
    this.#empty(offset);
    this.#floor = offset;
    this.#bytes = offset === this.#end ? 0 : Math.max(this.#bytes - this.#oldest!.bytes, 0);
    this.#oldest = offset === this.#end ? undefined : this.#oldestAt(offset + 1);
  }

  /** Removes the block whose last entry goes. */
  #empty(offset: number): void {
    if (offset > this.#before) return;
    const block = this.#storedBlock(offset);
    if (block === undefined) {
      // Damaged: nothing of it can be read any more. Or missing: then it may be another one's, of which nothing is left either.
      const key = new BlockReader(this.#store, this.#number).keyOf(offset);
      if (key !== undefined) this.#emptied.push(key);
    } else if (block.last === offset) {
      this.#emptied.push(entryKey(this.#number, block.first));
    }
  }

  #oldestAt(offset: number): OldestEntry {
    const { moment } = this.#now;
    const appended = this.#appended[offset - this.#before - 1];
    if (appended !== undefined) return { bytes: appended.payload.data.byteLength, moment };
    const block = this.#storedBlock(offset);
    // A broken entry is told to whoever reads it. It must not keep those behind it from being trimmed.
    if (block === undefined) return { bytes: 0, moment: 0 };
    return { bytes: block.sizes[offset - block.first]!, moment: block.moment };
  }

  /** `undefined`: it is damaged, or missing. Blocks are never changed, so that the oldest can be kept from one to the next. */
  #storedBlock(offset: number): BlockSizes | undefined {
    const { channel } = this;
    const known = channel.oldestBlock;
    if (known !== undefined && known.first <= offset && offset <= known.last) return known;
    try {
      channel.oldestBlock = new BlockReader(this.#store, this.#number).sizesAt(offset);
      return channel.oldestBlock;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return undefined;
    }
  }
}
