import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PinnedProcess } from "../processes/pinned-process.ts";
import { atLeast, atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import { distributionOf } from "./distribution.ts";
import { HawserCommand } from "./hawser-command.ts";
import type { SessionsCommand, SessionsReply } from "./messages.ts";

const sessionCount = 500;
const messagesPerSecond = 1_000;
const rooms = 50;
const loadProcesses = 2;
const configuration = 'export default { channels: [{ pattern: "rolling.**", presence: true }] };';
const drainDoneMs = 1_500;

type Reply<Type extends SessionsReply["type"]> = Extract<SessionsReply, { type: Type }>;

/**
 * A log process and two nodes, 500 sessions that publish 1,000 messages a second to 50 rooms, read one each, and are all in
 * the presence of one channel, which two on each node watch. After a third of the time undisturbed, one node and then the other is drained by SIGTERM over as much time, and started again.
 */
export const rolling: Benchmark = async (seconds, log) => {
  const folder = await mkdtemp(join(tmpdir(), "hawser-rolling-"));
  const drain = `${Math.max(1_000, seconds * 1_000)}ms`;
  const ports = [await freePort(), await freePort()] as const;
  const urls = [`ws://127.0.0.1:${ports[0]}/hawser`, `ws://127.0.0.1:${ports[1]}/hawser`] as const;
  const logProcess = new HawserCommand(["log", "--log-level", "warn"], folder);
  const nodes = [0, 1].map(
    (index) =>
      new HawserCommand(
        [
          ...["serve", "--no-page", "--log", "unix:data/log.sock", "--drain", drain],
          ...["--port", String(ports[index]), "--peer", urls[1 - index]!],
        ],
        folder,
      ),
  );
  const loads: PinnedProcess<SessionsCommand, SessionsReply>[] = [];
  const ask = async <Type extends SessionsReply["type"]>(
    type: Type,
    command: (index: number) => SessionsCommand,
  ): Promise<Reply<Type>[]> => {
    const replies = await Promise.all(loads.map((load, index) => load.ask(command(index))));
    return replies.map((reply) => {
      if (reply.type !== type) throw new Error(`${reply.type} where ${type} was asked for`);
      return reply as Reply<Type>;
    });
  };
  const lap = async (): Promise<number[]> =>
    (await ask("lap", () => ({ type: "lap" }))).flatMap(({ pausesMs }) => pausesMs);
  try {
    await writeFile(join(folder, "hawser.config.mjs"), configuration);
    await logProcess.start(/--log (unix:\S+)\n/);
    for (const node of nodes) await node.start(/Where .*\n/);
    for (let index = 0; index < loadProcesses; index += 1)
      loads.push(new PinnedProcess("rolling/sessions.js", index % loadProcesses));
    const count = sessionCount / loadProcesses;
    const publishesPerSecond = messagesPerSecond / sessionCount;
    await ask("opened", (index) => ({ type: "open", urls, first: index * count, count, rooms, publishesPerSecond }));
    log(`${sessionCount} sessions on two nodes`);
    const begun = performance.now();
    await ask("going", () => ({ type: "go" }));
    await later(1_000);
    await lap();
    await later((seconds * 1_000) / 3);
    const calm = await lap();
    let closedByServer = 0;
    for (const [index, node] of nodes.entries()) {
      const code = await node.stop();
      if (code !== 0) throw new Error(`node ${index} ended with ${code}:\n${node.said}`);
      const [, closed = "", elapsedMs = ""] = /"closed":(\d+),"elapsedMs":(\d+),"msg":"drained"/.exec(node.said) ?? [];
      log(`node ${index} was drained in ${elapsedMs} ms; ${closed} connections stayed to the end`);
      closedByServer += Number(closed);
      await node.start(/Where .*\n/);
      await later(drainDoneMs);
    }
    const disturbed = await lap();
    const stopped = await ask("stopped", () => ({ type: "stop" }));
    const elapsedSeconds = (performance.now() - begun) / 1_000;
    const published = stopped.flatMap((reply) => reply.published);
    const finished = await ask("finished", () => ({ type: "finish", published }));
    const watchers = stopped.flatMap(({ presence }) => presence);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const faults = {
      lost: sum(finished.map((reply) => reply.faults.lost)),
      doubled: sum(finished.map((reply) => reply.faults.doubled)),
      disordered: sum(finished.map((reply) => reply.faults.disordered)),
      told: sum(finished.map(({ told }) => told)),
      unpublished: sum(stopped.map(({ failed }) => failed)),
      presenceLeft: sum(watchers.map(({ left }) => left)),
      presenceJoined: sum(watchers.map(({ joined }) => joined)),
    };
    const shared = {
      sessions: sessionCount,
      published: sum(published),
      publishedPerSecond: sum(published) / elapsedSeconds,
      delivered: sum(finished.map(({ delivered }) => delivered)),
      moves: sum(finished.map(({ moves }) => moves)),
      closedByServer,
      presenceWatchers: watchers.length,
      presenceMembers: Math.min(...watchers.map(({ members }) => members)),
      ...faults,
    };
    return {
      bench: "rolling",
      figures: {
        undisturbed: { ...pauses(calm), ...shared },
        "rolling restart": { ...pauses(disturbed), ...shared },
      },
      ratios: {},
      aims: [
        atLeast("sessions", sessionCount, sessionCount),
        atLeast("messages published a second", 0.95 * messagesPerSecond, shared.publishedPerSecond),
        atLeast("members that every watcher sees at the end", sessionCount, shared.presenceMembers),
        ...Object.entries(faults).map(([name, value]) => atMost(name, 0, value)),
      ],
    };
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
    await Promise.all(nodes.map((node) => node.stop("SIGKILL")));
    await logProcess.stop("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
};

/** The longest pause of each session, as a distribution. */
function pauses(longestMs: readonly number[]): Record<string, number> {
  const { p50, p90, p99, max } = distributionOf(longestMs);
  return { pauseP50Ms: p50, pauseP90Ms: p90, pauseP99Ms: p99, pauseMaxMs: max };
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A port that was free a moment ago: a node has to come back on the same one. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
