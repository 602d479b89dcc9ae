import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/**
 * A way to a server on which nothing comes back while it is stalled: the kernel's buffers fill, and the server sees a
 * peer that does not read. It does not learn of a client that leaves meanwhile, as behind a network that is gone.
 */
export class StallingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fromServer = new Set<Socket>();
  #stalled = false;

  private constructor(port: number) {
    this.#server = createServer((client) => this.#join(client, port));
  }

  static async to(port: number): Promise<StallingProxy> {
    const proxy = new StallingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/hawser`;
  }

  stall(): void {
    this.#stalled = true;
    for (const socket of this.#fromServer) socket.pause();
  }

  flow(): void {
    this.#stalled = false;
    for (const socket of this.#fromServer) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, port: number): void {
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    client.setNoDelay(true);
    this.#sockets.add(client).add(upstream);
    this.#fromServer.add(upstream);
    if (this.#stalled) upstream.pause();
    client.pipe(upstream, { end: false });
    upstream.on("data", (chunk) => {
      if (client.destroyed) upstream.destroy();
      else if (!client.write(chunk)) upstream.pause();
    });
    client.on("drain", () => {
      if (!this.#stalled) upstream.resume();
    });
    client.on("error", () => {});
    client.on("close", () => {
      this.#sockets.delete(client);
      if (!this.#stalled) upstream.destroy();
    });
    upstream.on("error", () => {});
    upstream.on("close", () => {
      this.#sockets.delete(upstream);
      this.#fromServer.delete(upstream);
      client.destroySoon();
    });
  }
}
