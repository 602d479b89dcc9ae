import { HawserError } from "@hawser/protocol";
import type { Append, AppendOutcome, Log, LogPolicy, Page } from "@hawser/log";
import { brokerLog } from "@hawser/log/broker";
import type { BrokerLogSettings } from "@hawser/log/broker";
import { FakeBroker, fakeSource } from "@hawser/log/fake-broker";
import type { FakeSource, FaultRates } from "@hawser/log/fake-broker";
import { SimulatedWorld } from "./simulated-world.ts";

/** Wide: nothing is trimmed by the policy, nobody forgotten. */
const widePolicy: LogPolicy = {
  durability: "commit",
  retainCount: 1_000_000,
  retainBytes: 1_000_000_000,
  retainAgeMs: Infinity,
  deduplicateMs: 1_000_000_000,
};

/** So small that every part of the log has its work to do. */
export const smallSettings: BrokerLogSettings = {
  checkpointEvery: 20,
  checkpointJitterMs: 20,
  maxCheckpointBytes: 150,
  readWhole: 40,
  maxTailRecords: 16,
  blockOffsets: 8,
  maxBlockBytes: 100,
  maxBlockFetches: 2,
};

export interface Node {
  readonly log: Log;
  readonly source: FakeSource;
}

/** Nodes that share one fake broker, in one simulated world. */
export class Cluster {
  readonly world: SimulatedWorld;
  readonly broker: FakeBroker;
  readonly policy: LogPolicy;

  constructor(seed = 1, rates: Partial<FaultRates> = {}, policy: Partial<LogPolicy> = {}) {
    this.world = new SimulatedWorld(seed);
    const { clock, timers, random } = this.world;
    this.broker = new FakeBroker({ clock, timers, random, rates });
    this.policy = { ...widePolicy, ...policy };
  }

  /** A node that is open. */
  async node(settings: BrokerLogSettings = {}): Promise<Node> {
    const { clock, timers, random } = this.world;
    const source = fakeSource(this.broker);
    const log = brokerLog({ source, ...smallSettings, ...settings });
    await this.world.drive(log.open({ policyOf: () => this.policy, clock, timers, random }));
    return { log, source };
  }

  append({ log }: Node, ...appends: Append[]): Promise<readonly AppendOutcome[]> {
    return this.world.drive(log.append(appends));
  }

  /** All that a node can read of a channel. Tried again while the broker does not answer. */
  async readAll({ log }: Node, channel: string): Promise<Page> {
    for (;;) {
      try {
        return await this.world.drive(log.read(channel, 0, { maxCount: 1_000_000, maxBytes: 1_000_000_000 }));
      } catch (error) {
        if (!(error instanceof HawserError) || error.code !== "log-unavailable") throw error;
      }
    }
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    for (const fault of Object.keys(this.broker.rates) as (keyof FaultRates)[]) this.broker.rates[fault] = 0;
  }
}
