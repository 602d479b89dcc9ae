import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { selfSigned } from "../support/self-signed.ts";
import { holding } from "./support/held.ts";
import { ManualTime } from "./support/manual-time.ts";
import { closing, open, ProxyScene, RawTarget } from "./support/proxy-scene.ts";
import { RawClient, upgradeRequest } from "./support/raw-client.ts";
import { handshakes } from "./support/raw-target.ts";

const held = holding();
const header = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
const trusted = { proxyProtocol: { from: ["127.0.0.1"] } };

/** A target that answers every handshake with what it was told of the client. */
async function forwardedTo(): Promise<string> {
  const target = held(
    await RawTarget.start(
      handshakes((handshaken) => {
        const { request } = handshaken;
        handshaken.accept(
          `X-For: ${/^x-forwarded-for: (.*)$/im.exec(request)?.[1]} ${/^x-forwarded-proto: (.*)$/im.exec(request)?.[1]}`,
        );
      }),
    ),
  );
  return target.url;
}

function toldOf(bytes: Buffer): string {
  return /^X-For: (.*)$/m.exec(bytes.toString("latin1"))?.[1]?.trim() ?? bytes.toString("latin1");
}

/** Resolves when the other side has ended a socket, by whichever means. */
function cut(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once("end", () => socket.destroy());
    socket.once("close", () => resolve());
  });
}

describe("a listener behind a proxy that speaks the PROXY protocol", () => {
  it("knows the client by the header, however it is cut", async () => {
    const limits = { halfClosedTimeoutMs: 10 };
    const scene = held(await ProxyScene.start([await forwardedTo()], { listener: trusted, limits }));
    const bytes = Buffer.from(header + upgradeRequest());
    for (const at of [1, 5, 6, 20, header.length - 1, header.length, header.length + 3, bytes.length]) {
      const client = held(new RawClient(scene.port));
      client.socket.write(bytes.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      client.socket.write(bytes.subarray(at));
      const answer = await client.until((got) => got.includes("\r\n\r\n"));
      expect(toldOf(answer)).toBe("192.0.2.1 http");
      await client.stop();
    }
    expect(await scene.record()).toMatchObject({ address: "192.0.2.1" });
  });

  it("knows by version 2 that the client's side is TLS", async () => {
    const scene = held(await ProxyScene.start([await forwardedTo()], { listener: trusted }));
    const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
    const body = [192, 0, 2, 9, 198, 51, 100, 7, 1, 2, 3, 4, 0x20, 0, 5, 1, 0, 0, 0, 0];
    const client = held(new RawClient(scene.port));
    client.socket.write(Buffer.from([...signature, 0x21, 0x11, 0, body.length, ...body]));
    client.socket.write(upgradeRequest());
    expect(toldOf(await client.until((got) => got.includes("\r\n\r\n")))).toBe("192.0.2.9 https");
  });

  it("takes the socket's own address where the proxy speaks for itself", async () => {
    const scene = held(await ProxyScene.start([await forwardedTo()], { listener: trusted }));
    const client = held(new RawClient(scene.port));
    client.socket.write(`PROXY UNKNOWN\r\n${upgradeRequest()}`);
    expect(toldOf(await client.until((got) => got.includes("\r\n\r\n")))).toBe("127.0.0.1 http");
  });

  it("cuts those who send none, or whom it does not trust", async () => {
    const scene = held(await ProxyScene.start([await forwardedTo()], { listener: trusted }));
    const without = held(new RawClient(scene.port));
    without.socket.write(upgradeRequest());
    await cut(without.socket);
    expect(without.received).toHaveLength(0);
    const strict = held(
      await ProxyScene.start([await forwardedTo()], { listener: { proxyProtocol: { from: ["10.0.0.0/8"] } } }),
    );
    const stranger = held(new RawClient(strict.port));
    stranger.socket.write(header + upgradeRequest());
    await cut(stranger.socket);
    expect(stranger.received).toHaveLength(0);
    expect([...scene.records, ...strict.records]).toEqual([]);
  });

  it("cuts those whose header does not come in time, or is too long", async () => {
    const time = new ManualTime();
    const limits = { maxProxyHeaderBytes: 100 };
    const scene = held(
      await ProxyScene.start([await forwardedTo()], { listener: { ...trusted, timers: time.timers, limits } }),
    );
    const slow = held(new RawClient(scene.port));
    slow.socket.write(header.slice(0, 10));
    while (time.pending < 2) await new Promise((resolve) => setImmediate(resolve));
    time.advance(2_999);
    expect(slow.socket.destroyed || slow.ended).toBe(false);
    time.advance(1);
    await cut(slow.socket);
    const long = held(new RawClient(scene.port));
    const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
    long.socket.write(Buffer.from([...signature, 0x21, 0x11, 0, 85]));
    await cut(long.socket);
  });

  it("reads the header before TLS", async () => {
    const scene = held(await ProxyScene.start([await forwardedTo()], { listener: { ...trusted, tls: selfSigned } }));
    const raw = connect({ port: scene.port, host: "127.0.0.1" });
    raw.write(header);
    const socket = connectTls({ socket: raw, rejectUnauthorized: false });
    socket.write(upgradeRequest());
    let got = Buffer.alloc(0);
    while (!got.includes("\r\n\r\n")) got = Buffer.concat([got, ...((await once(socket, "data")) as Buffer[])]);
    expect(toldOf(got)).toBe("192.0.2.1 https");
    socket.destroy();
  });
});

describe("a listener with TLS", () => {
  it("carries a connection, to a target with TLS too, through its close", async () => {
    const server = createHttpsServer(selfSigned);
    const webSockets = new WebSocketServer({ server });
    webSockets.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    held({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const scene = held(await ProxyScene.start([], { listener: { tls: selfSigned } }));
    const url = new URL(`wss://127.0.0.1:${(server.address() as AddressInfo).port}`);
    scene.pool.targets.push({ name: "tls", url, tls: { ca: selfSigned.cert } });
    const client = await open(`wss://127.0.0.1:${scene.port}`, [], { ca: selfSigned.cert });
    const message = Buffer.alloc(5_000_000, 3);
    client.send(message);
    const [echoed] = (await once(client, "message")) as [Buffer];
    expect(echoed.equals(message)).toBe(true);
    client.close(4321, "over");
    expect(await closing(client)).toEqual({ code: 4321, reason: "over" });
    const second = await open(`wss://127.0.0.1:${scene.port}`, [], { ca: selfSigned.cert });
    const closed = closing(second);
    for (const socket of webSockets.clients) socket.terminate();
    expect((await closed).code).toBe(1012);
    expect((await scene.record(2)).end).toBe("upstream-lost");
  });

  it("does not reach a target whose certificate nobody vouches for", async () => {
    const server = createHttpsServer(selfSigned);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    held({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const scene = held(await ProxyScene.start([`wss://127.0.0.1:${(server.address() as AddressInfo).port}`]));
    await expect(open(scene.url)).rejects.toThrow("502");
  });
});

describe("clients that say nothing", () => {
  it("are cut when the time for a request is over", async () => {
    const time = new ManualTime();
    const scene = held(await ProxyScene.start(["ws://127.0.0.1:9"], { listener: { timers: time.timers } }));
    const client = held(new RawClient(scene.port));
    client.socket.write("GET / HTTP/1.1\r\n");
    while (time.pending < 1) await new Promise((resolve) => setImmediate(resolve));
    time.advance(9_999);
    expect(client.socket.destroyed || client.ended).toBe(false);
    time.advance(1);
    await cut(client.socket);
    expect(time.pending).toBe(0);
  });

  it("are cut, the oldest first, when there are more than may be", async () => {
    const time = new ManualTime();
    const listener = { timers: time.timers, limits: { maxPendingHandshakes: 2 } };
    const scene = held(await ProxyScene.start([await forwardedTo()], { listener }));
    const clients: RawClient[] = [];
    for (let index = 0; index < 3; index += 1) {
      clients.push(held(new RawClient(scene.port)));
      await once(clients[index]!.socket, "connect");
      while (time.pending < Math.min(index + 1, 2)) await new Promise((resolve) => setImmediate(resolve));
    }
    await cut(clients[0]!.socket);
    for (const client of clients.slice(1)) {
      client.socket.write(upgradeRequest());
      expect(toldOf(await client.until((got) => got.includes("\r\n\r\n")))).toBe("127.0.0.1 http");
    }
  });
});
