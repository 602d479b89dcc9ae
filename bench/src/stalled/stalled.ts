import { availableParallelism } from "node:os";
import { PinnedProcess } from "../processes/pinned-process.ts";
import type { EchoCommand, EchoReply } from "../proxy/messages.ts";
import { atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import type { SocketsCommand, SocketsReply } from "./messages.ts";

const cores = { gateway: 0, load: 1, echo: availableParallelism() > 2 ? 2 : 1 };
const rounds = 3;
const warmUpMs = 500;

export interface StalledFigures {
  /** Round trips of the other sockets. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly messagesPerSecond: number;
  /** At the client, for the server that takes nothing. */
  readonly waitingBytes: number;
}

/** A hundred virtual sockets of one client to ten pools, with and without one pool whose server takes nothing. */
export const stalled: Benchmark = async (seconds, log) => {
  const echo = new PinnedProcess<EchoCommand, EchoReply>("proxy/echo-server.js", cores.echo);
  const deaf = new PinnedProcess<EchoCommand, EchoReply>("proxy/echo-server.js", cores.echo);
  const measured: Record<"all-read" | "one-stalled", StalledFigures[]> = { "all-read": [], "one-stalled": [] };
  try {
    const { port: target } = await echo.ask({ type: "listen" });
    const { port: last } = await deaf.ask({ type: "listen", deaf: true });
    const durationMs = (seconds * 1_000) / rounds / 2;
    for (let round = 1; round <= rounds; round += 1)
      for (const name of ["all-read", "one-stalled"] as const) {
        const figures = await measure(target, name === "one-stalled" ? last : undefined, durationMs);
        measured[name].push(figures);
        log(`round ${round}, ${name}: p99 ${figures.p99Ms.toFixed(2)} ms`);
      }
  } finally {
    await Promise.all([echo.stop(), deaf.stop()]);
  }
  const figures = { "all-read": medianOf(measured["all-read"]), "one-stalled": medianOf(measured["one-stalled"]) };
  const ratio = figures["one-stalled"].p99Ms / figures["all-read"].p99Ms;
  return {
    bench: "stalled",
    figures,
    ratios: { "all-read": ratio },
    aims: [atMost("p99 of the others, by that without a stall", 1.5, ratio)],
  };
};

/** With processes of its own: what a stall leaves behind must not count for the next round. */
async function measure(target: number, last: number | undefined, durationMs: number): Promise<StalledFigures> {
  const gateway = new PinnedProcess<EchoCommand, EchoReply>("proxy/hawser-gateway.js", cores.gateway);
  const sockets = new PinnedProcess<SocketsCommand, SocketsReply>("stalled/sockets.js", cores.load);
  try {
    const { port } = await gateway.ask({ type: "listen", target, ...(last === undefined ? {} : { last }) });
    await sockets.ask({ type: "open", port, stalls: last !== undefined });
    const reply = await sockets.ask({ type: "measure", warmUpMs, durationMs });
    if (reply.type !== "measured") throw new Error(`the client answered ${reply.type}`);
    const { p50Ms, p99Ms, messagesPerSecond } = reply.measurement;
    return { p50Ms, p99Ms, messagesPerSecond, waitingBytes: reply.waitingBytes };
  } finally {
    await Promise.all([gateway.stop(), sockets.stop()]);
  }
}

/** Each figure's median by itself. */
function medianOf(all: readonly StalledFigures[]): StalledFigures {
  const keys = Object.keys(all[0]!) as (keyof StalledFigures)[];
  return Object.fromEntries(
    keys.map((key) => [key, all.map((one) => one[key]).sort((one, other) => one - other)[all.length >> 1]!]),
  ) as unknown as StalledFigures;
}
