import { spawnSync } from "node:child_process";
import { expectType } from "../processes/expect-type.ts";
import { PinnedProcess } from "../processes/pinned-process.ts";
import { atLeast, atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import type {
  Received,
  ReceiverCommand,
  ReceiverReply,
  RelayCommand,
  RelayReply,
  ServerCommand,
  ServerKind,
  ServerReply,
} from "./messages.ts";
import { PacketNetwork } from "./packet-network.ts";

const bytesPerSecond = 10e6 / 8;
const roundTripMs = 50;
/** What the path holds: the queue ahead of it is as long. */
const queueBytes = (bytesPerSecond * roundTripMs) / 1_000;
const everyMs = 20;
/** A packet that comes out late is a fault of the measurement: what runs beside it must not hold it up. */
const punctual: readonly string[] = spawnSync("chrt", ["-r", "1", "true"]).status === 0 ? ["chrt", "-r", "1"] : [];
const kinds: readonly ServerKind[] = ["hawser", "ws", "ws-waits"];

/** Small messages every 20 ms beside a bulk transfer to the same client, over a path of 10 Mbit/s and 50 ms. */
export const lanes: Benchmark = async (seconds, log) => {
  let network: PacketNetwork;
  try {
    network = PacketNetwork.open();
  } catch (error) {
    log(`skipped: no network can be made here (${error instanceof Error ? error.message : String(error)})`);
    return { bench: "lanes", figures: {}, ratios: {}, aims: [] };
  }
  const started = <Command extends object, Reply>(
    name: string,
    core: number,
    place: Parameters<PacketNetwork["commandAt"]>[0],
  ): PinnedProcess<Command, Reply> =>
    new PinnedProcess(`lanes/${name}.js`, core, process.execPath, [...network.commandAt(place), ...punctual]);
  const relay = started<RelayCommand, RelayReply>("relay", 1, "middle");
  const server = started<ServerCommand, ServerReply>("server", 0, "near");
  const receiver = started<ReceiverCommand, ReceiverReply>("receiver", 0, "far");
  try {
    await relay.ask({ type: "carry", bytesPerSecond, queueBytes, delayMs: roundTripMs / 2 });
    const { ports } = expectType(await server.ask({ type: "listen", host: network.nearAddress }), "listening");
    const figures: Record<string, Figures> = {};
    for (const kind of kinds) {
      log(`${kind}, for ${seconds} s`);
      const url = `ws://${network.nearAddress}:${ports[kind]}/${kind === "hawser" ? "hawser" : ""}`;
      figures[kind] = await contend({ relay, server, receiver }, kind, url, seconds);
    }
    const hawser = figures["hawser"]!;
    const fifo = figures["ws"]!;
    const waiting = figures["ws-waits"]!;
    const mostBulk = Math.max(fifo.bulkMbitPerSecond, waiting.bulkMbitPerSecond);
    return {
      bench: "lanes",
      figures,
      ratios: { "ws (p99)": hawser.p99Ms / fifo.p99Ms, "ws-waits (p99)": hawser.p99Ms / waiting.p99Ms },
      aims: [
        atMost("p99 of the small messages, ms: one round trip + 60", roundTripMs + 60, hawser.p99Ms),
        atLeast("p99 on one FIFO socket by that of hawser", 10, fifo.p99Ms / hawser.p99Ms),
        atLeast("bulk of hawser by the most of a peer", 0.9, hawser.bulkMbitPerSecond / mostBulk),
      ],
    };
  } finally {
    await Promise.all([relay.stop(), server.stop(), receiver.stop()]);
    network.close();
  }
};

interface Processes {
  readonly relay: PinnedProcess<RelayCommand, RelayReply>;
  readonly server: PinnedProcess<ServerCommand, ServerReply>;
  readonly receiver: PinnedProcess<ReceiverCommand, ReceiverReply>;
}

interface Figures extends Received {
  /** Small messages. */
  readonly sent: number;
  readonly packetsDropped: number;
  /** How late the path itself was at most, for want of a core. */
  readonly pathLateMs: number;
}

/** One contender, from the first byte of its bulk transfer on: how a connection begins counts, too. */
async function contend(
  { relay, server, receiver }: Processes,
  kind: ServerKind,
  url: string,
  seconds: number,
): Promise<Figures> {
  const run = "only";
  await receiver.ask({ type: "connect", kind, run, url });
  await relay.ask({ type: "report" });
  const bulkBytesPerSecond = 1.2 * bytesPerSecond;
  await server.ask({ type: "start", kind, run, everyMs, bulkBytesPerSecond });
  const { received } = expectType(await receiver.ask({ type: "measure", durationMs: seconds * 1_000 }), "measured");
  const { sent } = expectType(await server.ask({ type: "stop" }), "stopped");
  const { dropped, lateMs } = expectType(await relay.ask({ type: "report" }), "report");
  await receiver.ask({ type: "close" });
  if (received.faults > 0) throw new Error(`${kind}: ${received.faults} small messages were lost or out of order`);
  return { sent, ...received, packetsDropped: dropped, pathLateMs: lateMs };
}
