import { createServer, request } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** How a proxy treats what goes through it. */
export interface HttpProxyOptions {
  /** WebSocket handshakes: passed on, answered as a plain request is, or taken and then swallowed. Default `pass`. */
  readonly upgrades?: "pass" | "strip" | "swallow";
  /** An answer is passed on when it is whole. Default false. */
  readonly buffers?: boolean;
}

/** A reverse proxy that gives each request to the next of its nodes: nothing of a client sticks to one of them. */
export class HttpProxy {
  readonly #ports: readonly number[];
  readonly #options: HttpProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Set<ServerResponse>();
  #turn = 0;
  /** Requests by their path, and by the port that they were given to. */
  readonly requests: { readonly path: string; readonly port: number }[] = [];

  private constructor(ports: readonly number[], options: HttpProxyOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (incoming, socket, head) => this.#upgrade(incoming, socket, head));
  }

  static async to(ports: readonly number[], options: HttpProxyOptions = {}): Promise<HttpProxy> {
    const proxy = new HttpProxy(ports, options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hawser`;
  }

  /** Resets every connection of a client. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Ends every answer under way, as a proxy does with those that take too long. */
  endAnswers(): void {
    for (const answer of this.#answers) if (answer.headersSent) answer.end();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #next(incoming: IncomingMessage): number {
    const port = this.#ports[this.#turn++ % this.#ports.length]!;
    this.requests.push({ path: incoming.url ?? "", port });
    return port;
  }

  /** @param tries - How many nodes are asked when the first cannot be reached at all, as proxies do. */
  #pass(incoming: IncomingMessage, outgoing: ServerResponse, tries = this.#ports.length): void {
    const { buffers = false } = this.#options;
    this.#answers.add(outgoing);
    outgoing.once("close", () => this.#answers.delete(outgoing));
    const upstream = request({
      host: "127.0.0.1",
      port: this.#next(incoming),
      path: incoming.url,
      method: incoming.method,
      headers: incoming.headers,
      agent: false,
    });
    upstream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" && tries > 1) this.#pass(incoming, outgoing, tries - 1);
      else if (outgoing.headersSent) outgoing.destroy();
      else if (!outgoing.destroyed) outgoing.writeHead(502).end();
    });
    // Not before: what goes to a node that is not there is gone.
    upstream.on("socket", (socket) => socket.once("connect", () => incoming.pipe(upstream)));
    upstream.on("response", (answer) => {
      const { statusCode = 502, headers } = answer;
      const parts: Buffer[] = [];
      answer.on("error", () => outgoing.destroy());
      answer.on("aborted", () => outgoing.destroy());
      if (buffers) {
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => outgoing.writeHead(statusCode, headers).end(Buffer.concat(parts)));
      } else {
        outgoing.writeHead(statusCode, headers).flushHeaders();
        answer.pipe(outgoing);
      }
    });
    outgoing.once("close", () => upstream.destroy());
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { upgrades = "pass" } = this.#options;
    socket.on("error", () => {});
    if (upgrades === "strip") {
      socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return;
    }
    const upstream = connect({ host: "127.0.0.1", port: this.#next(incoming) });
    upstream.on("error", () => socket.destroy());
    upstream.on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    const lines = incoming.rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [`${name}: ${incoming.rawHeaders[at + 1]}`] : [],
    );
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket);
    // What the client says on it goes nowhere.
    if (upgrades === "swallow") socket.resume();
    else socket.pipe(upstream);
  }
}
