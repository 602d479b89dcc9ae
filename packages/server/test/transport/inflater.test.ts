import { constants, deflateRawSync } from "node:zlib";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { takeOverInflating } from "../../src/transport/inflater.ts";
import { clientFrame, handshake, handshakeStatus, RawSocket } from "../raw-socket.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

const servers: HawserServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(options: Partial<ServerOptions> = {}): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    compression: true,
    ...options,
  });
  servers.push(server);
  await server.listen();
  return server;
}

/** A message as a peer compresses it (RFC 7692, section 7.2.1). */
const deflate = (text: string | Uint8Array): Buffer =>
  deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

const compressed = { opcode: 1, reserved: 4 } as const;
const frame = (value: unknown): Buffer => clientFrame(deflate(JSON.stringify(value)), compressed);
const connect = { type: "connect", token: "" };

/** What the server agreed to when it was offered this. */
async function agreed(
  server: HawserServer,
  offer: string,
  subprotocol = "hawser.v1.json",
): Promise<string | undefined> {
  const raw = await RawSocket.to(server.url);
  raw.write(handshake(server.url, { "sec-websocket-protocol": subprotocol, "sec-websocket-extensions": offer }));
  const head = await raw.head();
  raw.destroy();
  expect(head).toContain(" 101 ");
  return /^sec-websocket-extensions: (.*)$/im.exec(head!)?.[1];
}

/** A raw connection on which compression was agreed. */
async function upgraded(server: HawserServer): Promise<RawSocket> {
  const raw = await RawSocket.to(server.url);
  raw.write(handshake(server.url, { "sec-websocket-extensions": "permessage-deflate" }));
  expect(await raw.status()).toBe(101);
  return raw;
}

interface Inflating {
  decompress(data: Uint8Array, final: boolean, callback: (error: Error | null, data?: Uint8Array) => void): void;
}

describe("the handshake [WIRE-13]", () => {
  it.each([
    ["permessage-deflate"],
    ["permessage-deflate; client_max_window_bits"],
    ["permessage-deflate; client_max_window_bits=10; server_max_window_bits=9"],
    ["permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
    ["unknown-extension, permessage-deflate; client_max_window_bits"],
  ])("agrees to %s, without context takeover on either side", async (offer) => {
    const answer = (await agreed(await open(), offer))!;
    expect(answer).toMatch(/^permessage-deflate;/);
    expect(answer).toContain("server_no_context_takeover");
    expect(answer).toContain("client_no_context_takeover");
    expect(answer.includes("server_max_window_bits=9")).toBe(offer.includes("server_max_window_bits=9"));
  });

  it("agrees to nothing that was not offered", async () => {
    const server = await open();
    expect(await agreed(server, "unknown-extension")).toBeUndefined();
  });

  it.each(["permessage-deflate; window=4", "permessage-deflate; server_max_window_bits=16", 'permessage-deflate; x="'])(
    "is refused with 400 where the offer is none: %s",
    async (offer) => {
      expect(await handshakeStatus((await open()).url, { "sec-websocket-extensions": offer })).toBe(400);
    },
  );

  it("agrees to none on a connection that clients share", async () => {
    expect(await agreed(await open(), "permessage-deflate", "hawser.v1.shared")).toBeUndefined();
  });

  it("agrees to none where the server does not compress", async () => {
    expect(await agreed(await open({ compression: false }), "permessage-deflate")).toBeUndefined();
  });
});

describe("a message that comes in compressed", () => {
  it("is the message that it was, among such that are not", async () => {
    const raw = await upgraded(await open());
    raw.write(frame(connect));
    expect((await raw.message())[0]).toMatchObject({ type: "connected" });
    raw.say({ type: "ping", nonce: 1 });
    raw.write(frame({ type: "ping", nonce: 2 }));
    raw.write(Buffer.concat([frame({ type: "ping", nonce: 3 }), frame({ type: "ping", nonce: 4 })]));
    raw.say({ type: "ping", nonce: 5 });
    for (const nonce of [1, 2, 3, 4, 5]) expect(await raw.message()).toEqual([{ type: "pong", nonce }]);
    raw.destroy();
  });

  it("may come in fragments, with control frames between", async () => {
    const raw = await upgraded(await open());
    const bytes = deflate(JSON.stringify(connect));
    raw.write(clientFrame(bytes.subarray(0, 1), { ...compressed, final: false }));
    raw.write(clientFrame("are you there", { opcode: 9 }));
    raw.write(clientFrame(bytes.subarray(1, 9), { opcode: 0, final: false }));
    raw.write(clientFrame(new Uint8Array(), { opcode: 0, final: false }));
    raw.write(clientFrame(bytes.subarray(9), { opcode: 0 }));
    expect(await raw.frame()).toMatchObject({ opcode: 10, payload: Buffer.from("are you there") });
    expect((await raw.message())[0]).toMatchObject({ type: "connected" });
    raw.destroy();
  });

  it("may end with its last block marked as the last (RFC 7692, section 7.2.3)", async () => {
    const raw = await upgraded(await open());
    const whole = deflateRawSync(JSON.stringify(connect));
    raw.write(clientFrame(Buffer.concat([whole, Uint8Array.of(0)]), compressed));
    expect((await raw.message())[0]).toMatchObject({ type: "connected" });
    raw.destroy();
  });

  it("may have as many bytes as a message may, and not one more [WIRE-14]", async () => {
    const server = await open({ limits: { maxMessageBytes: 20_000 } });
    const ping = (bytes: number): string => JSON.stringify({ type: "ping", nonce: 7 }).padEnd(bytes, " ");
    const raw = await upgraded(server);
    raw.write(frame(connect));
    await raw.message();
    raw.write(clientFrame(deflate(ping(20_000)), compressed));
    expect(await raw.message()).toEqual([{ type: "pong", nonce: 7 }]);
    raw.write(clientFrame(deflate(ping(20_001)), compressed));
    expect((await raw.closed()).code).toBe(1009);
    raw.destroy();
  });

  it("that would inflate from 1 MB to 1 GB closes with 1009 [WIRE-14]", async () => {
    const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
    const bomb = Buffer.concat(Array.from({ length: 1_000 }, () => block));
    expect(bomb.length).toBeLessThan(1 << 20);
    const before = process.memoryUsage().arrayBuffers;
    const raw = await upgraded(await open());
    raw.write(clientFrame(bomb, compressed));
    expect((await raw.closed()).code).toBe(1009);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
    raw.destroy();
  });

  it("that would do so in fragments closes with 1009 too [WIRE-14]", async () => {
    const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
    const raw = await upgraded(await open());
    raw.write(clientFrame(block, { ...compressed, final: false }));
    for (let count = 0; count < 50; count += 1) raw.write(clientFrame(block, { opcode: 0, final: false }));
    raw.write(clientFrame(block, { opcode: 0 }));
    expect((await raw.closed()).code).toBe(1009);
    raw.destroy();
  });

  it("that does not inflate closes with 1007 [WIRE-14]", async () => {
    const raw = await upgraded(await open());
    raw.write(clientFrame(Uint8Array.of(0xff, 0xff, 0xff, 0xff), compressed));
    expect((await raw.closed()).code).toBe(1007);
    raw.destroy();
  });

  it("whose text is not UTF-8 closes with 1007", async () => {
    const raw = await upgraded(await open());
    raw.write(clientFrame(deflate(Uint8Array.of(0x22, 0xff, 0x22)), compressed));
    expect((await raw.closed()).code).toBe(1007);
    raw.destroy();
  });

  it.each<[string, Buffer]>([
    ["a control frame", clientFrame("x", { opcode: 9, reserved: 4 })],
    [
      "a fragment behind the first",
      Buffer.concat([
        clientFrame(deflate("{"), { ...compressed, final: false }),
        clientFrame("x", { opcode: 0, reserved: 4 }),
      ]),
    ],
  ])("is said of %s never, which closes with 1002", async (_what, bytes) => {
    const raw = await upgraded(await open());
    raw.write(bytes);
    expect((await raw.closed()).code).toBe(1002);
    raw.destroy();
  });

  it("is refused with 1002 where compression was not agreed", async () => {
    const raw = await RawSocket.upgraded((await open()).url);
    raw.write(frame(connect));
    expect((await raw.closed()).code).toBe(1002);
    raw.destroy();
  });

  it("waits when more was inflated than may be in a second, and nothing is lost", async () => {
    const ports = new SimulatedPorts();
    const agreed = { params: { client_no_context_takeover: true } };
    const webSocket = { _extensions: { "permessage-deflate": agreed as unknown as Inflating } };
    const options = { maxMessageBytes: 10_000, inflatedBytesPerSecond: 10_000, clock: ports, timers: ports };
    takeOverInflating(webSocket as unknown as WebSocket, options);
    const lengths: number[] = [];
    const inflate = (bytes: number): void =>
      webSocket._extensions["permessage-deflate"].decompress(deflate("a".repeat(bytes)), true, (error, data) => {
        expect(error).toBeNull();
        lengths.push(data!.length);
      });
    inflate(6_000);
    inflate(4_000);
    await ports.settle();
    expect(lengths).toEqual([6_000, 4_000]);
    inflate(5_000);
    await ports.advance(499);
    expect(lengths).toHaveLength(2);
    await ports.advance(1);
    expect(lengths).toEqual([6_000, 4_000, 5_000]);
  });

  it("ends with its connection, whichever moment that is", async () => {
    const server = await open();
    for (let count = 0; count < 20; count += 1) {
      const raw = await upgraded(server);
      raw.write(frame(connect));
      for (let nonce = 1; nonce <= 20; nonce += 1) raw.write(frame({ type: "ping", nonce }));
      if (count % 3 === 0) await raw.message();
      if (count % 2 === 0) raw.write(clientFrame(Uint8Array.of(3, 232), { opcode: 8 }));
      if (count % 2 === 0) await raw.closed();
      raw.destroy();
    }
    while (server.connections > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.connections).toBe(0);
  });
});

describe("a ws client with its defaults", () => {
  it("publishes and reads compressed messages of any size", async () => {
    const server = await open({ limits: { minDeflateBytes: 1 } });
    const webSocket = new WebSocket(server.url, "hawser.v1.json", { perMessageDeflate: { threshold: 0 } });
    const frames: Record<string, unknown>[] = [];
    let wake = (): void => {};
    webSocket.on("message", (data) => {
      for (const line of (data as Buffer).toString("utf8").trim().split("\n")) frames.push(JSON.parse(line));
      wake();
    });
    await new Promise((resolve) => webSocket.once("open", resolve));
    expect(webSocket.extensions).toBe("permessage-deflate");
    webSocket.send(JSON.stringify(connect));
    webSocket.send(JSON.stringify({ type: "subscribe", id: 1, channel: "news" }));
    const texts = [0, 1, 10, 1_000, 30_000, 200_000].map((length) => "hawser ".repeat(length).slice(0, length));
    for (const [index, text] of texts.entries())
      webSocket.send(JSON.stringify({ type: "publish", id: 2 + index, channel: "news", text }));
    const got = (): unknown[] =>
      frames.filter(({ type }) => type === "batch").flatMap((batch) => batch["messages"] as { text: string }[]);
    while (got().length < texts.length) await new Promise<void>((resolve) => (wake = resolve));
    expect(got().map((message) => (message as { text: string }).text)).toEqual(texts);
    const closed = new Promise((resolve) => webSocket.once("close", resolve));
    webSocket.close(1000);
    expect(await closed).toBe(1000);
  });
});
