import type { Aim, Benchmark } from "../result.ts";
import { atLeast, atMost } from "../result.ts";
import { compare, ratiosOf } from "./comparison.ts";
import { bun, socketIo, ws, wsJoined } from "./peers.ts";
import { oneChannel } from "./scene.ts";
import { bestWindow } from "./window-search.ts";

const p99LimitMs = 50;

/** One publisher, 1,000 subscribers, 100 bytes, as many deliveries a second as a p99 of 50 ms allows. */
export const fanout: Benchmark = async (seconds, log) => {
  const peers = [socketIo, ...bun, ws, wsJoined];
  const choosePace = bestWindow(p99LimitMs, 1024);
  const figures = await compare({ scene: oneChannel, peers, seconds, log, choosePace });
  const ratios = ratiosOf(figures, "deliveriesPerSecond");
  const aims: Aim[] = [
    atLeast("deliveries a second over socket.io", 20, ratios["socket.io"]!),
    atLeast("deliveries a second over a ws loop", 15, ratios["ws"]!),
    atLeast("deliveries a second over a ws loop that joins the messages of a turn", 2, ratios["ws-joined"]!),
    atMost("p99 of delivery, ms", p99LimitMs, figures["hawser"]!.p99Ms),
  ];
  return { bench: "fanout", figures, ratios, aims };
};

/** The same with one message at a time: the next is published when all have the one before. Nothing can be amortised. */
export const fanout1: Benchmark = async (seconds, log) => {
  const peers = [socketIo, ...bun, ws, wsJoined];
  const choosePace = async () => ({ kind: "window", messages: 1 }) as const;
  const figures = await compare({ scene: oneChannel, peers, seconds, log, choosePace });
  const ratios = ratiosOf(figures, "deliveriesPerSecond");
  const aims: Aim[] = [
    atLeast("deliveries a second over socket.io", 1.5, ratios["socket.io"]!),
    atLeast("deliveries a second over the fastest peer", 1, Math.min(...Object.values(ratios))),
  ];
  return { bench: "fanout1", figures, ratios, aims };
};
