import { onTestFinished } from "vitest";
import type { Append, Entry, Follower, Head, Log, LogPolicy } from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import type { LogServer, RemoteLogOptions, ServerLimits } from "@hawser/log-server";
import { SimulatedWorld } from "../../../log/test/support/simulated-world.ts";
import { SimulatedNetwork } from "./simulated-network.ts";

export const wide: LogPolicy = {
  durability: "memory",
  retainCount: 1_000_000,
  retainBytes: 1e12,
  retainAgeMs: 1e12,
  deduplicateMs: 1e12,
};

/** One log, its server, and remote logs, in simulated time. */
export class SharedWorld {
  readonly time: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly log: Log;
  readonly #limits: Partial<ServerLimits>;
  server: LogServer | undefined;

  private constructor(log: Log, limits: Partial<ServerLimits>, seed: number) {
    this.time = new SimulatedWorld(seed);
    this.network = new SimulatedNetwork(this.time.timers);
    this.log = log;
    this.#limits = limits;
  }

  static async open(
    log: Log,
    limits: Partial<ServerLimits> = {},
    policy: Partial<LogPolicy> = {},
    seed = 1,
  ): Promise<SharedWorld> {
    const world = new SharedWorld(log, limits, seed);
    await log.open({ policyOf: () => ({ ...wide, ...policy }), ...world.ports });
    await world.serve();
    return world;
  }

  /** For those who open a log. */
  get ports() {
    const { clock, timers, random } = this.time;
    return { clock, timers, random };
  }

  async serve(): Promise<void> {
    const { timers } = this.time;
    const { listener } = this.network;
    this.server = await serveLog({ log: this.log, socket: "simulated", listener, timers, limits: this.#limits });
  }

  /** The server is gone from one moment to the next; `serve` starts another one. */
  async kill(): Promise<void> {
    const closing = this.server?.close();
    this.network.cut();
    await this.time.drive(closing ?? Promise.resolve());
  }

  /** A remote log, opened. */
  async connect(options: Partial<RemoteLogOptions> = {}): Promise<Log> {
    const remote = this.remote(options);
    await this.time.drive(remote.open({ policyOf: () => wide, ...this.ports }));
    return remote;
  }

  remote(options: Partial<RemoteLogOptions> = {}): Log {
    const { capabilities } = this.log;
    const remote = remoteLog({ connector: this.network.connector, capabilities, ...options });
    onTestFinished(() => void remote.close());
    return remote;
  }

  /** Follows, and notes all that is told. */
  async follow(log: Log, channel = "a"): Promise<Told> {
    const told = new Told();
    told.follower = await this.time.drive(log.follow(channel, told));
    told.at ??= told.follower.head.end;
    return told;
  }

  async until(condition: () => boolean): Promise<void> {
    for (let round = 0; round < 5_000; round += 1) {
      if (condition()) return;
      await this.time.advance(10);
    }
    throw new Error("what is waited for does not come");
  }
}

/** What a follower was told; it fails what is not contiguous. */
export class Told {
  follower: Follower | undefined;
  at: number | undefined;
  readonly entries: Entry[] = [];
  readonly heads: Head[] = [];
  readonly floors: number[] = [];
  readonly available: boolean[] = [];
  readonly faults: string[] = [];
  /** Everything in its order: `entries FROM TO`, `epoch EPOCH END`. */
  readonly story: string[] = [];

  get offsets(): number[] {
    return this.entries.map(({ offset }) => offset);
  }

  onEntries(entries: readonly Entry[], { from, to }: { from: number; to: number }): void {
    if (this.at !== undefined && from !== this.at) this.faults.push(`from ${from} behind ${this.at}`);
    this.at = to;
    this.entries.push(...entries);
    this.story.push(`entries ${from} ${to}`);
  }

  onFloor(floor: number): void {
    this.floors.push(floor);
  }

  onEpoch(head: Head): void {
    this.at = head.end;
    this.heads.push(head);
    this.story.push(`epoch ${head.epoch} ${head.end}`);
  }

  onAvailable(available: boolean): void {
    this.available.push(available);
  }
}

/** Whole numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** An append; numbered if it has a producer. */
export function append(channel: string, text: string, producer = "", sequence = 0): Append {
  return {
    channel,
    producer,
    sequence,
    previous: Math.max(0, sequence - 1),
    payload: { kind: "text", data: new TextEncoder().encode(text) },
    key: "",
    publisher: "",
  };
}

export function textOf({ payload }: Entry): string {
  return new TextDecoder().decode(payload?.data);
}
