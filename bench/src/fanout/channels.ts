import type { Aim, Benchmark } from "../result.ts";
import { atLeast, atMost } from "../result.ts";
import { compare, ratiosOf } from "./comparison.ts";
import { bun, socketIo } from "./peers.ts";
import type { Scene } from "./scene.ts";
import { bestWindow } from "./window-search.ts";

const p99LimitMs = 50;
const scene: Scene = { subscribers: 1000, channels: 2000, channelsEach: 20, payloadBytes: 100 };

/** 1,000 clients that read 20 of 2,000 channels each, all busy: as many deliveries a second as a p99 of 50 ms allows. */
export const channels: Benchmark = async (seconds, log) => {
  const choosePace = bestWindow(p99LimitMs, 1 << 15);
  const figures = await compare({ scene, peers: [socketIo, ...bun], seconds, log, choosePace });
  const ratios = ratiosOf(figures, "deliveriesPerSecond");
  const aims: Aim[] = [
    atLeast("deliveries a second over socket.io with rooms", 10, ratios["socket.io"]!),
    atMost("p99 of delivery, ms", p99LimitMs, figures["hawser"]!.p99Ms),
  ];
  return { bench: "channels", figures, ratios, aims };
};
