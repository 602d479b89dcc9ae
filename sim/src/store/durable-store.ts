import type { Append, AppendOutcome, Head, LogPolicy } from "@hawser/log";
import { nextEpoch } from "@hawser/protocol";
import type { RandomStream } from "../random/random-stream.ts";
import { beginsAt } from "../time/simulated-time.ts";
import type { SimulatedTime } from "../time/simulated-time.ts";
import { StoredChannel } from "./stored-channel.ts";
import type { ChannelCopy } from "./stored-channel.ts";

export interface DurableStoreOptions {
  readonly time: SimulatedTime;
  readonly random: RandomStream;
  readonly policyOf: (channel: string) => LogPolicy;
  /** Offsets have holes. */
  readonly sparse: boolean;
}

/** A copy of all the data, to be restored later. */
export type StoreCopy = ReadonlyMap<string, ChannelCopy>;

/** How often age is looked at. */
const agingIntervalMs = 500;

/** What outlives every process of the simulated world: the channels. Nodes reach it through a `SimulatedLog`. */
export class DurableStore {
  readonly #options: DurableStoreOptions;
  readonly #channels = new Map<string, StoredChannel>();
  #epoch: number;

  constructor(options: DurableStoreOptions) {
    this.#options = options;
    this.#epoch = nextEpoch(beginsAt, options.random, 0);
    this.#age();
  }

  get channels(): readonly StoredChannel[] {
    return [...this.#channels.values()];
  }

  channel(name: string): StoredChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const made = new StoredChannel(name, this.#options.policyOf(name), this.#epoch);
    this.#channels.set(name, made);
    return made;
  }

  policyOf(channel: string): LogPolicy {
    return this.#options.policyOf(channel);
  }

  /** Makes the channel one that another log holds: empty, with that log's epochs. */
  adopt(name: string, head: Head): StoredChannel {
    const channel = this.channel(name);
    channel.adoptHead(head);
    return channel;
  }

  append(append: Append): AppendOutcome {
    const { time, random, sparse } = this.#options;
    const step = sparse && random.chance(0.4) ? random.integer(2, 9) : 1;
    return this.channel(append.channel).append(append, beginsAt + Math.floor(time.now), time.now, step);
  }

  copy(): StoreCopy {
    return new Map([...this.#channels].map(([name, channel]) => [name, channel.copy()]));
  }

  /** The log went back: what the copy does not have is gone. Live nodes are told of the new epoch that begins by that. */
  restore(copy: StoreCopy): void {
    this.replace(copy);
    this.reopen();
  }

  /** An older copy of the data is put in its place while no node has it open: the next one that opens it begins an epoch. */
  replace(copy: StoreCopy): void {
    const empty: ChannelCopy = { entries: [], floor: 0, end: 0, lineage: [], producers: new Map() };
    for (const [name, channel] of this.#channels) {
      channel.replace(copy.get(name) ?? { ...empty, lineage: [channel.head.lineage[0]!] });
    }
  }

  /** A node opens the data that it owns: a new epoch begins, and nothing is lost by that. */
  reopen(): void {
    const { time, random } = this.#options;
    this.#epoch = nextEpoch(beginsAt + time.now, random, this.#epoch);
    for (const channel of this.#channels.values()) channel.beginEpoch(this.#epoch);
  }

  #age(): void {
    const { time } = this.#options;
    time.after(agingIntervalMs, () => {
      for (const channel of this.#channels.values()) channel.trimByAge(beginsAt + time.now);
      this.#age();
    });
  }
}
