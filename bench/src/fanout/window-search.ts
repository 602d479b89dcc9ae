import type { Contender } from "./contender.ts";

const probeMs = 700;
const probeWarmUpMs = 300;
const largestWindow = 1024;

/** A probe is short: what comes close to the limit in it may well be above it in the measurement. */
const margin = 0.8;

/**
 * How many messages in flight serve a contender best: the most deliveries a second among the windows 1, 2, 4, ... whose
 * p99 is within `p99LimitMs`, with a margin. Each contender is so measured at its own best, under one condition.
 */
export async function bestWindow(contender: Contender, p99LimitMs: number): Promise<number> {
  let best = { window: 1, deliveriesPerSecond: 0 };
  let failures = 0;
  for (let window = 1; window <= largestWindow && failures < 2; window *= 2) {
    const { deliveriesPerSecond, p99Ms } = await contender.measure(window, probeWarmUpMs, probeMs);
    const better = p99Ms <= p99LimitMs * margin && deliveriesPerSecond > best.deliveriesPerSecond;
    if (better) best = { window, deliveriesPerSecond };
    failures = better ? 0 : failures + 1;
  }
  return best.window;
}
