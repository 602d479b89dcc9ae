// The library `ws` alone: it takes connections, and does nothing with them.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { answer } from "../processes/child.ts";
import type { StormServerCommand, StormServerReply } from "./messages.ts";

answer<StormServerCommand, StormServerReply>(async ({ type }) => {
  switch (type) {
    case "listen": {
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
      server.on("connection", (socket) => socket.on("error", () => {}));
      await once(server, "listening");
      return { type: "listening", port: (server.address() as AddressInfo).port };
    }
    case "publish":
      return { type: "published" };
    case "usage": {
      const { user, system } = process.cpuUsage();
      return { type: "usage", cpuMs: (user + system) / 1000 };
    }
  }
});
