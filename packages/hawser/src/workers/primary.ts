import { randomBytes } from "node:crypto";
import type { Log } from "@hawser/log";
import { pairedListener, serveLog } from "@hawser/log-server";
import type { LogServer, PairedListener } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { processMetrics } from "@hawser/server";
import { aborted } from "../aborted.ts";
import { isBrokerUrl, warnOfBroker } from "../brokers/broker-log.ts";
import type { ConfigFile } from "../configuration/config-file.ts";
import type { Settings } from "../configuration/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { styleFor } from "../output/style.ts";
import { announcement } from "../serve/announcement.ts";
import { openLog } from "../serve/open-log.ts";
import { folderSecret, loggerOf, logOf } from "../serve/server-options.ts";
import { drainNote, maxStopMs, notInTime } from "../serve/stopping.ts";
import type { World } from "../world.ts";
import { clusterFork } from "./cluster-process.ts";
import { gatherMetrics } from "./gather-metrics.ts";
import { settledPorts } from "./settled-ports.ts";
import { WorkerPool } from "./worker-pool.ts";

/** A worker may load a configuration for so long before it asks for the log. */
const helloTimeoutMs = 60_000;
/** A worker follows as many channels as its clients read: what bounds those bounds it. */
const maxFollowers = 10_000_000;
/** One that ended may be replaced before its pipe has. */
const maxClients = 1_024;
/** Connections that are told to move in a second, as a drain has it by default. */
const movesPerSecond = 1_000;

/** `hawser serve` with workers: this process keeps the log and the port, and serves no client itself. */
export async function serveWithWorkers(settings: Settings, file: ConfigFile, world: World): Promise<ExitCode> {
  const printer = new Printer(world);
  const keptSecret = folderSecret(settings, file);
  const place = settings.log.value;
  // A broker has one reader per machine, and not one per worker.
  const log = place === undefined || isBrokerUrl(place) ? await logOf(settings, file) : undefined;
  if (log !== undefined) {
    await openLog(log, file);
    warnOfBroker(settings, log, printer);
  }
  const pipes = pairedListener();
  const logServer = log === undefined ? undefined : await serveToWorkers(log, pipes);
  const own = processMetrics({ worker: "primary" });
  const settled = await settledPorts(settings);
  const baseName = file.config.name ?? `hawser-${randomBytes(4).toString("hex")}`;
  const grantSecret = keptSecret ?? randomBytes(32).toString("base64url");
  const givenUp = new AbortController();
  const pool = new WorkerPool({
    ...systemPorts(),
    count: settings.workers.value,
    fork: clusterFork((pipe) => pipes.take(pipe)),
    planOf: (number) => ({
      name: `${baseName}-${number}`,
      settings: settled,
      configPath: file.path ?? null,
      grantSecret,
      keptSecret: keptSecret ?? null,
      log: log?.capabilities ?? null,
    }),
    answers: {
      metrics: async () => gatherMetrics([...(await pool.ask("metrics")), await own.expose(), poolMetrics(pool)]),
      draining: async () => (await pool.draining()) ?? null,
      drain: async (options) => {
        await pool.drain(options);
        return null;
      },
    },
    logger: loggerOf(settings.logLevel.value, world),
    onGivenUp: (error) => givenUp.abort(error),
  });
  const killAll = (): void => pool.kill();
  // A second signal, or a fault of this process: no worker may stay behind.
  process.once("exit", killAll);
  try {
    const { url, tcpUrl } = await pool.start();
    const style = styleFor(world.stdout, world.environment);
    for (const line of announcement({ url, tcpUrl: tcpUrl ?? "" }, settings, file, style)) await printer.line(line);
    await aborted(AbortSignal.any([world.interrupted, givenUp.signal]));
    const inTime = await stop(pool, settings, printer);
    if (givenUp.signal.aborted) throw givenUp.signal.reason as Error;
    if (!inTime) printer.note(notInTime);
    return inTime ? exitCodes.ok : exitCodes.failure;
  } finally {
    pool.kill();
    process.off("exit", killAll);
    own.stop();
    await logServer?.close();
    await log?.close();
  }
}

/** Only workers reach it, each by the pipe that it was started with. */
function serveToWorkers(log: Log, listener: PairedListener): Promise<LogServer> {
  return serveLog({ log, listener, limits: { helloTimeoutMs, maxFollowers, maxClients } });
}

/** Lets the clients go, and then the workers. Resolves with whether that was in time. */
async function stop(pool: WorkerPool, settings: Settings, printer: Printer): Promise<boolean> {
  const overMs = settings.drainMs.value;
  const connections = (await pool.ask("connections")).reduce((sum, count) => sum + count, 0);
  if (overMs > 0 && connections > 0) {
    printer.note(drainNote(connections, overMs));
    await pool.drain({ overMs });
    await pool.drained(overMs + (connections / movesPerSecond) * 1_000 + maxStopMs);
  }
  printer.note("stopping");
  return pool.close(maxStopMs);
}

function poolMetrics({ serving, starts }: WorkerPool): string {
  return [
    "# HELP hawser_workers Workers that serve now.",
    "# TYPE hawser_workers gauge",
    `hawser_workers ${serving}`,
    "# HELP hawser_worker_starts_total Workers that were started, those that took another's place among them.",
    "# TYPE hawser_worker_starts_total counter",
    `hawser_worker_starts_total ${starts}`,
    "",
  ].join("\n");
}
