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
const rounds = 5;
/** Of each round, in which latencies are measured of all in turn: what disturbs the machine for a moment disturbs all. */
const turns = 5;
const warmUpMs = 300;
/** Of a turn: the connections are there, and the programs warm. */
const turnWarmUpMs = 50;

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

/** Of a round that is under way. */
type Measured = { -readonly [Name in keyof ProxyFigures]: number };

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
      for (const contender of contenders) await contender.saturate(eachMs);
      await paceInTurns(contenders, eachMs / turns, round);
      const [direct, ...others] = contenders.map((contender) => contender.measured.at(-1)!);
      for (const [index, figures] of others.entries()) {
        figures.addedP50Ms = figures.p50Ms - direct!.p50Ms;
        figures.addedP99Ms = figures.p99Ms - direct!.p99Ms;
        log(
          `round ${round}, ${contenders[index + 1]!.name}: ${Math.round(figures.messagesPerCore)} messages a core's second, ${figures.addedP99Ms.toFixed(2)} ms added at p99`,
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

/** Round trips of all, a little of each in turn, another one first in each round. */
async function paceInTurns(contenders: readonly Contender[], turnMs: number, round: number): Promise<void> {
  const first = round % contenders.length;
  const order = [...contenders.slice(first), ...contenders.slice(0, first)];
  for (const contender of order) await contender.connect(smallBytes);
  for (let turn = 0; turn < turns; turn += 1) for (const contender of order) await contender.pace(turnMs, turn > 0);
  for (const contender of order) await contender.disconnect();
}

function aimsOf(own: ProxyFigures, haproxy: ProxyFigures | undefined): Aim[] {
  if (haproxy === undefined) return [];
  return [
    atMost("p99 that it adds, by what HAProxy adds", 2, own.addedP99Ms / haproxy.addedP99Ms),
    atLeast("messages a core carries, by HAProxy's", 0.4, own.messagesPerCore / haproxy.messagesPerCore),
  ];
}

class Contender {
  readonly name: string;
  readonly measured: Measured[] = [];
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

  /** Begins a round: as many messages as go through, small and large. */
  async saturate(eachMs: number): Promise<void> {
    const [small, large] = [await this.#saturated(smallBytes, eachMs), await this.#saturated(largeBytes, eachMs)];
    this.measured.push({
      messagesPerSecond: small.messagesPerSecond,
      proxyCpu: small.proxyCpu,
      loadCpu: small.loadCpu,
      messagesPerCore: perCore(small),
      mebibytesPerCore: (perCore(large) * 2 * largeBytes) / 2 ** 20,
      p50Ms: 0,
      p99Ms: 0,
      addedP50Ms: 0,
      addedP99Ms: 0,
    });
  }

  async connect(payloadBytes: number): Promise<void> {
    await this.#load.ask({ type: "connect", port: this.#port, connections, payloadBytes, virtual: this.#virtual });
  }

  async disconnect(): Promise<void> {
    await this.#load.ask({ type: "disconnect" });
  }

  /** A turn of the round's round trips. @param further - It is not the first: its messages are counted with those before. */
  async pace(durationMs: number, further: boolean): Promise<void> {
    const pace: Pace = { kind: "rate", messagesPerSecond: ratePerSecond };
    const { p50Ms, p99Ms } = await this.#measure(pace, { warmUpMs: turnWarmUpMs, durationMs, further });
    Object.assign(this.measured.at(-1)!, { p50Ms, p99Ms });
  }

  async stop(): Promise<void> {
    await this.#load.stop();
    await this.#remove();
  }

  async #saturated(payloadBytes: number, durationMs: number): Promise<Measurement & { proxyCpu: number }> {
    await this.connect(payloadBytes);
    const measured = await this.#measure({ kind: "saturate" }, { warmUpMs, durationMs, further: false });
    await this.disconnect();
    return measured;
  }

  async #measure(
    pace: Pace,
    time: { readonly warmUpMs: number; readonly durationMs: number; readonly further: boolean },
  ): Promise<Measurement & { proxyCpu: number }> {
    const cpuMs = (): number => (this.#pid === undefined ? 0 : cpuMsOf(this.#pid));
    const reply = this.#load.ask({ type: "measure", pace, ...time });
    await new Promise((resolve) => setTimeout(resolve, time.warmUpMs));
    const [before, at] = [cpuMs(), performance.now()];
    const measured = await reply;
    const proxyCpu = (cpuMs() - before) / (performance.now() - at);
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
