import { rmSync } from "node:fs";
import { Contender } from "../fanout/contender.ts";
import type { Figures } from "../fanout/contender.ts";
import { hawser, socketIo } from "../fanout/peers.ts";
import { PinnedProcess } from "../processes/pinned-process.ts";
import { atLeast, atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import type { ReaderCommand, ReaderReply } from "./reader.ts";
import { dataFolderOf, payloadBytes } from "./scene.ts";

/** Odd, for a median. */
const rounds = 3;
const warmUpMs = 300;
/** The core of the load: the server has the other one. */
const readerCore = 1;

const others = { subscribers: 100, channels: 1, channelsEach: 1, payloadBytes };
const othersPace = { kind: "rate", messagesPerSecond: 100 } as const;
/** Of Socket.IO's one client: so much in flight that it is never without. */
const window = { kind: "window", messages: 256 } as const;

/** One client, 1,000,000 messages behind, beside 100 who read the same channel live. */
export const catchup: Benchmark = async (seconds, log) => {
  const durationMs = (seconds * 1000) / rounds;
  const reader = new PinnedProcess<ReaderCommand, ReaderReply>("catchup/reader.js", readerCore);
  const running: Contender[] = [];
  const alone: Figures[] = [];
  const beside: Figures[] = [];
  const behind: ReaderReply[] = [];
  const live: Figures[] = [];
  try {
    log("a channel is filled with 1,000,000 messages");
    const server = await Contender.start({ ...hawser, server: "catchup/hawser-server.js" }, others);
    running.push(server);
    const peer = await Contender.start(socketIo, { ...others, subscribers: 1 });
    running.push(peer);
    for (let round = 1; round <= rounds; round += 1) {
      live.push(await peer.measure(window, warmUpMs, durationMs));
      alone.push(await server.measure(othersPace, warmUpMs, durationMs));
      const [reading, figures] = await Promise.all([
        reader.ask({ port: server.port, durationMs: durationMs + 2 * warmUpMs }),
        server.measure(othersPace, warmUpMs, durationMs),
      ]);
      beside.push(figures);
      behind.push(reading);
      log(`round ${round}: ${Math.round(reading.messagesPerSecond)} messages a second to the one that is behind`);
    }
  } finally {
    await Promise.all([reader.stop(), ...running.map((contender) => contender.stop())]);
    rmSync(dataFolderOf(process.pid), { recursive: true, force: true });
  }
  const figures = {
    "hawser, catching up": row(median(behind, "messagesPerSecond"), beside),
    "hawser, others alone": row(median(alone, "deliveriesPerSecond"), alone),
    "socket.io, one live client": row(median(live, "deliveriesPerSecond"), live),
  };
  const rate = median(behind, "messagesPerSecond") / median(live, "deliveriesPerSecond");
  const p99 = median(beside, "p99Ms") / median(alone, "p99Ms");
  return {
    bench: "catchup",
    figures,
    ratios: { "socket.io, live": rate },
    aims: [
      atLeast("messages a second of the one that is behind, by those of a live client of socket.io", 10, rate),
      atMost("p99 of the others, by that without the one that is behind", 1.5, p99),
    ],
  };
};

function row(messagesPerSecond: number, all: readonly Figures[]): object {
  return {
    messagesPerSecond,
    p99Ms: median(all, "p99Ms"),
    serverCpu: median(all, "serverCpu"),
    loadCpu: median(all, "loadCpu"),
  };
}

function median<Key extends string>(all: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!;
}
