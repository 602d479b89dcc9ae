import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { PlainProxy, ProxyListener } from "@hawser/gateway";
import type { AccessRecord, PlainProxyOptions, ProxyListenerOptions } from "@hawser/gateway";
import { WebSocket, WebSocketServer } from "ws";
import type { ClientOptions, ServerOptions } from "ws";
import { pools, StandInPool } from "./stand-in-pools.ts";

export interface ProxySceneOptions extends Partial<Omit<PlainProxyOptions, "pools">> {
  /** By name; default: one pool `p` of `targets`. */
  readonly pools?: Readonly<Record<string, StandInPool>>;
  readonly listener?: Partial<ProxyListenerOptions>;
}

/** A proxy on a port of its own, and everything that a test started for it. */
export class ProxyScene {
  readonly proxy: PlainProxy;
  readonly pool: StandInPool;
  readonly records: AccessRecord[] = [];
  readonly #listener: ProxyListener;
  readonly #waiting: (() => void)[] = [];

  private constructor(targets: readonly string[], options: ProxySceneOptions) {
    const { pools: named, listener, ...proxyOptions } = options;
    this.pool = new StandInPool(...targets);
    this.proxy = new PlainProxy({
      routes: [{ pool: "p" }],
      ...proxyOptions,
      pools: pools(named ?? { p: this.pool }),
      accessLog: {
        record: (record) => {
          this.records.push(record);
          for (const wake of this.#waiting.splice(0)) wake();
        },
      },
    });
    this.#listener = new ProxyListener({ port: 0, host: "127.0.0.1", proxy: this.proxy, ...listener });
  }

  static async start(targets: readonly string[], options: ProxySceneOptions = {}): Promise<ProxyScene> {
    const scene = new ProxyScene(targets, options);
    await scene.#listener.open();
    return scene;
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The record of the connection that ended as the `count`th. */
  async record(count = 1): Promise<AccessRecord> {
    while (this.records.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.records[count - 1]!;
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.#listener.close();
  }
}

/** A server of `ws` on a free port, which each test tells what to do with a connection. */
export class WsTarget {
  readonly server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.server = server;
  }

  static async start(onSocket: (socket: WebSocket) => void, options: ServerOptions = {}): Promise<WsTarget> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
    server.on("connection", (socket) => {
      // What is against the protocol is answered by `ws` itself.
      socket.on("error", () => {});
      onSocket(socket);
    });
    await once(server, "listening");
    return new WsTarget(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A target that is a bare TCP server. */
export class RawTarget {
  readonly server: Server;
  readonly sockets: Socket[] = [];

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(onSocket: (socket: Socket) => void): Promise<RawTarget> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      target.sockets.push(socket);
      onSocket(socket);
    });
    const target = new RawTarget(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return target;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An open client. */
export async function open(
  url: string,
  protocols: readonly string[] = [],
  options: ClientOptions = {},
): Promise<WebSocket> {
  const client = new WebSocket(url, [...protocols], options);
  await once(client, "open");
  return client;
}

/** Resolves with the code and the reason that a client closes with. */
export async function closing(client: WebSocket): Promise<{ readonly code: number; readonly reason: string }> {
  const [code, reason] = (await once(client, "close")) as [number, Buffer];
  return { code, reason: reason.toString() };
}
