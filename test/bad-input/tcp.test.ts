import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { protobufCodec } from "@hawser/protocol";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { selfSigned } from "../support/self-signed.ts";
import { openTarget } from "./target.ts";
import type { Target } from "./target.ts";

let target: Target;
let secured: Target;
beforeAll(async () => {
  const limits = { connectTimeoutMs: 300, handshakeTimeoutMs: 300, heartbeatMs: 500 };
  target = await openTarget({ tcp: { port: 0 }, limits });
  secured = await openTarget({ tcp: { port: 0, tls: selfSigned }, limits });
});
afterAll(async () => {
  await target.close();
  await secured.close();
});
afterEach(async () => {
  await target.bystander.roundTrip();
  await secured.bystander.roundTrip();
});

const connectFrame = protobufCodec.encode({ type: "connect", token: "", session: "", agent: "" });

async function reach(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Sends bytes in pieces, says no more, and waits for the server to end it. What it said is given. */
async function endOf(url: string, pieces: readonly Uint8Array[]): Promise<Buffer> {
  const socket = await reach(url);
  const answer: Buffer[] = [];
  socket.on("data", (chunk) => answer.push(chunk));
  const ended = once(socket, "close");
  for (const piece of pieces) if (piece.length > 0) socket.write(piece);
  await ended;
  return Buffer.concat(answer);
}

/** The same each time: what fails once is to fail again. */
const garbage = fc.sample(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 5 }), {
  numRuns: 80,
  seed: 7,
});

/** The end of each, all at once. */
function endsOf(url: string, ...before: readonly Uint8Array[]): Promise<Buffer[]> {
  return Promise.all(garbage.map((pieces) => endOf(url, [...before, ...pieces])));
}

describe("bytes that are not Hawser's", () => {
  it("from the first one on end the connection, and disturb nobody", async () => {
    for (const answer of await endsOf(target.server.tcpUrl)) {
      expect(answer.toString("utf8")).toMatch(/^(\{"type":"close","code":(4501|4008),.*\}\n)$/);
    }
  });

  it("behind the preamble end the connection with a code", async () => {
    for (const answer of await endsOf(target.server.tcpUrl, Buffer.from("hawser.v1.json\n"))) {
      const last = answer.toString("utf8").trim().split("\n").at(-1);
      expect(last).toMatch(/^\{"type":"close","code":(1009|4008|45\d\d),/);
    }
    for (const answer of await endsOf(target.server.tcpUrl, Buffer.from("hawser.v1\n"))) {
      const codes = protobufCodec.decodeServer(answer).map((frame) => (frame.type === "close" ? frame.code : 0));
      expect([1009, 4008, 4500, 4501, 4503]).toContain(codes.at(-1));
    }
  });

  it("behind connect end the connection, or wait for more until it is silent for too long", async () => {
    for (const answer of await endsOf(target.server.tcpUrl, Buffer.from("hawser.v1\n"), connectFrame)) {
      expect(protobufCodec.decodeServer(answer)[0]).toMatchObject({ type: "connected" });
    }
  });

  it("to a port of TLS end the connection", async () => {
    expect(await endsOf(secured.server.tcpUrl)).toHaveLength(garbage.length);
  });

  it("of a web page's request are refused by its first line, whatever its body says", async () => {
    const body = 'hawser.v1.json\n{"type":"connect"}\n{"type":"publish","id":1,"channel":"bystander","text":"evil"}\n';
    const request = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const answer = (await endOf(target.server.tcpUrl, [Buffer.from(request)])).toString("utf8");
    expect(answer).toMatch(/^\{"type":"close","code":4501,[^\n]*\n$/);
  });
});

describe("a peer that does not read", () => {
  it("is cut, and holds no more than its window", async () => {
    const socket = await reach(target.server.tcpUrl);
    socket.pause();
    socket.write("hawser.v1.json\n");
    socket.write('{"type":"connect"}\n{"type":"subscribe","id":1,"channel":"flood","credit":1000000000}\n');
    const cut = once(socket, "close");
    await expect.poll(target.metrics).toMatch(/hawser_subscriptions 2\n/);
    const text = "x".repeat(100_000);
    for (let n = 0; n < 300; n += 1) await target.server.publish("flood", text);
    const unconfirmed = /hawser_unconfirmed_bytes (\d+)/.exec(await target.metrics());
    expect(Number(unconfirmed?.[1])).toBeLessThan(5 * 1024 * 1024);
    await expect.poll(() => target.server.connections, { timeout: 10_000 }).toBe(1);
    socket.resume();
    await cut;
  });
});
