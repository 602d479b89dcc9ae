import { atLeast } from "../result.ts";
import type { Aim, Benchmark } from "../result.ts";
import { embedded, memory } from "./brokers/in-the-box.ts";
import { kafka } from "./brokers/kafka.ts";
import { nats } from "./brokers/nats.ts";
import { rabbitmq } from "./brokers/rabbitmq.ts";
import { redis } from "./brokers/redis.ts";
import type { Contender, LogEntry } from "./contender.ts";
import { Followed, measureAppends, measureReaders } from "./measure.ts";
import type { AppendFigures, ReadFigures } from "./measure.ts";

/** Odd, for a median. */
const rounds = 3;
const warmUpMs = 500;

type LogFigures = AppendFigures & ReadFigures;

const entries: readonly LogEntry[] = [memory, embedded, redis, nats, kafka, rabbitmq];

/** Every log that is to be had here, beside the client of its broker: appends, latency to another node, fan-out. */
export const logs: Benchmark = async (seconds, log) => {
  const figures: Record<string, object> = {};
  const ratios: Record<string, number> = {};
  const aims: Aim[] = [];
  for (const entry of entries) {
    const under = await entry.start();
    if ("missing" in under) {
      log(`${entry.name}: LEFT OUT, ${under.missing}`);
      continue;
    }
    const { contenders } = under;
    const roundMs = (seconds * 1_000) / rounds / 2;
    let measured: LogFigures[];
    try {
      const appends = await inTurns(contenders, roundMs, measureAppends);
      const followed = new Map<Contender, Followed>();
      for (const contender of contenders) followed.set(contender, await Followed.of(contender));
      const reads = await inTurns(contenders, roundMs, (contender, durationMs) =>
        measureReaders(contender, followed.get(contender)!, durationMs),
      );
      measured = contenders.map((_, index) => ({ ...appends[index]!, ...reads[index]! }));
    } finally {
      await Promise.all(contenders.map((contender) => contender.close()));
      await under.remove();
    }
    const [hawser, bare] = measured;
    for (const [index, { name }] of contenders.entries()) figures[name] = measured[index]!;
    log(`${entry.name}: ${Math.round(hawser!.appendsPerSecond)} appends a second`);
    if (bare === undefined) continue;
    const ratio = hawser!.appendsPerSecond / bare.appendsPerSecond;
    ratios[contenders[1]!.name] = ratio;
    aims.push(atLeast(`appends a second on ${entry.name}, by those of its own client`, 0.7, ratio));
  }
  return { bench: "logs", figures, ratios, aims };
};

/** Measures each contender in turn, several times; of each figure the median. */
async function inTurns<Figures extends object>(
  contenders: readonly Contender[],
  durationMs: number,
  measure: (contender: Contender, durationMs: number) => Promise<Figures>,
): Promise<readonly Figures[]> {
  const measured = contenders.map((): Figures[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const figures = await measure(contender, round === 0 ? warmUpMs : durationMs);
      if (round > 0) measured[index]!.push(figures);
    }
  }
  return measured.map((all) => {
    const keys = Object.keys(all[0]!) as (keyof Figures)[];
    return Object.fromEntries(keys.map((key) => [key, median(all.map((one) => Number(one[key])))])) as Figures;
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!;
}
