import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { decodeShared, encodeShared, systemPorts } from "@hawser/protocol";
import { Door } from "../../src/http/door.ts";
import type { DoorOptions } from "../../src/http/door.ts";
import { Gate } from "../../src/http/gate.ts";
import type { GateOptions } from "../../src/http/gate.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { resolveLimits } from "../../src/policy/limits.ts";
import type { Peer, Transport } from "../../src/transport/transport.ts";
import { handshake, handshakeStatus, RawSocket } from "../raw-socket.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Open {
  readonly url: string;
  readonly door: Door;
  readonly gate: Gate;
  readonly http: Server;
  readonly peers: Peer[];
  readonly transports: Transport[];
  readonly refusals: string[];
}

async function open(options: Partial<DoorOptions & GateOptions> = {}): Promise<Open> {
  const peers: Peer[] = [];
  const transports: Transport[] = [];
  const refusals: string[] = [];
  const limits = options.limits ?? resolveLimits();
  const gate = new Gate({ origins: "same-origin", trustProxy: [], ...options, limits });
  const door = new Door({
    otherUpgrade: () => false,
    core: {
      accept: (transport, peer) => {
        transports.push(transport);
        peers.push(peer);
      },
    },
    compresses: false,
    path: "/hawser",
    gate,
    limits,
    logger: silentLogger,
    observer: {
      handshakeRefused: (reason) => void refusals.push(reason),
      handshakeEvicted: () => {},
      sharedOpened: () => {},
      sharedClosed: () => {},
    },
    ...systemPorts(),
    ...options,
  });
  const http = createServer();
  door.attach(http, true);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    door.detach();
    http.close();
    http.closeAllConnections();
  });
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/hawser`,
    door,
    gate,
    http,
    peers,
    transports,
    refusals,
  };
}

describe("a handshake", () => {
  it("becomes a transport, with who is at its other end", async () => {
    const { url, peers, transports, gate } = await open();
    const raw = await RawSocket.to(url);
    raw.write(
      handshake(`${url}?token=secret`, {
        "x-test": "a",
        cookie: "b=c",
        "sec-websocket-protocol": "hawser.v1.json, hawser.v1",
      }),
    );
    expect(await raw.head()).toContain("Sec-WebSocket-Protocol: hawser.v1");
    expect(peers).toHaveLength(1);
    expect(peers[0]).toMatchObject({ address: "127.0.0.1", subprotocol: "hawser.v1" });
    expect(peers[0]!.headers["x-test"]).toBe("a");
    expect(peers[0]!.headers["cookie"]).toBe("b=c");
    expect(peers[0]!.headers["constructor"]).toBeUndefined();
    expect(transports[0]!.framing.name).toBe("websocket-binary");
    expect(gate.connections).toBe(1);
    raw.destroy();
  });

  it("for a shared connection gives a transport for each stream, and each counts as a connection [SHARE-3]", async () => {
    const { url, peers, transports, door, gate } = await open({
      limits: resolveLimits({ maxConnectionsPerAddress: 2 }),
    });
    const socket = new WebSocket(url, "hawser.v1.shared");
    const came: unknown[] = [];
    socket.on("message", (data: Buffer) => came.push(decodeShared(new Uint8Array(data))));
    await new Promise((resolve) => socket.once("open", resolve));
    expect([peers.length, gate.connections]).toEqual([0, 1]);
    const message = new Uint8Array(1);
    for (const stream of [1, 2, 3]) socket.send(encodeShared({ kind: "message", stream, message }));
    await expect.poll(() => came).toHaveLength(2);
    expect(came).toEqual([
      { kind: "streams", max: 32 },
      expect.objectContaining({ kind: "close", stream: 3, code: 4005 }),
    ]);
    expect(peers).toEqual([peers[0], peers[0]]);
    expect(peers[0]).toMatchObject({ address: "127.0.0.1", subprotocol: "hawser.v1" });
    expect(gate.connections).toBe(2);
    transports[0]!.write([Uint8Array.of(7, 8, 9)]);
    await expect.poll(() => came).toHaveLength(3);
    expect(came[2]).toEqual({ kind: "message", stream: 1, message: Uint8Array.of(7, 8, 9) });
    door.shut();
    await expect.poll(() => came).toHaveLength(4);
    expect(came[3]).toEqual({ kind: "streams", max: 0 });
    socket.close();
    await door.emptied();
    expect(gate.connections).toBe(0);
  });

  it("of a shared connection takes a message of the largest size behind the number of its stream [WIRE-5]", async () => {
    const { url, transports } = await open({ limits: resolveLimits({ maxMessageBytes: 20_000 }) });
    const socket = new WebSocket(url, "hawser.v1.shared");
    await new Promise((resolve) => socket.once("open", resolve));
    const sizes: number[] = [];
    socket.send(encodeShared({ kind: "message", stream: 1, message: new Uint8Array(1) }));
    await expect.poll(() => transports).toHaveLength(1);
    transports[0]!.handlers = {
      onMessage: ({ length }) => sizes.push(length),
      onConfirmed: () => {},
      onAlive: () => {},
      onClose: () => {},
    };
    socket.send(encodeShared({ kind: "message", stream: 1, message: new Uint8Array(20_000) }));
    await expect.poll(() => sizes).toEqual([20_000]);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.send(new Uint8Array(20_006));
    expect(await closed).toBe(1009);
  });

  it("without a known subprotocol is answered with 400 [WIRE-1]", async () => {
    const { url, peers, refusals } = await open();
    expect(await handshakeStatus(url, { "sec-websocket-protocol": undefined })).toBe(400);
    expect(await handshakeStatus(url, { "sec-websocket-protocol": "chat, hawser.v2" })).toBe(400);
    expect(await handshakeStatus(url, { "sec-websocket-protocol": "hawser.v1.json" })).toBe(101);
    expect(peers).toHaveLength(1);
    expect(refusals).toEqual(["subprotocol", "subprotocol"]);
  });

  it.each([
    ["a page of another origin", { origin: "https://evil.com" }, 403],
    ["a page without an origin of its own", { origin: "null" }, 403],
    [
      "an old version, which names the page elsewhere",
      { "sec-websocket-version": "8", "sec-websocket-origin": "x" },
      426,
    ],
    ["no version", { "sec-websocket-version": undefined }, 426],
    ["another protocol to upgrade to", { upgrade: "h2c" }, 426],
    ["no key", { "sec-websocket-key": undefined }, 400],
    ["a key that is none", { "sec-websocket-key": "short" }, 400],
    ["the same subprotocol twice", { "sec-websocket-protocol": "hawser.v1, hawser.v1" }, 400],
  ])("with %s is refused", async (_what, headers, status) => {
    const { url, peers, refusals } = await open();
    expect(await handshakeStatus(url, headers)).toBe(status);
    expect(peers).toHaveLength(0);
    expect(refusals).toHaveLength(1);
  });

  it("with two origins, or two hosts and an origin, is refused", async () => {
    const { url } = await open();
    const { host } = new URL(url);
    const request = handshake(url, { origin: `http://${host}` });
    for (const extra of [`Origin: http://${host}`, "Host: evil.com"]) {
      const raw = await RawSocket.to(url);
      raw.write(request.replace("\r\n\r\n", `\r\n${extra}\r\n\r\n`));
      expect(await raw.status()).toBe(403);
    }
    expect(await handshakeStatus(url, { origin: `http://${host}` })).toBe(101);
  });

  it("takes as many headers as may be, and not one more", async () => {
    const { url } = await open({ limits: resolveLimits({ maxHandshakeHeaders: 20 }) });
    const filled = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count - 6 }, (_, index) => [`x-${index}`, "1"]));
    expect(await handshakeStatus(url, filled(20))).toBe(101);
    expect(await handshakeStatus(url, filled(21))).toBe(431);
  });

  it("with longer headers than may be is answered with 431", async () => {
    const { url } = await open({ limits: resolveLimits({ maxHandshakeBytes: 1_000 }) });
    expect(await handshakeStatus(url, { "x-long": "x".repeat(500) })).toBe(101);
    expect(await handshakeStatus(url, { "x-long": "x".repeat(1_000) })).toBe(431);
  });

  it("agrees to no compression where the server does not compress", async () => {
    const { url } = await open();
    const raw = await RawSocket.to(url);
    raw.write(handshake(url, { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" }));
    expect((await raw.head())!.toLowerCase()).not.toContain("extensions");
    raw.destroy();
  });

  it("is refused with 503 once the door is shut", async () => {
    const { url, gate } = await open();
    gate.shut();
    expect(await handshakeStatus(url)).toBe(503);
  });

  it("is terminated when the core fails to take it", async () => {
    const { url, door, gate } = await open({
      core: {
        accept: () => {
          throw new Error("bug");
        },
      },
    });
    const raw = await RawSocket.upgraded(url);
    await raw.ended();
    await door.emptied();
    expect(gate.connections).toBe(0);
  });
});

describe("limits of connections", () => {
  it("answer 503 when the node is full, and take one again when one has left", async () => {
    const { url, door } = await open({ limits: resolveLimits({ maxConnections: 2 }) });
    const first = await RawSocket.upgraded(url);
    const second = await RawSocket.upgraded(url);
    expect(await handshakeStatus(url)).toBe(503);
    first.destroy();
    second.destroy();
    await door.emptied();
    const again = await RawSocket.upgraded(url);
    again.destroy();
  });

  it("answer 429 when the address is full, as proxies tell it", async () => {
    const { url } = await open({ limits: resolveLimits({ maxConnectionsPerAddress: 1 }), trustProxy: ["127.0.0.1"] });
    const status = (address: string): Promise<number> => handshakeStatusKept(url, address);
    expect(await status("203.0.113.1")).toBe(101);
    expect(await status("203.0.113.1")).toBe(429);
    expect(await status("203.0.113.2")).toBe(101);
  });

  it("give the place of a handshake back that `ws` refuses", async () => {
    const { url, gate } = await open({ limits: resolveLimits({ maxConnections: 1 }) });
    for (let count = 0; count < 3; count += 1) {
      const raw = await RawSocket.to(url);
      raw.write(handshake(url, { "sec-websocket-key": "short" }));
      expect(await raw.status()).toBe(400);
      await raw.ended();
    }
    expect(gate.connections).toBe(0);
  });

  async function handshakeStatusKept(url: string, address: string): Promise<number> {
    const raw = await RawSocket.to(url);
    ends.push(() => raw.destroy());
    raw.write(handshake(url, { "x-forwarded-for": address }));
    return raw.status();
  }
});

describe("a path that is not the door's", () => {
  it("is answered with 404 where nobody else listens for upgrades", async () => {
    const { url } = await open();
    expect(await handshakeStatus(`${url}/deeper`)).toBe(404);
    expect(await handshakeStatus(url.replace("/hawser", "/"))).toBe(404);
    expect(await handshakeStatus(url.replace("/hawser", "/Hawser"))).toBe(404);
  });

  it("is left alone where somebody does", async () => {
    const { url, http } = await open();
    http.on("upgrade", (request, socket) => {
      if (request.url === "/mine") socket.end("HTTP/1.1 299 Mine\r\ncontent-length: 0\r\n\r\n");
    });
    expect(await handshakeStatus(url.replace("/hawser", "/mine"))).toBe(299);
    expect(await handshakeStatus(url)).toBe(101);
  });
});

describe("a door that is taken away", () => {
  it("cuts what is open and listens for nothing", async () => {
    const { url, door, http } = await open();
    const webSocket = new WebSocket(url, "hawser.v1");
    await new Promise((resolve) => webSocket.once("open", resolve));
    const closed = new Promise<number>((resolve) => webSocket.once("close", resolve));
    door.detach();
    expect(await closed).toBe(1006);
    expect(http.listenerCount("upgrade")).toBe(0);
  });
});
