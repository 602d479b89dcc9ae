import type { Aim, Benchmark } from "../result.ts";
import { atMost } from "../result.ts";
import { compare, ratiosOf } from "./comparison.ts";
import { Contender } from "./contender.ts";
import { bun, socketIo, ws } from "./peers.ts";
import { oneChannel } from "./scene.ts";

const saturationMs = 2_000;
const deliveriesPerSecond = 50_000;

/** 1,000 subscribers at half of what Socket.IO can deliver one message at a time: how long a delivery takes then. */
export const latency: Benchmark = async (seconds, log) => {
  const saturation = await socketIoSaturation();
  log(`socket.io is saturated at ${Math.round(saturation)} deliveries a second`);
  const peers = [socketIo, ...bun, ws];
  const pace = { kind: "rate", messagesPerSecond: saturation / 2 / oneChannel.subscribers } as const;
  const figures = await compare({ scene: oneChannel, peers, seconds, log, choosePace: async () => pace });
  const [p50, p99] = [ratiosOf(figures, "p50Ms"), ratiosOf(figures, "p99Ms")];
  const aims: Aim[] = [
    atMost("p50 of delivery by that of the best peer", 1, Math.max(...Object.values(p50))),
    atMost("p99 of delivery by that of the best peer", 1, Math.max(...Object.values(p99))),
  ];
  return { bench: "latency", figures, ratios: p99, aims };
};

/** What a delivery costs the server in processor time, at a fixed rate of deliveries. */
export const cpu: Benchmark = async (seconds, log) => {
  const peers = [socketIo, ...bun, ws];
  const pace = { kind: "rate", messagesPerSecond: deliveriesPerSecond / oneChannel.subscribers } as const;
  const figures = await compare({ scene: oneChannel, peers, seconds, log, choosePace: async () => pace });
  const ratios = ratiosOf(figures, "serverCpuPerDelivery");
  const aims: Aim[] = [atMost("processor time by that of socket.io", 0.7, ratios["socket.io"]!)];
  return { bench: "cpu", figures, ratios, aims };
};

/** With one message in flight, as a server that sends each message by itself is at its fastest then. */
async function socketIoSaturation(): Promise<number> {
  const contender = await Contender.start(socketIo, oneChannel);
  try {
    const figures = await contender.measure({ kind: "window", messages: 1 }, saturationMs / 4, saturationMs);
    return figures.deliveriesPerSecond;
  } finally {
    await contender.stop();
  }
}
