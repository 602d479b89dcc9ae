import { brokerLogDefaults } from "../broker-log/broker-log-options.ts";
import type { BrokerLogSettings } from "../broker-log/broker-log-options.ts";
import type { Log, LogOpenOptions, LogPolicy } from "../log.ts";
import { EpochRegister, isRegister, registerPolicy } from "./epoch-register.ts";
import { LogWithBound } from "./log-with-bound.ts";
import type { Bindings, OpenBindings } from "./log-with-bound.ts";
import { nodeIds } from "./node-ids.ts";
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
  return options.bindings.length === 0 ? own : new LogWithBound(own, new TopicBindings(options));
}

class TopicBindings implements Bindings {
  readonly #options: TopicsOptions;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  isBound(channel: string): boolean {
    return this.#options.bindings.some(({ keyOf }) => keyOf(channel) !== undefined);
  }

  policyOf(channel: string): LogPolicy | undefined {
    return isRegister(channel) ? registerPolicy : undefined;
  }

  async open(own: Log, open: LogOpenOptions): Promise<OpenBindings> {
    const { bindings } = this.#options;
    const settings = { ...brokerLogDefaults, ...boundTopicDefaults, ...this.#options };
    const nextId = nodeIds(open.random);
    const topics = bindings.map((binding) => {
      const register = new EpochRegister(own, binding.name, open);
      return new TopicLog({ binding, register, settings, open, nextId });
    });
    const stop = (): void => {
      for (const topic of topics) topic.close();
    };
    try {
      for (const topic of topics) await topic.open();
    } catch (error) {
      stop();
      throw error;
    }
    return {
      placeOf: (channel) => {
        for (const [index, { keyOf }] of bindings.entries()) {
          const key = keyOf(channel);
          if (key !== undefined) return { source: topics[index]!, key };
        }
        return undefined;
      },
      stop,
      close: async () => {},
    };
  }
}
