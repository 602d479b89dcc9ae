import { HawserError } from "@hawser/protocol";
import { brokerLogDefaults } from "../broker-log/broker-log-options.ts";
import type { BrokerLogSettings } from "../broker-log/broker-log-options.ts";
import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogCapabilities,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "../log.ts";
import { EpochRegister, isRegister, registerPolicy } from "./epoch-register.ts";
import { boundTopicDefaults } from "./topic-binding.ts";
import type { BoundTopicSettings, TopicBinding } from "./topic-binding.ts";
import { TopicLog } from "./topic-log.ts";

/** Options of `withTopics`. */
export interface TopicsOptions extends BoundTopicSettings, BrokerLogSettings {
  /** A channel is of the first binding that is for it. */
  readonly bindings: readonly TopicBinding[];
}

/**
 * A log with channels beside its own: topics that other programs write, by their keys, to be read, and written too where the
 * binding says so. Their epochs are kept in `own`, in channels `$topics.NAME`; all nodes of a service name the same bindings.
 *
 * A topic that was made anew, has another number of partitions or went back begins a new epoch. History is by scan, and reaches
 * `historyOffsets` back; what was compacted away is no entry, and what cannot be carried is a hole.
 */
export function withTopics(own: Log, options: TopicsOptions): Log {
  return options.bindings.length === 0 ? own : new LogWithTopics(own, options);
}

interface Bound {
  readonly topic: TopicLog;
  readonly key: string;
}

class LogWithTopics implements Log {
  readonly capabilities: LogCapabilities;
  readonly #own: Log;
  readonly #options: TopicsOptions;
  #topics: readonly TopicLog[] = [];

  constructor(own: Log, options: TopicsOptions) {
    this.capabilities = own.capabilities;
    this.#own = own;
    this.#options = options;
  }

  async open(open: LogOpenOptions): Promise<void> {
    const policyOf: LogOpenOptions["policyOf"] = (channel) =>
      isRegister(channel) ? registerPolicy : open.policyOf(channel);
    await this.#own.open({ ...open, policyOf });
    const settings = { ...brokerLogDefaults, ...boundTopicDefaults, ...this.#options };
    const node = Array.from(open.random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
    let ids = 0;
    const nextId = (): string => `${node}-${(ids += 1)}`;
    const topics = this.#options.bindings.map((binding) => {
      const register = new EpochRegister(this.#own, binding.name, open);
      return new TopicLog({ binding, register, settings, open, nextId });
    });
    try {
      for (const topic of topics) await topic.open();
    } catch (error) {
      for (const topic of topics) topic.close();
      await this.#own.close();
      throw error;
    }
    this.#topics = topics;
  }

  async append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const own = this.#own.append(appends.filter(({ channel }) => !this.#isBound(channel)));
    const bound = appends.map((append) => this.#appendBound(append));
    const outcomes = (await own).values();
    return Promise.all(bound.map((outcome) => outcome ?? Promise.resolve(outcomes.next().value!)));
  }

  async head(channel: string): Promise<Head> {
    const bound = this.#boundTo(channel);
    return bound === undefined ? this.#own.head(channel) : bound.topic.head(bound.key);
  }

  async read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    const bound = this.#boundTo(channel);
    return bound === undefined ? this.#own.read(channel, after, options) : bound.topic.read(bound.key, after, options);
  }

  async readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    const bound = this.#boundTo(channel);
    return bound === undefined
      ? this.#own.readBackward(channel, through, options)
      : bound.topic.readBackward(bound.key, through, options);
  }

  async follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    const bound = this.#boundTo(channel);
    return bound === undefined ? this.#own.follow(channel, handlers) : bound.topic.follow(channel, bound.key, handlers);
  }

  async close(): Promise<void> {
    for (const topic of this.#topics) topic.close();
    this.#topics = [];
    await this.#own.close();
  }

  /** `undefined` for a channel of the log's own. */
  #appendBound(append: Append): Promise<AppendOutcome> | undefined {
    if (!this.#isBound(append.channel)) return undefined;
    if (this.#topics.length === 0) return Promise.resolve(closedOutcome);
    const { topic, key } = this.#boundTo(append.channel)!;
    return topic.append({ ...append, channel: key });
  }

  #isBound(channel: string): boolean {
    return this.#options.bindings.some(({ keyOf }) => keyOf(channel) !== undefined);
  }

  #boundTo(channel: string): Bound | undefined {
    for (const [index, { keyOf }] of this.#options.bindings.entries()) {
      const key = keyOf(channel);
      if (key === undefined) continue;
      const topic = this.#topics[index];
      if (topic === undefined) throw new HawserError("log-closed", "the log is not open");
      return { topic, key };
    }
    return undefined;
  }
}

const closedOutcome: AppendOutcome = { kind: "failed", code: "log-unavailable", message: "the log is not open" };
