import type { Aim, Benchmark } from "../result.ts";
import { atLeast, atMost } from "../result.ts";
import { compare, ratiosOf } from "./comparison.ts";
import { hawserDeflate, socketIoDeflate, wsDeflate } from "./peers.ts";
import type { Scene } from "./scene.ts";
import { bestWindow } from "./window-search.ts";

const p99LimitMs = 50;
const scene: Scene = { subscribers: 200, channels: 1, channelsEach: 1, payloadBytes: 600, compressed: true };

/** One publisher, 200 subscribers, 600 bytes of JSON that goes out compressed: as many as a p99 of 50 ms allows. */
export const deflate: Benchmark = async (seconds, log) => {
  const choosePace = bestWindow(p99LimitMs, 4096);
  const peers = [wsDeflate, socketIoDeflate];
  const figures = await compare({ scene, own: hawserDeflate, peers, seconds, log, choosePace });
  const ratios = ratiosOf(figures, "deliveriesPerSecond");
  const aims: Aim[] = [
    atLeast("deliveries a second over a ws loop that compresses for each", 20, ratios["ws"]!),
    atMost("p99 of delivery, ms", p99LimitMs, figures["hawser"]!.p99Ms),
  ];
  return { bench: "deflate", figures, ratios, aims };
};
