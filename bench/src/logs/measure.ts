import { LatencyHistogram } from "../load/latency-histogram.ts";
import type { Contender } from "./contender.ts";

/** What was measured of a contender that appends, in one round. */
export interface AppendFigures {
  readonly appendsPerSecond: number;
  /** Processor time of the process of the client, by append. */
  readonly cpuPerAppendUs: number;
}

/** What was measured of its readers. */
export interface ReadFigures {
  /** From the call to the last reader, one at a time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** To {@link readers} of one channel. */
  readonly deliveriesPerSecond: number;
}

/** Who follow the channel of the fan-out. */
const readers = 20;
/** Appends under way: so many groups of so many. */
const groups = 20;
const groupCount = 50;
/** Messages of the fan-out that not every reader has. */
const window = 100;

/** Measures readers for about so long, half of it one message at a time. */
export async function measureReaders(contender: Contender, scene: Followed, durationMs: number): Promise<ReadFigures> {
  const latency = await measureLatency(contender, scene, durationMs / 2);
  const deliveriesPerSecond = await measureFanOut(contender, scene, durationMs / 2);
  return { ...latency, deliveriesPerSecond };
}

/** The readers of a contender, and how many messages they have had in all. */
export class Followed {
  #count = 0;
  #wanted = Infinity;
  #reached = (): void => {};

  static async of(contender: Contender): Promise<Followed> {
    const followed = new Followed();
    for (let reader = 0; reader < readers; reader += 1) await contender.follow(() => followed.#take());
    return followed;
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when they have had `count`. */
  reach(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    this.#wanted = count;
    return new Promise((resolve) => (this.#reached = resolve));
  }

  #take(): void {
    this.#count += 1;
    if (this.#count < this.#wanted) return;
    this.#wanted = Infinity;
    this.#reached();
  }
}

/** Appends for about so long. Nobody reads but who has to know what became of them. */
export async function measureAppends(contender: Contender, durationMs: number): Promise<AppendFigures> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let appends = 0;
  await Promise.all(
    Array.from({ length: groups }, async () => {
      while (performance.now() - start < durationMs) {
        await contender.append(groupCount);
        appends += groupCount;
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - start) / 1_000;
  return { appendsPerSecond: appends / seconds, cpuPerAppendUs: (user + system) / appends };
}

async function measureLatency(contender: Contender, scene: Followed, durationMs: number) {
  const histogram = new LatencyHistogram();
  const start = performance.now();
  while (performance.now() - start < durationMs) {
    const before = performance.now();
    const seen = scene.reach(scene.count + readers);
    await Promise.all([contender.appendFollowed(), seen]);
    histogram.record(performance.now() - before);
  }
  return { p50Ms: histogram.percentile(0.5), p99Ms: histogram.percentile(0.99) };
}

async function measureFanOut(contender: Contender, scene: Followed, durationMs: number): Promise<number> {
  const start = performance.now();
  const before = scene.count;
  let published = 0;
  while (performance.now() - start < durationMs) {
    published += window;
    const appended = Array.from({ length: window }, () => contender.appendFollowed());
    await Promise.all([...appended, scene.reach(before + published * readers)]);
  }
  return ((scene.count - before) / (performance.now() - start)) * 1_000;
}
