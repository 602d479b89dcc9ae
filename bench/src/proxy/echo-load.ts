import { connect } from "node:net";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { clientFrame } from "../load/frame-reader.ts";
import { LatencyHistogram } from "../load/latency-histogram.ts";
import type { LoadCommand, Measurement, Pace } from "./messages.ts";

/** What all connections read into: of what comes only the length and the last byte count. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

interface Connection {
  readonly socket: Socket;
  /** Bytes of the message under way that have not come back; 0: none is. */
  left: number;
  sentAt: number;
}

/** Connections to an echo server, with at most one message each under way. */
export class EchoLoad {
  readonly #connections: Connection[] = [];
  readonly #latencies = new LatencyHistogram();
  readonly #frame: Buffer;
  /** Without a mask it comes back. */
  readonly #echoBytes: number;
  #idle: Connection[] = [];
  #saturates = false;
  #closed = false;

  private constructor(payloadBytes: number) {
    this.#frame = clientFrame("binary", Buffer.alloc(payloadBytes, 7));
    this.#echoBytes = this.#frame.length - 4;
  }

  static async connect({ port, connections, payloadBytes }: LoadCommand & { type: "connect" }): Promise<EchoLoad> {
    const load = new EchoLoad(payloadBytes);
    for (let index = 0; index < connections; index += 1) await load.#open(port);
    return load;
  }

  async measure({ pace, warmUpMs, durationMs }: LoadCommand & { type: "measure" }): Promise<Measurement> {
    this.#saturates = pace.kind === "saturate";
    const stop = this.#saturates ? this.#saturate() : this.#sendEvenly(pace);
    await wait(warmUpMs);
    this.#latencies.clear();
    const [cpuBefore, before] = [process.cpuUsage(), performance.now()];
    await wait(durationMs);
    const tookMs = performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    const measurement = {
      messagesPerSecond: (this.#latencies.count * 1000) / tookMs,
      p50Ms: this.#latencies.percentile(0.5),
      p99Ms: this.#latencies.percentile(0.99),
      loadCpu: (user + system) / 1000 / tookMs,
    };
    stop();
    while (this.#idle.length < this.#connections.length) await wait(1);
    return measurement;
  }

  close(): void {
    this.#closed = true;
    for (const { socket } of this.#connections) socket.destroy();
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
    connection.left = this.#echoBytes;
    connection.sentAt = performance.now();
    connection.socket.write(this.#frame);
  }

  async #open(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      let head: string | undefined = "";
      const socket = connect({
        port,
        host: "127.0.0.1",
        noDelay: true,
        onread: {
          buffer: readBuffer,
          callback: (size) => {
            if (head === undefined) this.#read(connection, size);
            else {
              head += readBuffer.toString("latin1", 0, size);
              if (!head.endsWith("\r\n\r\n")) return true;
              if (!head.startsWith("HTTP/1.1 101 ")) reject(new Error(`handshake refused: ${head}`));
              head = undefined;
              resolve();
            }
            return true;
          },
        },
      });
      const connection: Connection = { socket, left: 0, sentAt: 0 };
      socket.on("error", reject);
      socket.on("close", () => {
        if (this.#closed) return;
        console.error("a connection was lost");
        process.exit(1);
      });
      socket.write(
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
      );
      this.#connections.push(connection);
      this.#idle.push(connection);
    });
  }

  #read(connection: Connection, size: number): void {
    connection.left -= size;
    if (connection.left > 0) return;
    if (connection.left < 0) throw new Error("more came back than was sent");
    this.#latencies.record(performance.now() - connection.sentAt);
    if (this.#saturates) this.#send(connection);
    else this.#idle.push(connection);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
