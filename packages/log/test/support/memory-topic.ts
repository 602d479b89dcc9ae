import { boundRecord, compileKey } from "@hawser/log/broker";
import type { BoundPartition, BoundTopic, BoundWriter, Fetched, PlacedRecord, TopicBinding } from "@hawser/log/broker";
import { markHeaders } from "../../src/bound/mark-headers.ts";
import type { MarkedRecord } from "../../src/bound/mark-headers.ts";
import { encodeText } from "@hawser/protocol";
import type { SimulatedWorld } from "./simulated-world.ts";

const rule = { kind: "text", maxPayloadBytes: 1_000 } as const;

/** A topic of a test, of which all is decided by the test. */
export class MemoryTopic {
  readonly #world: SimulatedWorld;
  #made = 1;
  #partitions: PlacedRecord[][];
  #starts: number[];
  #next: number[];
  #ids = 0;
  isThere = true;
  misplaced: [key: string, partition: number][] = [];
  fetches = 0;
  /** Whether nodes write into it. */
  isWritten = false;
  /** What becomes of records that a node writes: `land` has them in the topic, as often as it is called. Rejects: the node does not know. */
  deliver: (land: () => void) => Promise<void> = async (land) => land();
  /** Records of nodes that landed. */
  landed = 0;

  constructor(world: SimulatedWorld, partitions = 2) {
    this.#world = world;
    this.#partitions = Array.from({ length: partitions }, () => []);
    this.#starts = this.#partitions.map(() => 1);
    this.#next = this.#partitions.map(() => 1);
  }

  get binding(): TopicBinding {
    return { name: "orders", keyOf: compileKey("orders.{id}"), open: async () => this.#open() };
  }

  write(key: string | undefined, text: string | undefined, partition = this.partitionOf(key ?? "")): void {
    const value = text === undefined ? undefined : encodeText(text);
    this.put(partition, boundRecord({ key, value, id: `${(this.#ids += 1)}` }, rule));
  }

  /** What is in a partition, as any program reads it. */
  recordsIn(partition: number): readonly PlacedRecord[] {
    return this.#partitions[partition]!;
  }

  trim(partition: number, start: number): void {
    this.#starts[partition] = start;
    this.#partitions[partition] = this.#partitions[partition]!.filter(({ offset }) => offset >= start);
  }

  /** The newest records are lost, as in an unclean election. */
  truncate(partition: number, end: number): void {
    this.#partitions[partition] = this.#partitions[partition]!.filter(({ offset }) => offset <= end);
    this.#next[partition] = end + 1;
  }

  recreate(partitions = this.#partitions.length): void {
    this.#made += 1;
    this.#partitions = Array.from({ length: partitions }, () => []);
    this.#starts = this.#partitions.map(() => 1);
    this.#next = this.#partitions.map(() => 1);
  }

  partitionOf(key: string): number {
    return (key.length === 0 ? 0 : key.charCodeAt(0)) % this.#partitions.length;
  }

  #open(): BoundTopic {
    if (!this.isThere) throw new Error("there is no such topic");
    const made = this.#made;
    const partitions = this.#partitions.map((_, partition): BoundPartition => ({
      fetch: (offset, maxCount, waitMs) => this.#fetch(made, partition, offset, maxCount, waitMs),
      writer: this.isWritten ? this.#writer(partition) : undefined,
    }));
    const count = partitions.length;
    return {
      identity: `${made}/${count}`,
      partitions,
      partitionOf: (key) => this.partitionOf(key),
      identify: async () => {
        if (!this.isThere) throw new Error("there is no such topic");
        return `${this.#made}/${this.#partitions.length}`;
      },
      onMisplaced: (key, partition) => void this.misplaced.push([key, partition]),
      close: () => {},
    };
  }

  /** A record as it is. */
  put(partition: number, record: PlacedRecord["record"]): void {
    const offset = this.#next[partition]!;
    this.#next[partition] = offset + 1;
    this.#partitions[partition]!.push({ offset, time: this.#world.clock.now(), record });
  }

  #writer(partition: number): BoundWriter {
    return {
      origin: `orders/${partition}`,
      produce: (records) => this.deliver(() => this.#land(partition, records)),
      refuse: ({ data }) => (data.byteLength > rule.maxPayloadBytes ? "it is too large" : undefined),
    };
  }

  /** By their headers, as they go over a wire. */
  #land(partition: number, records: readonly MarkedRecord[]): void {
    for (const marked of records) {
      const headers = markHeaders(marked);
      const { channel: key, payload } = marked;
      this.landed += 1;
      const id = `${(this.#ids += 1)}`;
      this.put(partition, boundRecord({ key, value: payload.data, id, header: (name) => headers[name] }, rule));
    }
  }

  async #fetch(made: number, partition: number, offset: number, maxCount: number, waitMs: number): Promise<Fetched> {
    this.fetches += 1;
    const isNews = (): boolean => this.#partitions[partition]!.some((placed) => placed.offset > offset);
    if (waitMs > 0 && !isNews()) {
      await new Promise<void>((resolve) => void this.#world.timers.after(waitMs, () => resolve()));
    }
    if (made !== this.#made || !this.isThere) throw new Error("the topic is another one");
    const records = this.#partitions[partition]!.filter((placed) => placed.offset >= offset).slice(0, maxCount);
    return { records, start: this.#starts[partition]!, end: this.#next[partition]! - 1 };
  }
}
