import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import { dialWebSocket } from "../../src/upstream/dial-websocket.ts";
import type { UpstreamSocket } from "../../src/upstream/upstream-socket.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

const heartbeatMs = 25_000;

/** A socket to an upstream that answers pings, or does not, on a clock that stands still. */
async function dialed(answersPings: boolean): Promise<{
  readonly ports: SimulatedPorts;
  readonly socket: UpstreamSocket;
  readonly upstream: WebSocket;
  readonly closed: Promise<number>;
  readonly open: () => boolean;
  readonly connects: number;
}> {
  let connects = 0;
  const ports = new SimulatedPorts();
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong: answersPings });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, "listening");
  const connected = once(server, "connection") as Promise<[WebSocket]>;
  const socket = await dialWebSocket(
    {
      url: new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`),
      protocols: [],
      headers: {},
      maxMessageBytes: 1_000,
      heartbeatMs,
      timers: ports,
      compression: false,
      tls: undefined,
      onConnect: () => (connects += 1),
    },
    new AbortController().signal,
  );
  let open = true;
  const closed = new Promise<number>((resolve) => {
    socket.handlers = {
      onMessage: () => {},
      onClose: (code) => {
        open = false;
        resolve(code);
      },
    };
  });
  const [upstream] = await connected;
  return { ports, socket, upstream, closed, open: () => open, connects };
}

describe("a socket to an upstream", () => {
  it("says once when its connection stands, before it is open", async () => {
    expect((await dialed(true)).connects).toBe(1);
  });

  it("is found to be half open when a ping is not answered by the next, and ends with 1006", async () => {
    const { ports, upstream, closed, open } = await dialed(false);
    const asked = once(upstream, "ping");
    await ports.advance(heartbeatMs);
    await asked;
    await ports.advance(heartbeatMs - 1);
    expect(open()).toBe(true);
    await ports.advance(1);
    expect(await closed).toBe(1006);
  });

  it("lives on while pings are answered", async () => {
    const { ports, upstream, open } = await dialed(true);
    for (let beat = 0; beat < 4; beat += 1) {
      const asked = once(upstream, "ping");
      await ports.advance(heartbeatMs);
      await asked;
      // The pong comes ahead of a ping of the upstream's own, which is answered behind it.
      const answered = once(upstream, "pong");
      upstream.ping();
      await answered;
    }
    expect(open()).toBe(true);
  });

  it("is not taken for dead while it is not read, and is found to be when it is read again", async () => {
    const { ports, socket, closed, open } = await dialed(false);
    socket.pause();
    for (let beat = 0; beat < 5; beat += 1) await ports.advance(heartbeatMs);
    expect(open()).toBe(true);
    socket.resume();
    await ports.advance(heartbeatMs);
    await ports.advance(heartbeatMs);
    expect(await closed).toBe(1006);
  });
});
