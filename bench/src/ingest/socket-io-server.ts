// Socket.IO 4 as its documents advise for speed: WebSocket only, no compression, strings. It acknowledges, and stores nothing.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { serve } from "../servers/serve.ts";

serve(async () => {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], serveClient: false });
  io.on("connection", (socket) => {
    // The request of the handshake is kept for its headers otherwise (Socket.IO's page on performance).
    Reflect.deleteProperty(socket.conn, "request");
    socket.on("publish", (_message: string, acknowledge: () => void) => acknowledge());
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
});
