import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Codec, ServerFrame } from "@hawser/protocol";
import { tcpConnector } from "@hawser/client/node";
import { afterEach, describe, expect, it } from "vitest";
import type { Transport } from "../../src/transport/transport.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What a connection told, in order. */
class Told {
  readonly events: unknown[] = [];
  #wake: () => void = () => {};

  add(...event: unknown[]): void {
    this.events.push(event);
    this.#wake();
  }

  /** The events, once there are so many. */
  async first(count: number): Promise<unknown[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.events;
  }
}

interface Pair {
  readonly transport: Transport;
  /** The server's end. */
  readonly peer: Socket;
  readonly told: Told;
  /** Reads what came from the client, until it is so long. */
  readonly heard: (length: number) => Promise<string>;
}

async function pair(codec: Codec = jsonCodec): Promise<Pair> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const told = new Told();
  const arrived = once(server, "connection") as Promise<[Socket]>;
  const transport = connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, codec, told);
  const [peer] = await arrived;
  peer.on("error", () => {});
  ends.push(() => peer.destroy());
  let text = "";
  peer.on("data", (chunk) => (text += chunk.toString("latin1")));
  const heard = async (length: number): Promise<string> => {
    while (text.length < length) await once(peer, "data");
    return text;
  };
  return { transport, peer, told, heard };
}

function connect(url: string, codec: Codec, told: Told): Transport {
  return tcpConnector().connect(url, codec.subprotocol, {
    onOpen: (subprotocol) => told.add("open", subprotocol),
    onMessage: (message) => told.add("message", ...codec.decodeServer(message)),
    onClose: (code, reason) => told.add("close", code, reason),
  });
}

const pong = (nonce: number): ServerFrame => ({ type: "pong", nonce });

describe.each([jsonCodec, protobufCodec])("a TCP connection of $subprotocol", (codec) => {
  it("says its preamble, and then what is sent", async () => {
    const { transport, told, heard } = await pair(codec);
    expect(await told.first(1)).toEqual([["open", codec.subprotocol]]);
    transport.send(codec.encode({ type: "ping", nonce: 7 }));
    const expected = `${codec.subprotocol}\n${Buffer.from(codec.encode({ type: "ping", nonce: 7 })).toString("latin1")}`;
    expect(await heard(expected.length)).toBe(expected);
  });

  it("gives whole frames of bytes that come one by one", async () => {
    const { told, peer } = await pair(codec);
    peer.setNoDelay(true);
    for (const byte of codec.encode(pong(7))) peer.write(Uint8Array.of(byte));
    expect(await told.first(2)).toEqual([expect.anything(), ["message", pong(7)]]);
  });

  it("says close, ends, and hears the end [TCP-5]", async () => {
    const { transport, told, peer, heard } = await pair(codec);
    await told.first(1);
    transport.close(1000, "bye");
    const close = Buffer.from(codec.encode({ type: "close", code: 1000, reason: "bye" })).toString("latin1");
    const expected = `${codec.subprotocol}\n${close}`;
    expect(await heard(expected.length)).toBe(expected);
    await once(peer, "close");
    expect((await told.first(2))[1]).toEqual(["close", 1006, ""]);
  });
});

describe("a TCP connection", () => {
  it("that ends, or is reset, without close has the code 1006 [TCP-5]", async () => {
    const [ended, reset] = [await pair(), await pair()];
    await Promise.all([ended.told.first(1), reset.told.first(1)]);
    ended.peer.end();
    reset.peer.resetAndDestroy();
    expect((await ended.told.first(2))[1]).toEqual(["close", 1006, ""]);
    expect((await reset.told.first(2))[1]).toEqual(["close", 1006, expect.stringContaining("ECONNRESET")]);
  });

  it("that is refused never opens, and says why", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const told = new Told();
    connect(`tcp://127.0.0.1:${port}`, jsonCodec, told);
    expect(await told.first(1)).toEqual([["close", 1006, expect.stringContaining("ECONNREFUSED")]]);
  });

  it("whose bytes are no frames is closed with 4501 [TCP-4]", async () => {
    const { told, peer } = await pair(protobufCodec);
    peer.write(new Uint8Array(8).fill(0xff));
    expect((await told.first(2))[1]).toEqual(["close", 4501, expect.any(String)]);
  });

  it("can be given up before it opens", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const told = new Told();
    connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, jsonCodec, told).close(1000, "");
    expect(await told.first(1)).toEqual([["close", 1006, ""]]);
  });

  it.each(["ws://localhost:1", "tcp://localhost", "tcp://:1", "localhost", "tcp://"])("is not made to %s", (url) => {
    expect(() => connect(url, jsonCodec, new Told())).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
