import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { probe } from "../../../src/pool/node/probe.ts";
import { targetPoolSettings } from "../../../src/pool/pool-settings.ts";
import type { HealthOptions } from "../../../src/pool/pool-options.ts";
import { Target } from "../../../src/pool/target.ts";

/** A server whose path `/up` answers 200, every other one 404, and that upgrades at `/socket`. */
async function server() {
  const closes: number[] = [];
  const http = createServer((request, response) => {
    response.writeHead(request.url === "/up" ? 200 : 404).end();
  });
  const webSockets = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (request.url !== "/socket") return socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
    webSockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.on("close", (code) => closes.push(code)));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return { closes, port: (http.address() as AddressInfo).port };
}

function ask(port: number, health: HealthOptions, signal = AbortSignal.timeout(10_000)): Promise<void> {
  const settings = targetPoolSettings({ targets: [`ws://127.0.0.1:${port}/`], health }, "");
  return probe(new Target(settings.targets[0]!, settings, 0), settings.health!, signal);
}

describe("asking a target whether it is well", () => {
  it("finds one that takes a connection, that answers, that upgrades", async () => {
    const { port, closes } = await server();
    await ask(port, { kind: "tcp" });
    await ask(port, { path: "/up" });
    await ask(port, { path: "/gone", statuses: [404] });
    await ask(port, { kind: "websocket", path: "/socket" });
    await expect.poll(() => closes).toEqual([1000]);
  });

  it("finds one that does not", async () => {
    const { port } = await server();
    await expect(ask(port, { path: "/gone" })).rejects.toThrow("It answers 404.");
    await expect(ask(port, { kind: "websocket", path: "/up" })).rejects.toThrow("It answers 403.");
    await expect(ask(1, { kind: "tcp" })).rejects.toThrow("ECONNREFUSED");
    await expect(ask(1, { path: "/up" })).rejects.toThrow("ECONNREFUSED");
  });

  it("gives up when it is told to", async () => {
    const { port } = await server();
    for (const kind of ["tcp", "http", "websocket"] as const)
      await expect(ask(port, { kind, path: "/up" }, AbortSignal.abort(new Error("late")))).rejects.toBeInstanceOf(
        Error,
      );
  });

  it("holds a connection no longer than it may ask, though the other end leaves its own open", async () => {
    // Takes the upgrade, and never ends its side.
    const held = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"),
      );
      socket.resume();
    });
    held.listen(0, "127.0.0.1");
    await once(held, "listening");
    onTestFinished(() => void held.close());
    const late = new AbortController();
    const taken = once(held, "connection") as Promise<[Socket]>;
    await ask((held.address() as AddressInfo).port, { kind: "websocket", path: "/socket" }, late.signal);
    const [socket] = await taken;
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    late.abort(new Error("No answer in time."));
    const say = (): void => void socket.write(Uint8Array.of(0x89, 0), (error) => (error ? undefined : say()));
    say();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
