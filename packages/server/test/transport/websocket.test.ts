import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { selfSigned } from "../../../../test/support/self-signed.ts";
import { TurnWrites } from "../../src/transport/turn-writes.ts";
import { textFraming } from "../../src/transport/websocket-framing.ts";
import { WebSocketTransport } from "../../src/transport/websocket.ts";
import { clientFrame, RawSocket } from "../raw-socket.ts";

type Event =
  | { readonly kind: "message"; readonly text: string; readonly binary: boolean }
  | { readonly kind: "confirmed"; readonly id: number }
  | { readonly kind: "alive" }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** A transport on a real socket, with what its handlers were told. */
class Harness {
  readonly events: Event[] = [];
  readonly transport: WebSocketTransport;
  readonly socket: Socket;
  #wake: () => void = () => {};

  constructor(webSocket: WebSocket, socket: Socket, maxUnsentBytes: number) {
    this.socket = socket;
    this.transport = new WebSocketTransport(webSocket, socket, {
      framing: textFraming,
      windowBytes: 0,
      maxUnsentBytes,
      writes: new TurnWrites(),
    });
    this.transport.handlers = {
      onMessage: (message, binary) => this.#add({ kind: "message", text: new TextDecoder().decode(message), binary }),
      onConfirmed: (id) => this.#add({ kind: "confirmed", id }),
      onAlive: () => this.#add({ kind: "alive" }),
      onClose: (code, reason) => this.#add({ kind: "close", code, reason }),
    };
  }

  #add(event: Event): void {
    this.events.push(event);
    this.#wake();
  }

  async until(done: (events: readonly Event[]) => boolean): Promise<void> {
    while (!done(this.events)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async close(): Promise<Event> {
    await this.until((events) => events.some((event) => event.kind === "close"));
    return this.events.find((event) => event.kind === "close")!;
  }

  say(text: string): void {
    this.transport.write([framed(text)]);
  }
}

function framed(text: string): Uint8Array {
  return textFraming.frame(new TextEncoder().encode(" ".repeat(textFraming.headroomBytes) + text));
}

let http: Server;
let url: string;
let accepted: (harness: Harness) => void;
let maxUnsentBytes: number;

beforeEach(async () => {
  maxUnsentBytes = 1 << 24;
  http = createServer();
  url = `ws://127.0.0.1:${await listen(http)}/`;
});

/** Takes the WebSockets of a server, and gives its port. */
async function listen(server: Server): Promise<number> {
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: 1_000, closeTimeout: 50 } as object);
  server.on("upgrade", (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      accepted(new Harness(webSocket, socket as Socket, maxUnsentBytes)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(() => http.close());

/** Both ends of a connection. */
async function pair(): Promise<{ harness: Harness; raw: RawSocket }> {
  const got = new Promise<Harness>((resolve) => (accepted = resolve));
  const raw = await RawSocket.upgraded(url);
  return { raw, harness: await got };
}

describe("a WebSocket transport", () => {
  it("hands over whole messages as plain bytes, text and binary told apart", async () => {
    const { harness, raw } = await pair();
    raw.write(clientFrame("héllo"));
    raw.write(
      Buffer.concat([
        clientFrame(new Uint8Array([0x61]), { final: false }),
        clientFrame(new Uint8Array([0x62]), { opcode: 0 }),
      ]),
    );
    await harness.until((events) => events.length === 2);
    expect(harness.events).toEqual([
      { kind: "message", text: "héllo", binary: false },
      { kind: "message", text: "ab", binary: true },
    ]);
    raw.destroy();
  });

  it("gives bytes that hold no more memory than twice their own", async () => {
    const { harness, raw } = await pair();
    const sizes: number[] = [];
    const got = new Promise<void>((resolve) => {
      harness.transport.handlers!.onMessage = (message) => {
        expect(Object.getPrototypeOf(message)).toBe(Uint8Array.prototype);
        sizes.push(message.buffer.byteLength / message.length);
        if (sizes.length === 50) resolve();
      };
    });
    raw.write(Buffer.concat(Array.from({ length: 50 }, () => clientFrame(new Uint8Array(100)))));
    await got;
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
    raw.destroy();
  });

  it("writes pieces of any size in order", async () => {
    const { harness, raw } = await pair();
    harness.transport.write([framed("a"), framed("b")]);
    harness.transport.write([framed("c"), framed("d".repeat(200_000)), framed("e")]);
    harness.transport.write([]);
    harness.transport.write([framed("f")]);
    const got: string[] = [];
    while (got.length < 6) got.push((await raw.frame())!.payload.toString());
    expect(got).toEqual(["a", "b", "c", "d".repeat(200_000), "e", "f"]);
    raw.destroy();
  });

  it("keeps the order of what has to wait for the socket, and of the marks in between", async () => {
    const { harness, raw } = await pair();
    raw.socket.pause();
    const filling = "x".repeat(128 * 1024);
    for (let number = 0; number < 64; number += 1) {
      harness.transport.write([framed(`${number} ${filling}`)]);
      if (number === 32) harness.transport.mark(1);
      harness.transport.writeNow();
    }
    expect(harness.socket.writableLength).toBeGreaterThan(0);
    raw.socket.resume();
    const got: string[] = [];
    while (got.length < 65) {
      const { opcode, payload } = (await raw.frame())!;
      got.push(opcode === 9 ? "mark" : payload.toString("latin1", 0, payload.indexOf(" ")));
    }
    const numbers = Array.from({ length: 64 }, (_, number) => String(number));
    expect(got).toEqual([...numbers.slice(0, 33), "mark", ...numbers.slice(33)]);
    harness.say("after");
    expect((await raw.frame())!.payload.toString()).toBe("after");
    raw.destroy();
  });

  it("writes what it is given in a turn at once behind it, marks and all, and before it closes", async () => {
    const { harness, raw } = await pair();
    const writes: number[] = [];
    const socket = harness.socket as Socket & { _write: Socket["_write"] };
    const write = socket._write.bind(socket);
    socket._write = (chunk: Uint8Array, encoding, callback) => {
      writes.push(chunk.length);
      write(chunk, encoding, callback);
    };
    harness.transport.write([framed("a")]);
    harness.transport.mark(1);
    harness.transport.write([framed("b")]);
    expect(writes).toEqual([]);
    await Promise.resolve();
    expect(writes).toEqual([3 + 10 + 3]);
    harness.transport.write([framed("c")]);
    harness.transport.close(4000, "");
    const opcodes: number[] = [];
    while (opcodes.length < 5) opcodes.push((await raw.frame())!.opcode);
    expect(opcodes).toEqual([1, 9, 1, 1, 8]);
    raw.destroy();
  });

  it("copies many small pieces into one write", async () => {
    const { harness, raw } = await pair();
    const writes: number[] = [];
    const socket = harness.socket as Socket & { _write: Socket["_write"] };
    const write = socket._write.bind(socket);
    socket._write = (chunk: Uint8Array, encoding, callback) => {
      writes.push(chunk.length);
      write(chunk, encoding, callback);
    };
    harness.transport.write(Array.from({ length: 100 }, (_, number) => framed(String(number).padEnd(200))));
    harness.transport.writeNow();
    expect(writes).toEqual([100 * 204]);
    for (let number = 0; number < 100; number += 1) {
      expect((await raw.frame())!.payload.toString().trim()).toBe(String(number));
    }
    raw.destroy();
  });

  it("confirms a mark when the pong to it comes, behind what was written before", async () => {
    const { harness, raw } = await pair();
    harness.say("first");
    harness.transport.mark(1);
    expect((await raw.frame())!.opcode).toBe(1);
    const ping = (await raw.frame())!;
    expect(ping.opcode).toBe(9);
    expect(harness.events).toEqual([]);
    raw.write(clientFrame(ping.payload, { opcode: 10 }));
    await harness.until((events) => events.length === 1);
    expect(harness.events).toEqual([{ kind: "confirmed", id: 1 }]);
    raw.destroy();
  });

  it("takes a pong that answers nothing, and a ping, for signs of life", async () => {
    const { harness, raw } = await pair();
    harness.transport.mark(1);
    raw.write(clientFrame(Buffer.alloc(8), { opcode: 10 }));
    raw.write(clientFrame("hi", { opcode: 9 }));
    await harness.until((events) => events.length === 2);
    expect(harness.events).toEqual([{ kind: "alive" }, { kind: "alive" }]);
    raw.destroy();
  });

  it("hands over nothing while it is paused, and everything in order afterwards", async () => {
    const { harness, raw } = await pair();
    const messages = Array.from({ length: 5 }, (_, index) => `m${index}`);
    const handlers = harness.transport.handlers!;
    const record = handlers.onMessage.bind(handlers);
    const paused = new Promise<void>((resolve) => {
      handlers.onMessage = (message, binary) => {
        record(message, binary);
        harness.transport.pause();
        resolve();
      };
    });
    raw.write(Buffer.concat(messages.map((message) => clientFrame(message))));
    await paused;
    expect(harness.events).toHaveLength(1);
    // Each message pauses again: what `ws` had read already stays held.
    harness.transport.resume();
    expect(harness.events).toHaveLength(2);
    handlers.onMessage = record;
    raw.write(clientFrame("last"));
    harness.transport.resume();
    await harness.until((events) => events.length === 6);
    expect(harness.events.map((event) => (event.kind === "message" ? event.text : ""))).toEqual([...messages, "last"]);
    raw.destroy();
  });

  it("closes with its code, tells it once, and writes nothing behind the close frame", async () => {
    const { harness, raw } = await pair();
    harness.transport.close(4000, "going away");
    harness.say("late");
    harness.transport.mark(9);
    harness.transport.close(4001, "again");
    expect(await raw.closed()).toEqual({ code: 4000, reason: "going away", texts: [] });
    await raw.ended();
    expect(await harness.close()).toEqual({ kind: "close", code: 4000, reason: "going away" });
    expect(harness.events).toHaveLength(1);
  });

  it("hands over nothing that comes behind its close", async () => {
    const { harness, raw } = await pair();
    harness.transport.close(4000, "");
    raw.write(clientFrame("late"));
    await raw.closed();
    await harness.close();
    expect(harness.events).toHaveLength(1);
  });

  it("closes although it is paused", async () => {
    const { harness, raw } = await pair();
    harness.transport.pause();
    harness.transport.close(4000, "");
    await raw.closed();
    expect(await harness.close()).toMatchObject({ code: 4000 });
  });

  it("ends in bounded time when the peer does not answer the close", async () => {
    const { harness, raw } = await pair();
    harness.transport.close(4000, "bye");
    expect((await raw.frame())!.opcode).toBe(8);
    await raw.ended();
    expect(await harness.close()).toEqual({ kind: "close", code: 4000, reason: "bye" });
  });

  it("cuts a reason that is too long for a close frame at a character", async () => {
    const { harness, raw } = await pair();
    harness.transport.close(4000, "ä".repeat(100));
    expect((await raw.closed()).reason).toBe("ä".repeat(61));
  });

  it("tells the code of a peer that closes", async () => {
    const { harness, raw } = await pair();
    raw.write(clientFrame(Buffer.concat([Buffer.from([0x0f, 0xa1]), Buffer.from("done")]), { opcode: 8 }));
    expect(await harness.close()).toEqual({ kind: "close", code: 4001, reason: "done" });
  });

  it("tells 1006 when the socket goes without a close frame", async () => {
    const { harness, raw } = await pair();
    raw.destroy();
    expect(await harness.close()).toMatchObject({ code: 1006 });
    harness.say("into the void");
    harness.transport.mark(1);
    harness.transport.close(4000, "");
    harness.transport.terminate();
    harness.transport.pause();
    harness.transport.resume();
    expect(harness.events).toHaveLength(1);
  });

  it("tells 1006 when it is terminated", async () => {
    const { harness, raw } = await pair();
    harness.transport.terminate();
    await raw.ended();
    expect(await harness.close()).toMatchObject({ code: 1006 });
  });

  it("lets no error of the socket out", async () => {
    const { harness, raw } = await pair();
    harness.socket.destroy(new Error("reset"));
    harness.socket.emit("error", new Error("again"));
    expect(await harness.close()).toMatchObject({ code: 1006 });
    await raw.ended();
  });

  it.each([
    ["a reserved bit", clientFrame("x", { reserved: 4 }), 1002],
    ["a reserved opcode", clientFrame("x", { opcode: 3 }), 1002],
    ["a frame without a mask", clientFrame("x", { masked: false }), 1002],
    ["a fragmented control frame", clientFrame("x", { opcode: 9, final: false }), 1002],
    ["a control frame of 126 bytes", clientFrame("x".repeat(126), { opcode: 9 }), 1002],
    ["a continuation of nothing", clientFrame("x", { opcode: 0 }), 1002],
    ["text that is not UTF-8", clientFrame(new Uint8Array([0xc3, 0x28]), { opcode: 1 }), 1007],
    ["a message above the limit [WIRE-5]", clientFrame("x".repeat(1_001)), 1009],
    ["a length above 2^53", clientFrame("x", { claimedLength: 1n << 62n }), 1009],
  ])("closes on %s", async (_what, bytes, code) => {
    const { harness, raw } = await pair();
    raw.write(bytes);
    expect((await raw.closed()).code).toBe(code);
    expect(await harness.close()).toMatchObject({ code });
    expect(harness.events).toHaveLength(1);
  });

  it("tells at once that nothing more will come after an error, though the peer does not answer the close", async () => {
    const { harness, raw } = await pair();
    raw.write(clientFrame("x", { reserved: 4 }));
    expect(await harness.close()).toMatchObject({ code: 1002 });
    expect(harness.socket.destroyed).toBe(false);
    harness.say("late");
    expect((await raw.frame())?.opcode).toBe(8);
    expect(await raw.frame()).toBeUndefined();
    await raw.ended();
    expect(harness.events).toHaveLength(1);
  });

  it("can still be cut after its end was told", async () => {
    const { harness, raw } = await pair();
    raw.write(clientFrame("x", { reserved: 4 }));
    await harness.close();
    harness.transport.terminate();
    expect(harness.socket.destroyed).toBe(true);
    await raw.ended();
    expect(harness.events).toHaveLength(1);
  });

  it("takes a message at the limit [WIRE-5]", async () => {
    const { harness, raw } = await pair();
    raw.write(clientFrame("x".repeat(1_000)));
    await harness.until((events) => events.length === 1);
    expect(harness.events[0]).toMatchObject({ kind: "message" });
    raw.destroy();
  });

  it("is cut when more waits for its socket than may", async () => {
    maxUnsentBytes = 1 << 20;
    const { harness, raw } = await pair();
    raw.socket.pause();
    const piece = textFraming.frame(new Uint8Array(1 << 18));
    for (let count = 0; count < 256 && !harness.socket.destroyed; count += 1) {
      harness.transport.write([piece]);
      harness.transport.writeNow();
    }
    expect(harness.socket.destroyed).toBe(true);
    expect(await harness.close()).toMatchObject({ code: 1006 });
    raw.destroy();
  });

  it("writes over TLS what comes while a write is under way, which ends the process where it goes past the stream", async () => {
    const https = createHttpsServer(selfSigned);
    const port = await listen(https);
    const got = new Promise<Harness>((resolve) => (accepted = resolve));
    const client = new WebSocket(`wss://127.0.0.1:${port}/`, { ca: selfSigned.cert });
    const lengths: number[] = [];
    const all = new Promise<void>((resolve) =>
      client.on("message", (data: Buffer) => lengths.push(data.length) === 3 && resolve()),
    );
    const opened = new Promise((resolve) => client.on("open", resolve));
    const harness = await got;
    await opened;
    // More than the kernel takes from who is not read.
    const sent = [12 << 20, 1, 2];
    for (const length of sent)
      harness.transport.write([textFraming.frame(new Uint8Array(textFraming.headroomBytes + length))]);
    await all;
    expect(lengths).toEqual(sent);
    client.terminate();
    await harness.close();
    https.close();
  });
});
