import { PinnedProcess } from "../processes/pinned-process.ts";
import { atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";
import type { Reconnection, SessionsCommand, SessionsReply, StormServerCommand, StormServerReply } from "./messages.ts";

const sessions = 5_000;
/** Until the server has seen that the connections are gone. */
const awayMs = 1_000;

/** Where the two processes of a contender run: apart, so that the load takes nothing from the server. */
const cores = { server: 0, load: 1 };

interface Figures extends Reconnection {
  readonly serverCpuMs: number;
}

/** 5,000 sessions with three channels each are cut at once, miss 30 messages each, and come back without jitter. */
export const storm: Benchmark = async (seconds, log) => {
  /** Odd, for a median. */
  const rounds = 2 * Math.floor(seconds / 2) + 1;
  const contenders: Contender[] = [];
  try {
    contenders.push(await Contender.start("hawser"), await Contender.start("ws"));
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of contenders) {
        const { caughtUpMs } = await contender.storm();
        log(`round ${round}, ${contender.name}: ${Math.round(caughtUpMs)} ms`);
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  const figures = Object.fromEntries(contenders.map(({ name, measured }) => [name, medianOf(measured)]));
  const ratio = figures["hawser"]!.caughtUpMs / figures["ws"]!.caughtUpMs;
  return {
    bench: "storm",
    figures,
    ratios: { ws: ratio },
    aims: [atMost("time until all have caught up, by that in which bare ws only reconnects", 1.5, ratio)],
  };
};

class Contender {
  readonly name: "hawser" | "ws";
  readonly measured: Figures[] = [];
  readonly #server: PinnedProcess<StormServerCommand, StormServerReply>;
  readonly #sessions: PinnedProcess<SessionsCommand, SessionsReply>;

  private constructor(name: "hawser" | "ws") {
    this.name = name;
    this.#server = new PinnedProcess(`storm/${name}-server.js`, cores.server);
    this.#sessions = new PinnedProcess("storm/sessions.js", cores.load);
  }

  static async start(name: "hawser" | "ws"): Promise<Contender> {
    const contender = new Contender(name);
    try {
      const listening = await contender.#server.ask({ type: "listen" });
      if (listening.type !== "listening") throw new Error(`${name} answered ${listening.type}`);
      await contender.#sessions.ask({ type: "start", dialect: name, port: listening.port, sessions });
      return contender;
    } catch (error) {
      await contender.stop();
      throw error;
    }
  }

  async storm(): Promise<Figures> {
    await this.#sessions.ask({ type: "cut" });
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await this.#server.ask({ type: "publish" });
    const before = await this.#cpuMs();
    const reply = await this.#sessions.ask({ type: "reconnect" });
    if (reply.type !== "reconnected") throw new Error(`the sessions answered ${reply.type}`);
    const figures = { ...reply.reconnection, serverCpuMs: (await this.#cpuMs()) - before };
    this.measured.push(figures);
    return figures;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server.stop(), this.#sessions.stop()]);
  }

  async #cpuMs(): Promise<number> {
    const reply = await this.#server.ask({ type: "usage" });
    if (reply.type !== "usage") throw new Error(`${this.name} answered ${reply.type}`);
    return reply.cpuMs;
  }
}

/** Each figure's median by itself. */
function medianOf(all: readonly Figures[]): Figures {
  const median = (key: keyof Figures): number => all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!;
  return {
    caughtUpMs: median("caughtUpMs"),
    openMs: median("openMs"),
    serverCpuMs: median("serverCpuMs"),
    loadCpu: median("loadCpu"),
  };
}
