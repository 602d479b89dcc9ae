import { constants, deflateRawSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clientFrame, RawSocket } from "../../packages/server/test/raw-socket.ts";
import { openTarget } from "./target.ts";
import type { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(() => target.close());
afterEach(() => target.bystander.roundTrip());

/** The close code that bytes on an upgraded connection are answered with. */
async function closeCodeOf(bytes: Uint8Array, subprotocol = "hawser.v1.json"): Promise<number> {
  const raw = await RawSocket.upgraded(target.url, subprotocol);
  raw.write(bytes);
  const { code } = await raw.closed();
  await raw.ended();
  return code;
}

const text = (bytes: readonly number[]): Buffer => clientFrame(Uint8Array.from(bytes), { opcode: 1 });

describe("frames that RFC 6455 forbids", () => {
  it.each<[string, Buffer, number]>([
    ["without a mask", clientFrame("{}", { masked: false }), 1002],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer, number] => [
      `with the reserved opcode ${opcode}`,
      clientFrame("x", { opcode }),
      1002,
    ]),
    ["with the first reserved bit", clientFrame("x", { reserved: 4 }), 1002],
    ["with the second reserved bit", clientFrame("x", { reserved: 2 }), 1002],
    ["with the third reserved bit", clientFrame("x", { reserved: 1 }), 1002],
    ["of control in fragments", clientFrame("x", { opcode: 9, final: false }), 1002],
    ["of close in fragments", clientFrame(Uint8Array.of(3, 232), { opcode: 8, final: false }), 1002],
    ["of control with 126 bytes", clientFrame("x".repeat(126), { opcode: 9 }), 1002],
    ["that continue nothing", clientFrame("x", { opcode: 0 }), 1002],
    [
      "that begin a message inside another",
      Buffer.concat([clientFrame("x", { final: false }), clientFrame("y")]),
      1002,
    ],
    ["of close with one byte", clientFrame(Uint8Array.of(3), { opcode: 8 }), 1002],
    ["of close with a code that none may send", clientFrame(Uint8Array.of(3, 237), { opcode: 8 }), 1002],
    ["of close with a reason that is not UTF-8", clientFrame(Uint8Array.of(3, 232, 0xff), { opcode: 8 }), 1007],
    ["of 2^63 bytes", clientFrame("x", { claimedLength: 1n << 63n }), 1009],
    ["of 2^53 bytes", clientFrame("x", { claimedLength: 1n << 53n }), 1009],
    ["of 1 MiB and a byte [WIRE-5]", clientFrame("x", { claimedLength: (1n << 20n) + 1n }), 1009],
    [
      "of 1 MiB and a byte in fragments [WIRE-5]",
      Buffer.concat([
        clientFrame(new Uint8Array(1 << 20).fill(0x20), { opcode: 1, final: false }),
        clientFrame("x", { opcode: 0 }),
      ]),
      1009,
    ],
  ])("%s close the connection", async (_what, bytes, code) => {
    expect(await closeCodeOf(bytes)).toBe(code);
  });

  it("that inflate from 1 MB to 1 GB are refused before anything is inflated, where compression was not agreed", async () => {
    // A mebibyte of zeros that ends at a byte, a thousand times: each repeats what the one before it said.
    const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
    const bomb = Buffer.concat(Array.from({ length: 1 << 10 }, () => block));
    expect(bomb.length).toBeLessThan(1_300_000);
    expect(await closeCodeOf(clientFrame(bomb, { reserved: 4 }), "hawser.v1")).toBe(1002);
  });

  it("of a million empty fragments close the connection before they have all been taken", async () => {
    const raw = await RawSocket.upgraded(target.url);
    raw.write(clientFrame("", { opcode: 1, final: false }));
    const thousand = Buffer.concat(
      Array.from({ length: 1_000 }, () => clientFrame(new Uint8Array(), { opcode: 0, final: false })),
    );
    for (let count = 0; count < 1_000 && !raw.socket.destroyed; count += 1) raw.write(thousand);
    expect((await raw.closed()).code).toBe(1008);
    raw.destroy();
  });

  it("of pings without end, whose pongs nobody reads, end with the connection and not with the memory", async () => {
    const raw = await RawSocket.upgraded(target.url);
    raw.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => clientFrame("p".repeat(125), { opcode: 9 })));
    const gone = new Promise<void>((resolve) => raw.socket.once("error", () => resolve()));
    const pump = (error?: Error | null): void => {
      if (error === undefined || error === null) raw.socket.write(pings, pump);
    };
    pump();
    await gone;
    while (target.server.connections > 1) await target.bystander.roundTrip();
    expect(target.server.connections).toBe(1);
    raw.destroy();
  });
});

describe("text that is not UTF-8", () => {
  it.each<[string, readonly number[]]>([
    ["a lone continuation", [0x80]],
    ["an overlong form", [0xc0, 0xaf]],
    ["an overlong NUL", [0xe0, 0x80, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["above the last character", [0xf4, 0x90, 0x80, 0x80]],
    ["cut off", [0x22, 0xe2, 0x82]],
    ["bytes that never occur", [0xff, 0xfe]],
  ])("%s closes with 1007", async (_what, bytes) => {
    expect(await closeCodeOf(text(bytes))).toBe(1007);
  });

  it("in the middle of two fragments closes with 1007", async () => {
    const [first, second] = [
      clientFrame(Uint8Array.of(0x22, 0xe2), { opcode: 1, final: false }),
      clientFrame(Uint8Array.of(0x28, 0xa1), { opcode: 0 }),
    ];
    expect(await closeCodeOf(Buffer.concat([first, second]))).toBe(1007);
  });
});

describe("bytes that mean nothing", () => {
  /** The same bytes each time (Marsaglia's xorshift). */
  function* noise(seed: number): Generator<number, never> {
    let state = seed;
    for (;;) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      yield state & 0xff;
    }
  }

  it("end their connection, or wait for more, four hundred times", async () => {
    const codes = new Set<number>();
    for (let seed = 1; seed <= 400; seed += 1) {
      const raw = await RawSocket.upgraded(target.url, seed % 2 === 0 ? "hawser.v1" : "hawser.v1.json");
      const source = noise(seed * 7_919);
      const bytes = Uint8Array.from({ length: 200 }, () => source.next().value);
      // Half of them are frames as they should be around what is none.
      raw.socket.end(seed % 4 < 2 ? bytes : clientFrame(bytes, { opcode: 2 - (seed % 2) }));
      codes.add((await raw.closed()).code);
      raw.destroy();
    }
    for (const code of codes) expect([1002, 1006, 1007, 1009, 4500, 4501]).toContain(code);
  });
});

describe("what is slow or strange, but allowed", () => {
  it("is a conversation in chunks of one byte", async () => {
    const raw = await RawSocket.upgraded(target.url);
    const said = Buffer.concat([
      clientFrame(JSON.stringify({ type: "connect" })),
      clientFrame("", { opcode: 9 }),
      clientFrame('{"type":"ping",', { final: false }),
      clientFrame("between", { opcode: 9 }),
      clientFrame('"nonce":7}', { opcode: 0 }),
    ]);
    for (const byte of said) raw.write(Uint8Array.of(byte));
    const types: unknown[] = [];
    while (!types.includes("pong")) types.push(...(await raw.message()).map((frame) => frame["type"]));
    expect(types).toEqual(["connected", "pong"]);
    raw.destroy();
  });

  it("is a message of some hundred fragments", async () => {
    const raw = await RawSocket.upgraded(target.url);
    const letters = [...JSON.stringify({ type: "connect", agent: "x".repeat(200) })];
    raw.write(
      Buffer.concat(
        letters.map((letter, index) =>
          clientFrame(letter, { opcode: index === 0 ? 1 : 0, final: index === letters.length - 1 }),
        ),
      ),
    );
    expect((await raw.message())[0]).toMatchObject({ type: "connected" });
    raw.destroy();
  });

  it("is a peer that goes without a word at any moment", async () => {
    const before = target.server.connections;
    const message = clientFrame(JSON.stringify({ type: "connect", token: "" }));
    await Promise.all(
      Array.from({ length: message.length }, async (_, length) => {
        const raw = await RawSocket.upgraded(target.url);
        raw.socket.write(message.subarray(0, length), () =>
          length % 2 === 0 ? raw.socket.resetAndDestroy() : raw.socket.end(),
        );
        await raw.ended();
      }),
    );
    await target.bystander.roundTrip();
    while (target.server.connections > before) await target.bystander.roundTrip();
    expect(target.server.connections).toBe(before);
  });
});
