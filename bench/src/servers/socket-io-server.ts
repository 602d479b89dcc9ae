import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import type { ServerOptions } from "socket.io";

/** Socket.IO 4 as its documents advise for speed: WebSocket only, rooms, strings. Resolves with the port. */
export async function socketIoServer(options: Partial<ServerOptions> = {}): Promise<number> {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], serveClient: false, ...options });
  io.on("connection", (socket) => {
    // The request of the handshake is kept for its headers otherwise (Socket.IO's page on performance).
    Reflect.deleteProperty(socket.conn, "request");
    socket.on("join", (channels: readonly number[], joined: () => void) => {
      void socket.join(channels.map(String));
      joined();
    });
    socket.on("publish", (channel: number, message: string) => io.to(String(channel)).emit("message", message));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}
