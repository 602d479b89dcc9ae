import type { Contender } from "./contender.ts";

const probeMs = 700;
const probeWarmUpMs = 300;
const largestWindow = 1024;

/** A probe is short: what comes close to the limit in it may well be above it in the measurement. */
const margin = 0.8;

/** A latency so far above the limit that a larger window cannot bring it back. */
const hopeless = 5;

/**
 * How many messages in flight serve a contender best: the most deliveries a second among the windows 1, 2, 4, ... whose
 * p99 is within `p99LimitMs`, with a margin. Each contender is so measured at its own best, under one condition. Where no
 * window is within the limit it is the one with the least p99.
 */
export async function bestWindow(contender: Contender, p99LimitMs: number): Promise<number> {
  let best = { window: 1, deliveriesPerSecond: 0 };
  let calmest = { window: 1, p99Ms: Number.POSITIVE_INFINITY };
  for (let window = 1; window <= largestWindow; window *= 2) {
    const { deliveriesPerSecond, p99Ms } = await contender.measure(window, probeWarmUpMs, probeMs);
    if (p99Ms < calmest.p99Ms) calmest = { window, p99Ms };
    const within = p99Ms <= p99LimitMs * margin;
    if (within && deliveriesPerSecond > best.deliveriesPerSecond) best = { window, deliveriesPerSecond };
    if (p99Ms > p99LimitMs * hopeless) break;
  }
  return best.deliveriesPerSecond > 0 ? best.window : calmest.window;
}
