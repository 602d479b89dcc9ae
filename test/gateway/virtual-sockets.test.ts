import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createClient, openSocket, webSocketConnector } from "@hawser/client";
import type { Client } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket as WsWebSocket, WebSocketServer } from "ws";
import { Cleanup } from "../command/hawser-process.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { JsBackEnd, webhookSecret } from "./js-back-end.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function connect(gateway: GatewayProcess): Client {
  const client = createClient({
    url: gateway.url,
    token: "ann",
    connector: webSocketConnector({ WebSocket: WsWebSocket }),
  });
  cleanup.add(() => client.close());
  return client;
}

/** An open socket whose messages are read one by one. */
async function open(client: Client, pool: string, protocols: string[] = []): Promise<WebSocket> {
  const socket = openSocket(client, pool, protocols) as unknown as WebSocket;
  socket.binaryType = "arraybuffer";
  await once(socket, "open");
  return socket;
}

async function hear(socket: WebSocket): Promise<unknown> {
  const [event] = (await once(socket, "message")) as [MessageEvent<unknown>];
  return event.data;
}

describe("virtual sockets through hawser gateway", () => {
  it("reach a WebSocket server: text, binary, a large message, its subprotocol, who it is for, and its close", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", maxPayload: 4 << 20 });
    await once(server, "listening");
    cleanup.add(() => new Promise((resolve) => server.close(resolve)));
    const told: (string | undefined)[] = [];
    const greeted: (string | string[] | undefined)[] = [];
    server.on("connection", (socket, request) => {
      told.push(request.headers["x-hawser-identity"] as string | undefined);
      greeted.push(request.headers["x-greeting"]);
      socket.on("message", (data: Buffer, binary) =>
        data.toString() === "bye" ? socket.close(4007, "as you wish") : socket.send(data, { binary }),
      );
    });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const accessLog = join(cleanup.folder(), "access.log");
    const gateway = await GatewayProcess.start(cleanup, {
      pools: { quotes: { targets: [url], headers: { "X-Greeting": "from {user}" }, identitySecret: "i".repeat(32) } },
      accessLog,
    });
    const client = connect(gateway);
    const socket = await open(client, "quotes", ["v2"]);
    expect(socket.protocol).toBe("v2");
    socket.send("hello");
    expect(await hear(socket)).toBe("hello");
    const large = randomBytes(1_000_000);
    socket.send(large);
    expect(Buffer.compare(Buffer.from((await hear(socket)) as ArrayBuffer), large)).toBe(0);
    const [, claims = ""] = (told[0] ?? "").split(".");
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({ sub: "ann", aud: "quotes" });
    expect(greeted).toEqual(["from ann"]);
    socket.send("bye");
    const [close] = (await once(socket, "close")) as [CloseEvent];
    expect([close.code, close.reason]).toEqual([4007, "as you wish"]);
    const metrics = await (await fetch(new URL("/metrics", gateway.url.replace("ws:", "http:")))).text();
    expect(metrics).toMatch(/^hawser_gateway_sockets_opened_total\{pool="quotes"\} 1$/m);
    for (const [name, count] of [
      ["in_messages_total", 3],
      ["out_messages_total", 2],
      ["handshake_milliseconds_count", 1],
      ["lost_total", 0],
    ] as const)
      expect(metrics).toMatch(new RegExp(`^hawser_gateway_target_${name}\\{pool="quotes",[^}]*\\} ${count}$`, "m"));
    await client.close();
    await gateway.process.stop();
    expect(JSON.parse(readFileSync(accessLog, "utf8"))).toMatchObject({
      kind: "socket",
      pool: "quotes",
      user: "ann",
      subprotocol: "v2",
      code: 4007,
      fromClient: { bytes: 1_000_008, messages: 3 },
      fromUpstream: { bytes: 1_000_005, messages: 2 },
    });
  });

  it("reach an HTTP back end, which is told the user and the session", async () => {
    const backEnd = await JsBackEnd.start(cleanup);
    const app = { kind: "http", url: backEnd.url, secret: webhookSecret };
    const gateway = await GatewayProcess.start(cleanup, { pools: { app } });
    const socket = await open(connect(gateway), "app");
    expect(await backEnd.told("socket.connect")).toMatchObject({ user: "ann", pool: "app" });
    socket.send("hello");
    expect(await hear(socket)).toBe("hello");
    socket.close(3000, "done");
    expect(await backEnd.told("socket.disconnect")).toMatchObject({ code: 3000, reason: "done", by: "client" });
  });
});
