import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io, NodeWebSocket, WebSocket as WebSocketTransport } from "socket.io-client";
import { expect } from "vitest";
import type { Scenario } from "./way.ts";

/** Events with acknowledgements, binary attachments, a namespace, and Engine.IO's own heartbeat. */
export const socketIo: Scenario = {
  name: "Socket.IO",
  start: async () => {
    const http = createServer();
    const server = new Server(http, { serveClient: false, pingInterval: 50, pingTimeout: 5_000 });
    for (const name of ["/", "/room"]) {
      server.of(name).on("connection", (socket) => {
        socket.on("add", (a: number, b: number, reply: (sum: number) => void) => reply(a + b));
        socket.on("reverse", (bytes: Buffer, reply: (bytes: Buffer) => void) => reply(Buffer.from(bytes).reverse()));
        socket.on("leave", () => socket.disconnect());
      });
    }
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return {
      url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
      stop: () => server.close(),
    };
  },
  run: async ({ url, WebSocket: given }) => {
    const base = url.replace(/^ws/, "http");
    const transports = [given === undefined ? NodeWebSocket : transportOver(given as typeof globalThis.WebSocket)];
    const options = { transports, reconnection: false };
    const socket = io(base, options);
    const room = io(`${base}/room`, options);
    const failed = new Promise((_, reject) => {
      for (const one of [socket, room]) one.on("connect_error", reject);
    });
    const talk = async (): Promise<void> => {
      const sums = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? socket : room).emitWithAck("add", index, 1)),
      );
      expect(sums).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index & 0xff));
      expect(Buffer.from(await socket.emitWithAck("reverse", bytes)).equals(Buffer.from(bytes).reverse())).toBe(true);
      // Over some of the server's heartbeats.
      for (let pings = 0; pings < 3; pings += 1) await new Promise<void>((resolve) => socket.io.once("ping", resolve));
      const left = new Promise((resolve) => socket.once("disconnect", resolve));
      socket.emit("leave");
      expect(await left).toBe("io server disconnect");
      room.disconnect();
    };
    await Promise.race([talk(), failed]);
  },
};

/** Engine.IO's transport for the platform's own class, over another one. */
function transportOver(Given: typeof globalThis.WebSocket): typeof WebSocketTransport {
  return class extends WebSocketTransport {
    override createSocket(uri: string, protocols: string | string[] | undefined): WebSocket {
      return new Given(uri, protocols);
    }

    override doOpen(): this {
      super.doOpen();
      // In Node the client asks for what only `ws` has.
      (this.ws as WebSocket).binaryType = "arraybuffer";
      return this;
    }
  };
}
