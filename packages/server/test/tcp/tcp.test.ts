import { memoryLog } from "@hawser/log";
import { protobufCodec } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { RawSocket } from "../raw-socket.ts";
import { selfSigned } from "../../../../test/support/self-signed.ts";
import { LineSocket } from "./line-socket.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function open(options: Partial<ServerOptions> = {}): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    tcp: { port: 0 },
    logger: silentLogger,
    ...options,
  });
  ends.push(() => server.close());
  await server.listen();
  return server;
}

function owned<T extends { destroy(): void }>(socket: T): T {
  ends.push(() => socket.destroy());
  return socket;
}

const to = async (server: HawserServer): Promise<LineSocket> => owned(await LineSocket.to(server.tcpUrl));
const connected = async (server: HawserServer): Promise<LineSocket> => owned(await LineSocket.connected(server.tcpUrl));

/** How the connection was told to end. */
const closeOf = async (lines: LineSocket): Promise<unknown> => (await lines.rest()).at(-1);
const closed = (code: number): unknown => expect.objectContaining({ type: "close", code });

describe("a server with a TCP port", () => {
  it("speaks lines of JSON with a person, who may type anything between them", async () => {
    const server = await open({ name: "node-a" });
    expect(server.tcpUrl).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    const ann = await to(server);
    ann.write("hawser.v1.json\r\n\n");
    ann.write('{"type":"connect","token":"ann"}\r\n');
    expect(await ann.line()).toMatchObject({ type: "connected", node: "node-a", user: "ann" });
    ann.say({ type: "subscribe", id: 1, channel: "chat.general", credit: 10_000 });
    await ann.next("subscribed");
    ann.say({ type: "publish", id: 2, channel: "chat.general", json: { say: "hello" } });
    expect(await ann.next("batch")).toMatchObject({ messages: [{ json: { say: "hello" }, publisher: "ann" }] });
    expect(server.connections).toBe(1);
  });

  it("does not tell where programs connect while there is no such port", async () => {
    const server = createServer({ log: memoryLog(), authenticate: anonymous(), port: 0, logger: silentLogger });
    expect(() => server.tcpUrl).toThrow(expect.objectContaining({ code: "closed" }));
    await server.close();
  });

  it("speaks protobuf, of which the bytes may come one by one", async () => {
    const server = await open();
    const raw = owned(await RawSocket.to(server.tcpUrl));
    const hello = protobufCodec.encode({ type: "connect", token: "ann", session: "", agent: "" });
    for (const byte of [...Buffer.from("hawser.v1\n"), ...hello]) raw.write(Uint8Array.of(byte));
    const { value } = await new Promise<{ value: Buffer }>((resolve) =>
      raw.socket.once("data", (chunk) => resolve({ value: chunk })),
    );
    expect(protobufCodec.decodeServer(value)).toMatchObject([{ type: "connected", user: "ann" }]);
  });

  it("speaks TLS where it is given a certificate", async () => {
    const server = await open({ tcp: { port: 0, tls: selfSigned } });
    expect(server.tcpUrl).toMatch(/^tls:/);
    const ann = await connected(server);
    ann.say({ type: "ping", nonce: 3 });
    expect(await ann.line()).toEqual({ type: "pong", nonce: 3 });
  });

  it("refuses options of tcp that are none", () => {
    const make = (tcp: unknown) => (): unknown =>
      createServer({ log: memoryLog(), authenticate: anonymous(), logger: silentLogger, tcp: tcp as never });
    for (const tcp of [{}, { port: 65_536 }, { port: 1, hots: "a" }, { port: 1, host: 7 }, { port: 1, tls: true }, 7]) {
      expect(make(tcp), JSON.stringify(tcp)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    }
  });
});

describe("the preamble", () => {
  it.each(["GET / HTTP/1.1\r\n", '{"type":"connect"}\n', "hawser.v2\n", "hawser.v1.json \n", "\n", "hawser.v1\rx"])(
    "that is %j is refused with a line that says so [TCP-1]",
    async (bytes) => {
      const lines = await to(await open());
      lines.write(bytes);
      expect(await lines.rest()).toEqual([
        { type: "close", code: 4501, reason: "The first line must be hawser.v1 or hawser.v1.json." },
      ]);
    },
  );

  it("is waited for only so long [TCP-2]", async () => {
    const lines = await to(await open({ limits: { handshakeTimeoutMs: 50 } }));
    lines.write("hawser.v1.js");
    expect(await lines.rest()).toEqual([closed(4008)]);
  });

  it("is waited for only so long behind a TLS handshake that does not come to its end [TCP-2]", async () => {
    const server = await open({ tcp: { port: 0, tls: selfSigned }, limits: { handshakeTimeoutMs: 50 } });
    const raw = owned(await RawSocket.to(server.tcpUrl));
    raw.write(Uint8Array.of(0x16, 0x03, 0x01));
    await raw.ended();
    const lines = await to(server);
    expect(await lines.rest()).toEqual([closed(4008)]);
  });

  it("that nobody finishes keeps nobody out: the oldest is cut", async () => {
    const server = await open({ limits: { maxPendingHandshakes: 2 } });
    const idle = [await to(server), await to(server)];
    const ann = await connected(server);
    expect(await idle[0]!.rest()).toEqual([]);
    ann.say({ type: "ping", nonce: 3 });
    expect(await ann.line()).toEqual({ type: "pong", nonce: 3 });
  });
});

describe("a TCP connection", () => {
  it("is closed with 4008 when no connect comes", async () => {
    const lines = await to(await open({ limits: { connectTimeoutMs: 50 } }));
    lines.write("hawser.v1.json\n");
    expect(await closeOf(lines)).toEqual(closed(4008));
  });

  it("takes a line at the limit, and closes with 1009 at one past it [TCP-3]", async () => {
    const server = await open({ limits: { maxMessageBytes: 20_000, maxTokenBytes: 1_000 } });
    const lines = await connected(server);
    const ping = '{"type":"ping","nonce":3}';
    lines.write(`${ping.slice(0, -1)}${" ".repeat(20_000 - ping.length - 1)}}\n`);
    expect(await lines.line()).toEqual({ type: "pong", nonce: 3 });
    lines.write(`{${" ".repeat(20_000)}`);
    expect(await lines.rest()).toEqual([closed(1009)]);
    await expect.poll(() => server.connections).toBe(0);
  });

  it("is closed with 4501 for a line that is no frame, and hears why", async () => {
    const lines = await connected(await open());
    lines.write("hello?\n");
    expect(await lines.rest()).toMatchObject([
      { type: "error", code: "frame-malformed" },
      { type: "close", code: 4501 },
    ]);
  });

  it("is closed with 4501 for a length that is no varint [TCP-4]", async () => {
    const raw = owned(await RawSocket.to((await open()).tcpUrl));
    const bytes: Buffer[] = [];
    raw.socket.on("data", (chunk) => bytes.push(chunk));
    raw.write("hawser.v1\n");
    raw.write(new Uint8Array(8).fill(0xff));
    await raw.ended();
    expect(protobufCodec.decodeServer(Buffer.concat(bytes))).toMatchObject([{ type: "close", code: 4501 }]);
  });

  it("ends with close when the server ends it, and when the client does [TCP-5]", async () => {
    const server = await open();
    const [ann, bob] = [await connected(server), await connected(server)];
    ann.say({ type: "close", code: 1000, reason: "bye" });
    expect(await ann.rest()).toEqual([{ type: "close", code: 1000, reason: "bye" }]);
    await expect.poll(() => server.connections).toBe(1);
    await server.close();
    expect(await bob.rest()).toEqual([closed(4000)]);
  });

  it("reads nothing behind close [TCP-5]", async () => {
    const ann = await connected(await open());
    ann.say({ type: "close", code: 1000 }, { type: "ping", nonce: 3 });
    expect(await ann.rest()).toEqual([closed(1000)]);
  });

  it("that the peer cuts gives its place back", async () => {
    const server = await open({ limits: { maxConnections: 1, maxConnectionsPerAddress: 1 } });
    const ann = await connected(server);
    ann.socket.resetAndDestroy();
    await expect.poll(() => server.connections).toBe(0);
    await connected(server);
  });

  it("is refused when the node is full, or its address has enough, or the node goes away [TCP-6]", async () => {
    const refusal = async (server: HawserServer): Promise<unknown> => {
      const lines = await to(server);
      lines.write("hawser.v1.json\n");
      return lines.rest();
    };
    const full = await open({ limits: { maxConnections: 1, maxConnectionsPerAddress: 1 } });
    await connected(full);
    const busy = await open({ limits: { maxConnections: 2, maxConnectionsPerAddress: 1 } });
    await connected(busy);
    expect(await refusal(full)).toEqual([
      expect.objectContaining({ type: "error", code: "overloaded", retry: true }),
      closed(4005),
    ]);
    expect(await refusal(busy)).toEqual([expect.objectContaining({ code: "too-many-connections" }), closed(4505)]);
    const draining = await open();
    await draining.drain({ overMs: 1 });
    expect(await refusal(draining)).toEqual([closed(4000)]);
  });

  it("counts with the WebSockets of its address", async () => {
    const server = await open({ limits: { maxConnections: 1, maxConnectionsPerAddress: 1 } });
    owned(await RawSocket.upgraded(server.url));
    const lines = await to(server);
    lines.write("hawser.v1.json\n");
    expect(await closeOf(lines)).toEqual(closed(4005));
  });

  it("is asked for a confirmation by ping, and held until pong confirms [FLOW-4]", async () => {
    const server = await open({ limits: { minUnconfirmedBytes: 1_000, maxUnconfirmedBytes: 1_000 } });
    const ann = await connected(server);
    ann.say({ type: "subscribe", id: 1, channel: "chat.general", credit: 1_000_000 });
    await ann.next("subscribed");
    const text = "x".repeat(900);
    for (let n = 1; n <= 20; n += 1) await server.publish("chat.general", `${n} ${text}`);
    const offsets: number[] = [];
    for (let unconfirmed = 0; offsets.length < 20;) {
      const line = await ann.line();
      if (line?.["type"] === "ping") {
        // Of 900 bytes each, two are more than may be unconfirmed.
        expect(unconfirmed).toBeLessThanOrEqual(2);
        unconfirmed = 0;
        ann.say({ type: "pong", nonce: line["nonce"] });
      }
      const messages = (line?.["messages"] ?? []) as { offset: number }[];
      unconfirmed += messages.length;
      offsets.push(...messages.map(({ offset }) => offset));
    }
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it("takes received for a confirmation too, but not of more than was sent [FLOW-4]", async () => {
    const server = await open({ limits: { minUnconfirmedBytes: 1_000, maxUnconfirmedBytes: 1_000 } });
    const ann = await to(server);
    let bytes = 0;
    ann.socket.on("data", (text: string) => (bytes += Buffer.byteLength(text)));
    ann.write("hawser.v1.json\n");
    ann.say({ type: "connect", token: "ann" });
    ann.say({ type: "subscribe", id: 1, channel: "chat.general", credit: 1_000_000 });
    await ann.next("subscribed");
    const text = "x".repeat(900);
    for (let n = 1; n <= 20; n += 1) await server.publish("chat.general", `${n} ${text}`);
    let messages = 0;
    while (messages < 20) {
      const line = await ann.line();
      if (line?.["type"] === "ping") ann.say({ type: "received", bytes });
      messages += ((line?.["messages"] ?? []) as unknown[]).length;
    }
    ann.say({ type: "received", bytes: bytes + 100_000 });
    expect(await closeOf(ann)).toEqual(closed(4500));
  });

  it("is asked, and then cut, when it says nothing", async () => {
    const ann = await connected(await open({ limits: { heartbeatMs: 50 } }));
    const lines = await ann.rest();
    expect(lines[0]).toMatchObject({ type: "ping" });
  });
});
