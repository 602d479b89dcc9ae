import { rmSync } from "node:fs";
import type { ServerCommand, ServerReply, Usage } from "../processes/messages.ts";
import { PinnedProcess } from "../processes/pinned-process.ts";
import { atLeast } from "../result.ts";
import type { Benchmark } from "../result.ts";
import { dataFolderOf } from "./data-folder.ts";
import type { PublishersCommand, PublishersMeasurement, PublishersReply, PublishersStart } from "./messages.ts";

const clients = 100;
const inFlight = 16;
const payloadBytes = 100;
const warmUpMs = 500;

/** Odd, for a median. The contenders take turns, so that a disturbance of the machine does not hit one alone. */
const rounds = 3;

/** Where the two processes of a contender run: apart, so that the load takes nothing from the server. */
const cores = { server: 0, load: 1 };

const contenders: readonly { readonly name: PublishersStart["dialect"]; readonly server: string }[] = [
  { name: "hawser", server: "ingest/hawser-server.js" },
  { name: "socket.io", server: "ingest/socket-io-server.js" },
];

interface Figures extends PublishersMeasurement {
  /** Processor time of the server, its log's threads included, by wall time; 1 is a whole core. */
  readonly serverCpu: number;
  /** Processor time of the server, in microseconds. */
  readonly serverCpuPerPublish: number;
}

/** 100 clients with 16 publishes in flight each, acknowledged when they are committed; Socket.IO stores nothing. */
export const ingest: Benchmark = async (seconds, log) => {
  const running: Contender[] = [];
  try {
    for (const { name, server } of contenders) running.push(await Contender.start(name, server));
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of running) {
        const figures = await contender.measure((seconds * 1000) / rounds);
        log(`round ${round}, ${contender.name}: ${Math.round(figures.acknowledgedPerSecond)} publishes a second`);
      }
    }
  } finally {
    await Promise.all(running.map((contender) => contender.stop()));
    rmSync(dataFolderOf(process.pid), { recursive: true, force: true });
  }
  const figures = Object.fromEntries(running.map(({ name, measured }) => [name, medianOf(measured)]));
  const ratio = figures["hawser"]!.acknowledgedPerSecond / figures["socket.io"]!.acknowledgedPerSecond;
  return {
    bench: "ingest",
    figures,
    ratios: { "socket.io": ratio },
    aims: [atLeast("acknowledged publishes a second over socket.io, which stores nothing", 2, ratio)],
  };
};

/** One server with its publishers connected, ready to be measured as often as one likes. */
class Contender {
  readonly name: PublishersStart["dialect"];
  readonly measured: Figures[] = [];
  readonly #server: PinnedProcess<ServerCommand, ServerReply>;
  readonly #load: PinnedProcess<PublishersCommand, PublishersReply>;

  private constructor(name: PublishersStart["dialect"], server: string) {
    this.name = name;
    this.#server = new PinnedProcess(server, cores.server);
    this.#load = new PinnedProcess("ingest/publishers.js", cores.load);
  }

  static async start(name: PublishersStart["dialect"], server: string): Promise<Contender> {
    const contender = new Contender(name, server);
    try {
      const listening = await contender.#server.ask({ type: "listen" });
      if (listening.type !== "listening") throw new Error(`${name} answered ${listening.type}`);
      const { port } = listening;
      await contender.#load.ask({ type: "start", dialect: name, port, clients, inFlight, payloadBytes });
      return contender;
    } catch (error) {
      await contender.stop();
      throw error;
    }
  }

  async measure(durationMs: number): Promise<Figures> {
    const [reply, serverCpu] = await Promise.all([
      this.#load.ask({ type: "measure", warmUpMs, durationMs }),
      this.#cpuDuring(durationMs),
    ]);
    if (reply.type !== "measured") throw new Error(`the load answered ${reply.type}`);
    const serverCpuPerPublish = (serverCpu * 1e6) / reply.measurement.acknowledgedPerSecond;
    const figures = { ...reply.measurement, serverCpu, serverCpuPerPublish };
    this.measured.push(figures);
    return figures;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server.stop(), this.#load.stop()]);
  }

  /** By the server's own clock: under load it answers late. */
  async #cpuDuring(durationMs: number): Promise<number> {
    const before = await this.#usageAfter(warmUpMs);
    const after = await this.#usageAfter(durationMs);
    return (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs);
  }

  async #usageAfter(ms: number): Promise<Usage> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const reply = await this.#server.ask({ type: "usage" });
    if (reply.type !== "usage") throw new Error(`${this.name} answered ${reply.type}`);
    return reply.usage;
  }
}

/** Each figure's median by itself. */
function medianOf(all: readonly Figures[]): Figures {
  const median = (key: keyof Figures): number => all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!;
  return {
    acknowledgedPerSecond: median("acknowledgedPerSecond"),
    p50Ms: median("p50Ms"),
    p99Ms: median("p99Ms"),
    serverCpu: median("serverCpu"),
    serverCpuPerPublish: median("serverCpuPerPublish"),
    loadCpu: median("loadCpu"),
  };
}
