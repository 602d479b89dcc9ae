import { availableParallelism } from "node:os";
import { PinnedProcess } from "../processes/pinned-process.ts";
import { atLeast, atMost } from "../result.ts";
import type { Aim, Benchmark } from "../result.ts";
import { cpuMsOf, startBalancer } from "./balancer-program.ts";
import type { BalancerName, BalancerProgram } from "./balancer-program.ts";
import type { EchoCommand, EchoReply, LoadCommand, LoadReply, Measurement, Pace } from "./messages.ts";

/** The proxies take turns on a core that nothing else uses; what is before and behind them shares the other, or has one each. */
const cores = { proxy: 0, load: 1, echo: availableParallelism() > 2 ? 2 : 1 };

const connections = 64;
const smallBytes = 100;
const largeBytes = 65_536;
const ratePerSecond = 2_000;
const rounds = 3;
const warmUpMs = 300;

export interface ProxyFigures {
  /** Messages of 100 bytes, there and back, 64 connections with one message under way each. */
  readonly messagesPerSecond: number;
  readonly proxyCpu: number;
  readonly loadCpu: number;
  /** Messages there and back for each second of the proxy's processor time: what one core carries. */
  readonly messagesPerCore: number;
  /** Of messages of 64 KiB, both ways counted, for each second of the proxy's processor time. */
  readonly mebibytesPerCore: number;
  /** Round trips at 2,000 messages a second. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Above those of connections straight to the echo server, in the same round. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
}

/** A proxy between clients and an echo server: what a core of it carries, and what it adds to a round trip. */
export const proxy: Benchmark = async (seconds, log) => {
  const echo = new PinnedProcess<EchoCommand, EchoReply>("proxy/echo-server.js", cores.echo);
  const contenders: Contender[] = [];
  try {
    const { port } = await echo.ask({ type: "listen" });
    contenders.push(
      await Contender.direct(port),
      await Contender.hawser(port, false),
      await Contender.hawser(port, true),
    );
    for (const name of ["haproxy", "nginx"] as const) {
      const contender = await Contender.program(name, port);
      if (contender === undefined) log(`${name} is not installed`);
      else contenders.push(contender);
    }
    const eachMs = (seconds * 1000) / rounds / 3;
    for (let round = 1; round <= rounds; round += 1) {
      const direct = await contenders[0]!.measure(eachMs, undefined);
      for (const contender of contenders.slice(1)) {
        const { messagesPerCore, addedP99Ms } = await contender.measure(eachMs, direct);
        log(
          `round ${round}, ${contender.name}: ${Math.round(messagesPerCore)} messages a core's second, ${addedP99Ms.toFixed(2)} ms added at p99`,
        );
      }
    }
  } finally {
    await Promise.all([...contenders.map((contender) => contender.stop()), echo.stop()]);
  }
  const figures = Object.fromEntries(contenders.map(({ name, measured }) => [name, medianOf(measured)]));
  const own = figures["hawser"]!;
  const ratios: Record<string, number> = {};
  for (const name of ["haproxy", "nginx", "hawser-virtual"])
    if (figures[name] !== undefined) ratios[name] = own.messagesPerCore / figures[name].messagesPerCore;
  return { bench: "proxy", figures, ratios, aims: aimsOf(own, figures["haproxy"]) };
};

function aimsOf(own: ProxyFigures, haproxy: ProxyFigures | undefined): Aim[] {
  if (haproxy === undefined) return [];
  return [
    atMost("p99 that it adds, by what HAProxy adds", 2, own.addedP99Ms / haproxy.addedP99Ms),
    atLeast("messages a core carries, by HAProxy's", 0.4, own.messagesPerCore / haproxy.messagesPerCore),
  ];
}

class Contender {
  readonly name: string;
  readonly measured: ProxyFigures[] = [];
  readonly #port: number;
  /** `undefined`: nothing lies between. */
  readonly #pid: number | undefined;
  readonly #remove: () => Promise<void>;
  readonly #virtual: boolean;
  readonly #load = new PinnedProcess<LoadCommand, LoadReply>("proxy/load.js", cores.load);

  private constructor(
    name: string,
    { port, pid, remove }: Omit<BalancerProgram, "pid"> & { pid: number | undefined },
    virtual = false,
  ) {
    this.name = name;
    this.#virtual = virtual;
    this.#port = port;
    this.#pid = pid;
    this.#remove = remove;
  }

  static async direct(port: number): Promise<Contender> {
    return new Contender("direct", { port, pid: undefined, remove: () => Promise.resolve() });
  }

  static async hawser(target: number, virtual: boolean): Promise<Contender> {
    const server = new PinnedProcess<EchoCommand, EchoReply>("proxy/hawser-gateway.js", cores.proxy);
    const { port, pid } = await server.ask({ type: "listen", target });
    return new Contender(virtual ? "hawser-virtual" : "hawser", { port, pid, remove: () => server.stop() }, virtual);
  }

  static async program(name: BalancerName, target: number): Promise<Contender | undefined> {
    const program = await startBalancer(name, target, cores.proxy);
    return program === undefined ? undefined : new Contender(name, program);
  }

  /** @param direct - What the same takes with nothing between. */
  async measure(eachMs: number, direct: ProxyFigures | undefined): Promise<ProxyFigures> {
    const small = await this.#run(smallBytes, { kind: "saturate" }, eachMs);
    const large = await this.#run(largeBytes, { kind: "saturate" }, eachMs);
    const paced = await this.#run(smallBytes, { kind: "rate", messagesPerSecond: ratePerSecond }, eachMs);
    const figures: ProxyFigures = {
      messagesPerSecond: small.messagesPerSecond,
      proxyCpu: small.proxyCpu,
      loadCpu: small.loadCpu,
      messagesPerCore: perCore(small),
      mebibytesPerCore: (perCore(large) * 2 * largeBytes) / 2 ** 20,
      p50Ms: paced.p50Ms,
      p99Ms: paced.p99Ms,
      addedP50Ms: direct === undefined ? 0 : paced.p50Ms - direct.p50Ms,
      addedP99Ms: direct === undefined ? 0 : paced.p99Ms - direct.p99Ms,
    };
    this.measured.push(figures);
    return figures;
  }

  async stop(): Promise<void> {
    await this.#load.stop();
    await this.#remove();
  }

  async #run(payloadBytes: number, pace: Pace, durationMs: number): Promise<Measurement & { proxyCpu: number }> {
    await this.#load.ask({ type: "connect", port: this.#port, connections, payloadBytes, virtual: this.#virtual });
    const cpuMs = (): number => (this.#pid === undefined ? 0 : cpuMsOf(this.#pid));
    const reply = this.#load.ask({ type: "measure", pace, warmUpMs, durationMs });
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    const [before, at] = [cpuMs(), performance.now()];
    const measured = await reply;
    const proxyCpu = (cpuMs() - before) / (performance.now() - at);
    await this.#load.ask({ type: "disconnect" });
    if (measured.type !== "measured") throw new Error(`the load answered ${measured.type}`);
    return { ...measured.measurement, proxyCpu };
  }
}

function perCore({ messagesPerSecond, proxyCpu }: { messagesPerSecond: number; proxyCpu: number }): number {
  return proxyCpu === 0 ? 0 : messagesPerSecond / proxyCpu;
}

/** Each figure's median by itself. */
function medianOf(all: readonly ProxyFigures[]): ProxyFigures {
  const keys = Object.keys(all[0]!) as (keyof ProxyFigures)[];
  return Object.fromEntries(
    keys.map((key) => [key, all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]!]),
  ) as unknown as ProxyFigures;
}
