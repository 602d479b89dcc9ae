import type { Pace } from "../processes/messages.ts";
import type { Contender } from "./contender.ts";

const probeMs = 700;
const probeWarmUpMs = 300;

/** A probe is short: what comes close to the limit in it may well be above it in the measurement. */
const margin = 0.8;

/** A latency so far above the limit that a larger window cannot bring it back. */
const hopeless = 5;

/**
 * How many messages in flight serve a contender best: the most deliveries a second among the windows 1, 2, 4, ... `largest` whose
 * p99 is within `p99LimitMs`, with a margin. Each contender is so measured at its own best, under one condition. Where no
 * window is within the limit it is the one with the least p99.
 */
export function bestWindow(p99LimitMs: number, largest: number): (contender: Contender) => Promise<Pace> {
  return async (contender) => {
    let best = { messages: 1, deliveriesPerSecond: 0 };
    let calmest = { messages: 1, p99Ms: Number.POSITIVE_INFINITY };
    for (let messages = 1; messages <= largest; messages *= 2) {
      const pace = { kind: "window", messages } as const;
      const { deliveriesPerSecond, p99Ms } = await contender.measure(pace, probeWarmUpMs, probeMs);
      if (p99Ms < calmest.p99Ms) calmest = { messages, p99Ms };
      const within = p99Ms <= p99LimitMs * margin;
      if (within && deliveriesPerSecond > best.deliveriesPerSecond) best = { messages, deliveriesPerSecond };
      if (p99Ms > p99LimitMs * hopeless) break;
    }
    return { kind: "window", messages: best.deliveriesPerSecond > 0 ? best.messages : calmest.messages };
  };
}
