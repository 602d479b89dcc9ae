import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { runtimes, say, there } from "./runtimes.ts";

const script = fileURLToPath(new URL("./standard-socket.mjs", import.meta.url));
let server: WebSocketServer;

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: (names) => [...names].at(-1) ?? false });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      if (!isBinary && (data as Buffer).toString() === "close") socket.close(4321, "as told");
      else socket.send(data, { binary: isBinary });
    });
  });
});
afterAll(() => server.close());

describe("a ReconnectingWebSocket over the WebSocket of", () => {
  it.each(runtimes.filter(there))(
    "$name speaks the standard, loses a connection, and gets another",
    async (runtime) => {
      const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await say(runtime, script, url)).toEqual({
        protocol: "two",
        text: "häwser 🚢",
        blob: [1, 2, 3],
        bytes: [4],
        lost: { code: 4321, reason: "as told", wasClean: true },
        queued: "queued",
        closed: { code: 3456, reason: "enough", wasClean: true, state: 3 },
        platform: true,
      });
    },
  );
});
