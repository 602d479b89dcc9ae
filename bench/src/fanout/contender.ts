import type {
  LoadCommand,
  LoadReply,
  Measurement,
  Pace,
  ServerCommand,
  ServerReply,
  Usage,
} from "../processes/messages.ts";
import { PinnedProcess } from "../processes/pinned-process.ts";
import type { Peer } from "./peers.ts";
import type { Scene } from "./scene.ts";

/** Where the two processes of a contender run: apart, so that the load takes nothing from the server. */
const cores = { server: 0, load: 1 };

export interface Figures extends Measurement {
  /** Messages in flight; 0 where they are published at a rate. */
  readonly window: number;
  /** Processor time of the server by wall time; 1 is a whole core. */
  readonly serverCpu: number;
  /** Processor time of the server, in microseconds. */
  readonly serverCpuPerDelivery: number;
  readonly serverResidentMiB: number;
}

/** One server with its subscribers connected, ready to be measured as often as one likes. */
export class Contender {
  readonly peer: Peer;
  /** Of the server; 0 before it listens. */
  port = 0;
  readonly #server: PinnedProcess<ServerCommand, ServerReply>;
  readonly #load: PinnedProcess<LoadCommand, LoadReply>;

  private constructor(peer: Peer) {
    this.peer = peer;
    this.#server = new PinnedProcess(peer.server, cores.server, peer.program);
    this.#load = new PinnedProcess("load/main.js", cores.load);
  }

  static async start(peer: Peer, scene: Scene): Promise<Contender> {
    const contender = new Contender(peer);
    try {
      const listening = await contender.#server.ask({ type: "listen" });
      if (listening.type !== "listening") throw new Error(`${peer.name} answered ${listening.type}`);
      const { port } = listening;
      contender.port = port;
      await contender.#load.ask({ type: "start", dialect: peer.dialect, port, ...scene });
      return contender;
    } catch (error) {
      await contender.stop();
      throw error;
    }
  }

  async measure(pace: Pace, warmUpMs: number, durationMs: number): Promise<Figures> {
    const [reply, { before, after }] = await Promise.all([
      this.#load.ask({ type: "measure", pace, warmUpMs, durationMs }),
      this.#usageDuring(warmUpMs, durationMs),
    ]);
    if (reply.type !== "measured") throw new Error(`the load answered ${reply.type}`);
    const serverCpu = (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs);
    return {
      ...reply.measurement,
      window: pace.kind === "window" ? pace.messages : 0,
      serverCpu,
      serverCpuPerDelivery: (serverCpu * 1e6) / reply.measurement.deliveriesPerSecond,
      serverResidentMiB: after.residentBytes / 2 ** 20,
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server.stop(), this.#load.stop()]);
  }

  /** By the server's own clock: under load it answers late. */
  async #usageDuring(warmUpMs: number, durationMs: number): Promise<{ before: Usage; after: Usage }> {
    const before = await this.#usageAfter(warmUpMs);
    return { before, after: await this.#usageAfter(durationMs) };
  }

  async #usageAfter(ms: number): Promise<Usage> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const reply = await this.#server.ask({ type: "usage" });
    if (reply.type !== "usage") throw new Error(`${this.peer.name} answered ${reply.type}`);
    return reply.usage;
  }
}
