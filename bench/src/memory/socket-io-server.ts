// Socket.IO 4 as its page on memory advises: WebSocket only, no compression, and the request of the handshake let go of.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { serve } from "./serve.ts";

serve(async () => {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], serveClient: false });
  io.on("connection", (socket) => {
    Reflect.deleteProperty(socket.conn, "request");
    socket.on("join", (joined: () => void) => {
      void socket.join("bench");
      joined();
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
});
