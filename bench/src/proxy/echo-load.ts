import { performance } from "node:perf_hooks";
import { LatencyHistogram } from "../load/latency-histogram.ts";
import type { LoadCommand, Measurement, Pace } from "./messages.ts";

/** One way to the echo server and back, for one message at a time. */
export interface EchoPath {
  send(): void;
  /** Set by the load: the message has come back whole. */
  onEcho: () => void;
  close(): void;
}

interface Connection {
  readonly path: EchoPath;
  sentAt: number;
}

/** Paths to an echo server, with at most one message each under way. */
export class EchoLoad {
  readonly #connections: readonly Connection[];
  readonly #latencies = new LatencyHistogram();
  readonly #idle: Connection[];
  #saturates = false;
  #records = false;

  constructor(paths: readonly EchoPath[]) {
    this.#connections = paths.map((path) => ({ path, sentAt: 0 }));
    this.#idle = [...this.#connections];
    for (const connection of this.#connections) connection.path.onEcho = () => this.#echoed(connection);
  }

  async measure({ pace, warmUpMs, durationMs, further }: LoadCommand & { type: "measure" }): Promise<Measurement> {
    this.#saturates = pace.kind === "saturate";
    const stop = this.#saturates ? this.#saturate() : this.#sendEvenly(pace);
    await wait(warmUpMs);
    if (!further) this.#latencies.clear();
    const countBefore = this.#latencies.count;
    const [cpuBefore, before] = [process.cpuUsage(), performance.now()];
    this.#records = true;
    await wait(durationMs);
    this.#records = false;
    const tookMs = performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    const measurement = {
      messagesPerSecond: ((this.#latencies.count - countBefore) * 1000) / tookMs,
      p50Ms: this.#latencies.percentile(0.5),
      p99Ms: this.#latencies.percentile(0.99),
      loadCpu: (user + system) / 1000 / tookMs,
    };
    stop();
    while (this.#idle.length < this.#connections.length) await wait(1);
    return measurement;
  }

  close(): void {
    for (const { path } of this.#connections) path.close();
  }

  #saturate(): () => void {
    for (const connection of this.#idle.splice(0)) this.#send(connection);
    return () => (this.#saturates = false);
  }

  #sendEvenly(pace: Pace): () => void {
    const perMs = pace.kind === "rate" ? pace.messagesPerSecond / 1000 : 0;
    const start = performance.now();
    let sent = 0;
    let stopped = false;
    const turn = (): void => {
      if (stopped) return;
      const due = (performance.now() - start) * perMs;
      // What finds no connection free is not sent late: a queue here would be counted as the proxy's.
      for (; sent < due; sent += 1) {
        const connection = this.#idle.shift();
        if (connection !== undefined) this.#send(connection);
      }
      setTimeout(turn, 1);
    };
    turn();
    return () => (stopped = true);
  }

  #send(connection: Connection): void {
    connection.sentAt = performance.now();
    connection.path.send();
  }

  #echoed(connection: Connection): void {
    if (this.#records) this.#latencies.record(performance.now() - connection.sentAt);
    if (this.#saturates) this.#send(connection);
    else this.#idle.push(connection);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
