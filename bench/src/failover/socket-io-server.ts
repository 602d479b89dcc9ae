// Socket.IO 4 with connection state recovery, as its page on it shows: the adapter in memory, which it supports.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { serveStream } from "./stream.ts";

serveStream(async () => {
  const http = createServer();
  const io = new Server(http, {
    transports: ["websocket"],
    serveClient: false,
    connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true },
  });
  io.on("connection", (socket) => {
    if (!socket.recovered) void socket.join("bench");
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    port: (http.address() as AddressInfo).port,
    publish: (text) => io.to("bench").emit("message", text),
  };
});
