import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectType } from "../processes/expect-type.ts";
import { PinnedProcess } from "../processes/pinned-process.ts";
import type { Aim, Benchmark } from "../result.ts";
import { atMost } from "../result.ts";
import { distributionOf } from "../rolling/distribution.ts";
import type {
  PathsCommand,
  PathsReply,
  ReceiverPlan,
  ReceiversCommand,
  ReceiversReply,
  StreamCommand,
  StreamReply,
} from "./messages.ts";

const messagesPerSecond = 1_000;
const oneWayMs = 25;
const roundTripMs = 2 * oneWayMs;
const resetEveryMs = 1_000;
/** A reset is heard of at once. */
const detectionMs = 0;
const warmUpMs = 2_000;

type Lap = Extract<ReceiversReply, { readonly type: "lap" }>;

interface Contender {
  readonly name: string;
  readonly by: ReceiverPlan["by"];
  readonly isReset: boolean;
}

const undisturbed = "hawser undisturbed";
const contenders: readonly Contender[] = [
  { name: undisturbed, by: "mirrored", isReset: false },
  { name: "hawser mirrored", by: "mirrored", isReset: true },
  { name: "hawser any", by: "any", isReset: true },
  { name: "socket.io undisturbed", by: "socket.io", isReset: false },
  { name: "socket.io", by: "socket.io", isReset: true },
];

/** What a receiver sees of the loss of a connection every second, on a path of 50 ms round trip. All run side by side. */
export const failover: Benchmark = async (seconds, log) => {
  const folder = await mkdtemp(join(tmpdir(), "hawser-failover-"));
  const socket = join(folder, "log.sock");
  const owner = new PinnedProcess<StreamCommand, StreamReply>("failover/hawser-node.js", 0);
  const borrower = new PinnedProcess<StreamCommand, StreamReply>("failover/hawser-node.js", 0);
  const socketIo = new PinnedProcess<StreamCommand, StreamReply>("failover/socket-io-server.js", 0);
  const paths = new PinnedProcess<PathsCommand, PathsReply>("failover/paths.js", 1);
  const receivers = new PinnedProcess<ReceiversCommand, ReceiversReply>("failover/receivers.js", 1);
  const processes = [owner, borrower, socketIo, paths, receivers];
  try {
    const nodes = [
      await listeningPort(owner, { type: "listen", socket, owner: true }),
      await listeningPort(borrower, { type: "listen", socket, owner: false }),
    ];
    const socketIoPort = await listeningPort(socketIo, { type: "listen", socket, owner: false });
    const plans: ReceiverPlan[] = [];
    for (const { name, by } of contenders) {
      const targets = by === "socket.io" ? [socketIoPort] : nodes;
      const laid = expectType(await paths.ask({ type: "lay", group: name, targets, oneWayMs }), "laid");
      plans.push({ name, by, ports: laid.ports });
    }
    expectType(await receivers.ask({ type: "open", receivers: plans }), "opened");
    for (const publisher of [owner, socketIo]) await publisher.ask({ type: "go", messagesPerSecond });
    await later(warmUpMs);
    await receivers.ask({ type: "lap" });
    log(`a reset every ${resetEveryMs} ms, for ${seconds} s`);
    const groups = contenders.filter(({ isReset }) => isReset).map(({ name }) => name);
    const laps = await resetOften(paths, receivers, groups, seconds);
    const hawserPublished = expectType(await owner.ask({ type: "stop" }), "stopped").published;
    const socketIoPublished = expectType(await socketIo.ask({ type: "stop" }), "stopped").published;
    const published = Object.fromEntries(
      contenders.map(({ name, by }) => [name, by === "socket.io" ? socketIoPublished : hawserPublished]),
    );
    const { results } = expectType(await receivers.ask({ type: "finish", published }), "finished");
    const figures = Object.fromEntries(
      contenders.map(({ name, isReset }) => {
        const { received, faults, connects, told } = results[name]!;
        const { p50, max } = distributionOf(laps.map(({ pausesMs }) => pausesMs[name]!));
        const pauses = { longestPauseMs: max, medianPauseMs: p50 };
        return [name, { ...pauses, resets: isReset ? laps.length : 0, connects, received, ...faults, told }];
      }),
    );
    log(`the receivers' process stood still for up to ${Math.max(...laps.map(({ stillMs }) => stillMs))} ms`);
    const pause = (name: string): number => figures[name]!.longestPauseMs;
    const own = contenders.filter(({ by }) => by !== "socket.io").map(({ name }) => figures[name]!);
    const sum = (key: "lost" | "doubled" | "disordered" | "told"): number =>
      own.reduce((total, one) => total + one[key], 0);
    const aims: Aim[] = [
      atMost("longest pause of mirrored, ms: undisturbed + 20", pause(undisturbed) + 20, pause("hawser mirrored")),
      atMost(
        "longest pause of any, ms: two round trips + detection + 30",
        2 * roundTripMs + detectionMs + 30,
        pause("hawser any"),
      ),
      ...(["lost", "doubled", "disordered", "told"] as const).map((key) => atMost(`messages ${key}`, 0, sum(key))),
    ];
    return {
      bench: "failover",
      figures,
      ratios: {
        "socket.io (mirrored)": pause("hawser mirrored") / pause("socket.io"),
        "socket.io (any)": pause("hawser any") / pause("socket.io"),
      },
      aims,
    };
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
    await rm(folder, { recursive: true, force: true });
  }
};

/** One reset of each group each time, and what the receivers saw in the time behind it. */
async function resetOften(
  paths: PinnedProcess<PathsCommand, PathsReply>,
  receivers: PinnedProcess<ReceiversCommand, ReceiversReply>,
  groups: readonly string[],
  seconds: number,
): Promise<Lap[]> {
  const laps: Lap[] = [];
  const begun = performance.now();
  const times = Math.max(1, Math.floor((seconds * 1_000) / resetEveryMs));
  for (let time = 1; time <= times; time += 1) {
    const { connections } = expectType(await paths.ask({ type: "reset", groups }), "reset");
    if (connections !== groups.length) throw new Error(`${groups.length - connections} groups have no connection`);
    await later(begun + time * resetEveryMs - performance.now());
    laps.push(expectType(await receivers.ask({ type: "lap" }), "lap"));
  }
  return laps;
}

async function listeningPort(
  server: PinnedProcess<StreamCommand, StreamReply>,
  command: StreamCommand,
): Promise<number> {
  return expectType(await server.ask(command), "listening").port;
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
