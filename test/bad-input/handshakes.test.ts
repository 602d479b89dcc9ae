import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { handshake, handshakeStatus, RawSocket } from "../../packages/server/test/raw-socket.ts";
import { openTarget } from "./target.ts";
import type { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(() => target.close());
afterEach(() => target.bystander.roundTrip());

/** The status of whatever is written, byte for byte. */
async function statusOf(bytes: string | Uint8Array): Promise<number> {
  const raw = await RawSocket.to(target.url);
  raw.write(bytes);
  const status = await raw.status();
  raw.destroy();
  return status;
}

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `x-${index}: 1\r\n`).join("");
const withHeaders = (extra: string): string => handshake(target.url).replace("\r\n\r\n", `\r\n${extra}\r\n`);

describe("handshakes", () => {
  it("of 2,000 headers are answered with 431", async () => {
    expect(await statusOf(withHeaders(lines(1_990)))).toBe(431);
  });

  it("of 101 headers are answered with 431, of 100 with 101", async () => {
    expect(await statusOf(withHeaders(lines(94)))).toBe(101);
    expect(await statusOf(withHeaders(lines(95)))).toBe(431);
  });

  it("of more than 16 KiB are answered with 431", async () => {
    expect(await statusOf(withHeaders(`x-long: ${"x".repeat(17_000)}\r\n`))).toBe(431);
    expect(await statusOf(withHeaders(`${"x".repeat(17_000)}: 1\r\n`))).toBe(431);
    expect(await statusOf(`GET /${"x".repeat(17_000)} HTTP/1.1\r\n`)).toBe(431);
  });

  it.each([
    ["commas", ",".repeat(15_000)],
    ["quotes", `a; b=${'"'.repeat(15_000)}`],
    ["commas and quotes", `permessage-deflate; x="${',"'.repeat(7_400)}`],
    ["escapes", `a; b="${"\\".repeat(15_000)}`],
    ["white space", `a${" ".repeat(15_000)}b`],
    ["parameters", "permessage-deflate; client_max_window_bits,".repeat(340)],
  ])("with 15 KiB of extensions made of %s cost nothing, since none is taken", async (_what, value) => {
    for (let count = 0; count < 20; count += 1) {
      expect(await handshakeStatus(target.url, { "sec-websocket-extensions": value })).toBe(101);
    }
  });

  it.each([
    ["commas", ",".repeat(15_000)],
    ["quotes", '"'.repeat(15_000)],
    ["white space", " ".repeat(15_000)],
    ["names", `${"a,".repeat(5_000)}hawser.v1`],
  ])("with 15 KiB of subprotocols made of %s are refused", async (_what, value) => {
    expect(await handshakeStatus(target.url, { "sec-websocket-protocol": value })).toBe(400);
  });

  it.each([
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["another protocol's start", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a bad method", "BREW /hawser HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["a space before a colon", "GET /hawser HTTP/1.1\r\nhost : x\r\n\r\n"],
    ["a NUL in a header", "GET /hawser HTTP/1.1\r\nhost: x\u0000y\r\n\r\n"],
    [
      "two lengths of the body",
      "POST /hawser HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
    ["no host", "GET /hawser HTTP/1.1\r\n\r\n"],
  ])("that are %s are answered with 400", async (_what, bytes) => {
    expect(await statusOf(Buffer.from(bytes, "latin1"))).toBe(400);
  });

  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])(
    "with a header %s are as any other",
    async (name) => {
      expect(await statusOf(withHeaders(`${name}: x\r\n`))).toBe(101);
    },
  );

  it.each([
    "/HAWSER",
    "/hawser/",
    "//hawser",
    "/hawser/../hawser",
    "/%68awser",
    "/hawser;x",
    "/",
    "*",
    "http://evil.com/hawser",
  ])("to %j are answered with 404", async (path) => {
    expect(await statusOf(handshake(target.url).replace("GET /hawser", `GET ${path}`))).toBe(404);
  });

  it("in chunks of one byte are taken", async () => {
    const raw = await RawSocket.to(target.url);
    for (const byte of Buffer.from(handshake(target.url))) raw.write(Uint8Array.of(byte));
    expect(await raw.status()).toBe(101);
    raw.destroy();
  });

  it("that are cut off at any byte leave nothing behind", async () => {
    const request = handshake(target.url);
    const before = target.server.connections;
    await Promise.all(
      Array.from({ length: request.length - 1 }, async (_, length) => {
        const raw = await RawSocket.to(target.url);
        raw.socket.end(request.slice(0, length));
        await raw.ended();
      }),
    );
    expect(target.server.connections).toBe(before);
  });
});

describe("5,000 handshakes that never finish", () => {
  it("keep nobody out, and the oldest of them make room", async () => {
    const stalled: RawSocket[] = [];
    let cut = 0;
    for (let group = 0; group < 50; group += 1) {
      const opened = await Promise.all(Array.from({ length: 100 }, () => RawSocket.to(target.url)));
      for (const raw of opened) {
        raw.socket.once("close", () => (cut += 1));
        raw.write("GET /hawser HTTP/1.1\r\nhost: x\r\nx-slow: ");
      }
      stalled.push(...opened);
      if (group % 10 === 9) {
        await target.bystander.roundTrip();
        expect(await handshakeStatus(target.url)).toBe(101);
      }
    }
    await stalled[3_900]!.ended();
    expect(cut).toBeGreaterThanOrEqual(3_901);
    expect(await target.metrics()).toMatch(/hawser_handshakes_evicted_total (39|40)\d\d\n/);
    for (const raw of stalled) raw.destroy();
  });
});
