import { HawserError } from "@hawser/protocol";
import type { Timer } from "@hawser/protocol";
import type { BrokerLogSettings } from "../broker-log/broker-log-options.ts";
import { readAnew, unavailable } from "../broker-log/block-reader.ts";
import { Backoff } from "../broker/backoff.ts";
import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "../log.ts";
import { BoundFeeds } from "./bound-feeds.ts";
import type { BoundFeed } from "./bound-feeds.ts";
import { boundEntry } from "./bound-record.ts";
import type { EpochRegister } from "./epoch-register.ts";
import { readOnly } from "./log-with-bound.ts";
import type { BoundSource } from "./log-with-bound.ts";
import { PartitionFollower } from "./partition-follower.ts";
import type { JudgedRecord } from "./partition-follower.ts";
import { TopicAppends } from "./topic-appends.ts";
import { pageBackward, pageForward } from "./topic-pages.ts";
import type { BoundTopic, BoundTopicSettings, TopicBinding } from "./topic-binding.ts";

/** Options of a {@link TopicLog}. */
export interface TopicLogOptions {
  readonly binding: TopicBinding;
  readonly register: EpochRegister;
  readonly settings: Required<BrokerLogSettings> & Required<BoundTopicSettings>;
  readonly open: LogOpenOptions;
  /** Makes an identity that is unique among all nodes, and holds no ".". */
  readonly nextId: () => string;
}

/** A channel that is followed, by the index of its partition. */
type Followed = BoundFeed<number>;

interface Open {
  readonly kind: "open";
  readonly topic: BoundTopic;
  readonly epoch: number;
  readonly partitions: readonly BoundPlace[];
}

/** A partition; `appends` is `undefined` where it is only read. */
interface BoundPlace {
  readonly follower: PartitionFollower;
  readonly appends: TopicAppends | undefined;
}

type State = Open | { readonly kind: "renewing"; readonly above: number } | { readonly kind: "closed" };

/**
 * The channels of one bound topic. Their offsets are those of the partition in which their key is, and the end of each is that of
 * the partition, so that all nodes tell the same of a channel without having read all that it ever had.
 */
export class TopicLog implements BoundSource {
  readonly #options: TopicLogOptions;
  readonly #followed: BoundFeeds<number>;
  readonly #backoff: Backoff;
  #state: State = { kind: "closed" };
  #timer: Timer | undefined;

  constructor(options: TopicLogOptions) {
    this.#options = options;
    const { open, settings } = options;
    this.#followed = new BoundFeeds({ ports: open, maxFollowed: settings.maxBoundFollowed });
    this.#backoff = new Backoff(settings, open);
  }

  /** Rejects with `log-unavailable` when there is no such topic. */
  async open(): Promise<void> {
    const { binding, open, register } = this.#options;
    const topic = await binding.open(open);
    try {
      this.#state = this.#opened(topic, await register.epochOf(topic.identity));
    } catch (error) {
      topic.close();
      throw error;
    }
    this.#checkLater();
  }

  async append(key: string, append: Append): Promise<AppendOutcome> {
    const { binding } = this.#options;
    const open = this.#state;
    if (open.kind !== "open")
      return { kind: "failed", code: "log-unavailable", message: `${binding.name} is not open` };
    const { appends } = open.partitions[open.topic.partitionOf(key)]!;
    return appends?.append({ ...append, channel: key }) ?? readOnly(append.channel);
  }

  async head(key: string): Promise<Head> {
    const open = this.#requireOpen();
    const partition = this.#partition(open, key);
    await partition.caughtUp();
    this.#hold(open);
    return this.#headOf(open, partition);
  }

  read(key: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#page(key, (partition) => pageForward(partition, key, after, options));
  }

  readBackward(key: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#page(key, (partition) => pageBackward(partition, key, through, options));
  }

  async follow(channel: string, key: string, handlers: FollowHandlers): Promise<Follower> {
    const open = this.#requireOpen();
    const partition = this.#partition(open, key);
    await partition.caughtUp();
    this.#hold(open);
    const followed = this.#followed.get(key) ?? this.#create(channel, key, open);
    followed.entries([], partition.through);
    return this.#followed.join(key, followed, handlers, this.#headOf(open, partition));
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: "closed" };
    this.#timer?.cancel();
    if (state.kind === "open") stop(state);
    this.#followed.close();
  }

  #opened(topic: BoundTopic, epoch: number): Open {
    const { settings, open: ports, nextId } = this.#options;
    const partitions = topic.partitions.map((partition, index): BoundPlace => {
      const follower = new PartitionFollower({
        partition,
        ports,
        settings,
        epoch,
        onRecords: (records) => this.#onRecords(opened, index, records),
        onTrimmed: (start, unread) => this.#onTrimmed(opened, index, start, unread),
        onBack: () => this.#renew(opened, true),
        onCurrent: () => opened.partitions[index]!.appends?.flush(),
        onAvailable: (available) => this.#available(available, index),
      });
      const { writer } = partition;
      const appends =
        writer === undefined
          ? undefined
          : new TopicAppends({ writer, partition: follower, settings, open: ports, nextId });
      return { follower, appends };
    });
    const opened: Open = { kind: "open", topic, epoch, partitions };
    // What is written waits for what has to be read first.
    for (const { follower, appends } of partitions) if (appends !== undefined) follower.begin();
    return opened;
  }

  #create(channel: string, key: string, { topic, partitions }: Open): Followed {
    const place = topic.partitionOf(key);
    return this.#followed.create(key, { name: channel, at: partitions[place]!.follower.through, place });
  }

  async #page(key: string, find: (partition: PartitionFollower) => Promise<Omit<Page, "epoch">>): Promise<Page> {
    const open = this.#requireOpen();
    const partition = this.#partition(open, key);
    await partition.caughtUp();
    const page = await find(partition);
    this.#hold(open);
    // Who has read up to there goes on behind it: no follower is told less.
    this.#followed.get(key)?.entries([], partition.through);
    return { epoch: open.epoch, ...page };
  }

  #headOf({ epoch }: Open, partition: PartitionFollower): Head {
    const end = partition.through;
    return { epoch, floor: partition.base, end, lineage: [{ epoch, start: 0 }] };
  }

  #onRecords(open: Open, index: number, records: readonly JudgedRecord[]): void {
    const { appends } = open.partitions[index]!;
    for (const { placed, verdict } of records) appends?.passed(placed.record.id, verdict);
    if (this.#state !== open) return;
    for (const { placed, verdict } of records) {
      const { record } = placed;
      if (record.kind !== "append" || verdict.kind !== "accepted") continue;
      const followed = this.#followed.get(record.channel);
      if (followed === undefined) continue;
      if (followed.place === index) followed.entry(boundEntry(placed, record));
      else open.topic.onMisplaced(record.channel, index);
    }
  }

  #onTrimmed(open: Open, index: number, start: number, unread: boolean): void {
    if (this.#state !== open) return;
    const floor = start - 1;
    for (const followed of this.#followed.values()) {
      if (followed.place !== index) continue;
      if (unread && followed.at < floor) {
        const { epoch } = open;
        followed.epoch({ epoch, floor, end: floor, lineage: [{ epoch, start: 0 }] });
      } else {
        followed.floor(floor);
      }
    }
  }

  #available(available: boolean, index: number): void {
    for (const followed of this.#followed.values()) if (followed.place === index) followed.available(available);
  }

  #checkLater(): void {
    const { open, settings } = this.#options;
    this.#timer = open.timers.after(settings.identifyMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    const state = this.#state;
    if (state.kind === "open") {
      try {
        const identity = await state.topic.identify();
        if (identity !== state.topic.identity) this.#renew(state, false);
      } catch {
        // It is asked again.
      }
    }
    if (this.#state.kind !== "closed") this.#checkLater();
  }

  /** The topic is another one, or no longer what it was: positions in it have to be of a new epoch. */
  #renew(open: Open, wentBack: boolean): void {
    if (this.#state !== open) return;
    this.#state = { kind: "renewing", above: wentBack ? open.epoch : 0 };
    stop(open);
    this.#followed.available(false);
    void this.#reopen(this.#state);
  }

  async #reopen(state: Extract<State, { kind: "renewing" }>): Promise<void> {
    const { binding, register, open } = this.#options;
    while (this.#state === state) {
      let topic: BoundTopic | undefined;
      let opened: Open | undefined;
      try {
        topic = await binding.open(open);
        const epoch = await register.epochOf(topic.identity, state.above);
        opened = this.#opened(topic, epoch);
        const { partitions } = opened;
        await Promise.all(this.#places(topic).map((place) => partitions[place]!.follower.caughtUp()));
        if (this.#state === state) {
          this.#begin(opened);
          return;
        }
      } catch {
        this.#backoff.failed();
      }
      if (opened !== undefined) stop(opened);
      else topic?.close();
      await this.#backoff.pause();
    }
  }

  /** Partitions in which something is followed. */
  #places(topic: BoundTopic): number[] {
    return [...new Set(Array.from(this.#followed.keys(), (key) => topic.partitionOf(key)))];
  }

  #begin(open: Open): void {
    this.#state = open;
    this.#backoff.succeeded();
    for (const [key, followed] of this.#followed.entries()) {
      followed.place = open.topic.partitionOf(key);
      followed.epoch(this.#headOf(open, open.partitions[followed.place]!.follower));
    }
    this.#followed.available(true);
  }

  #partition({ topic, partitions }: Open, key: string): PartitionFollower {
    return partitions[topic.partitionOf(key)]!.follower;
  }

  #requireOpen(): Open {
    const state = this.#state;
    if (state.kind === "closed") throw new HawserError("log-closed", "the log is not open");
    if (state.kind === "renewing") throw unavailable(`the topic of ${this.#options.binding.name} is found anew`);
    return state;
  }

  #hold(open: Open): void {
    if (this.#state !== open) throw readAnew();
  }
}

function stop({ topic, partitions }: Open): void {
  for (const { follower, appends } of partitions) {
    follower.stop();
    appends?.stop();
  }
  topic.close();
}
