import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/core.ts";
import { BlockCache, encodeBlock } from "../../src/delivery/block.ts";
import { Compression } from "../../src/delivery/compression.ts";
import { zlibDeflate } from "../../src/transport/deflate.ts";
import { binaryFraming, textFraming } from "../../src/transport/websocket-framing.ts";
import { jsonCodec, publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";
import type { TestNodeOptions } from "../support/test-node.ts";
import { protobufCodec } from "@hawser/protocol";
import type { Entry } from "@hawser/log";
import { inflated } from "./inflated.ts";

const window = 32_768;
const deflate = zlibDeflate(1);
const words = (bytes: number): string => "the quick brown fox ".repeat(Math.ceil(bytes / 20)).slice(0, bytes);

/** A node that compresses, with a publisher; what it compressed is counted. */
async function start(options: TestNodeOptions = {}) {
  const compressed: [number, number][] = [];
  const counting = (message: Uint8Array): Uint8Array => {
    const result = deflate(message);
    compressed.push([message.length, result.length]);
    return result;
  };
  const world = await startNode({ deflate: counting, ...options });
  const publisher = await world.client().connect("bob");
  let id = 1;
  return {
    ...world,
    compressed,
    publisher,
    say: (value: unknown, channel = "news") => publisher.ask(publish(id++, channel, value)),
    reader: async (windowBytes: number, codec = protobufCodec) => {
      const client = await world.client(codec, {}, windowBytes).connect();
      await client.ask(subscribe("news"));
      return client;
    },
  };
}

describe("a block of messages", () => {
  it("is compressed once for all who inflate, and goes as it is to the others", async () => {
    const { say, reader, compressed } = await start();
    const inflating = await Promise.all([reader(window), reader(window), reader(window)]);
    const plain = await reader(0);
    await say(words(4_000));
    for (const client of [...inflating, plain]) expect(valuesOf(await client.frames())).toEqual([words(4_000)]);
    expect(compressed).toHaveLength(1);
    expect(plain.transport.deflated).toEqual([]);
    const pieces = inflating.flatMap(({ transport }) => transport.deflated);
    expect(pieces).toHaveLength(3);
    expect(new Set(pieces).size).toBe(1);
    expect(pieces[0]!.length).toBeLessThan(400);
  });

  it("is compressed once for each codec", async () => {
    const { say, reader, compressed } = await start();
    const readers = [await reader(window), await reader(window, jsonCodec), await reader(window, jsonCodec)];
    await say(words(4_000));
    for (const client of readers) expect(valuesOf(await client.frames())).toEqual([words(4_000)]);
    expect(compressed).toHaveLength(2);
  });

  it("is compressed from the least size on, and up to the greatest", async () => {
    const { say, reader, compressed } = await start();
    const client = await reader(window);
    await say(words(3_000));
    const [[bytes]] = compressed as [[number, number]];
    expect(valuesOf(await client.frames())).toHaveLength(1);

    for (const [limits, count] of [
      [{ minDeflateBytes: bytes }, 1],
      [{ minDeflateBytes: bytes + 1 }, 0],
      [{ maxDeflateBytes: bytes }, 1],
      [{ maxDeflateBytes: bytes - 1 }, 0],
    ] as const) {
      const other = await start({ limits });
      const one = await other.reader(window);
      await other.say(words(3_000));
      expect(valuesOf(await one.frames())).toEqual([words(3_000)]);
      expect(other.compressed).toHaveLength(count);
    }
  });

  it("goes as it is where compressing does not make it shorter, and that is found out once", async () => {
    const told: [number, number][] = [];
    const observer = { ...silentObserver, deflated: (from: number, to: number) => void told.push([from, to]) };
    const { say, reader, compressed } = await start({ observer });
    const readers = [await reader(window), await reader(window)];
    // Output of a hash, again and again, is as good as random.
    let noise = Buffer.from("seed");
    while (noise.length < 3_000) noise = Buffer.concat([createHash("sha512").update(noise).digest(), noise]);
    await say(new Uint8Array(noise));
    for (const client of readers) {
      expect(valuesOf(await client.frames())).toHaveLength(1);
      expect(client.transport.deflated).toEqual([]);
    }
    expect(compressed).toHaveLength(1);
    expect(told).toEqual([[compressed[0]![0], compressed[0]![0]]]);
  });

  it("of a channel that is not to be compressed is not", async () => {
    const { say, reader, compressed } = await start({ policy: { compress: false } });
    const client = await reader(window);
    await say(words(4_000));
    expect(valuesOf(await client.frames())).toHaveLength(1);
    expect(compressed).toEqual([]);
  });

  it("that is longer than the peer's window goes as it is", async () => {
    const { say, reader, compressed } = await start({ limits: { minDeflateBytes: 100 } });
    const small = await reader(512);
    const large = await reader(window);
    await say(words(300));
    expect([small.transport.deflated.length, large.transport.deflated.length]).toEqual([1, 1]);
    await say(words(600));
    expect([small.transport.deflated.length, large.transport.deflated.length]).toEqual([1, 2]);
    await say(words(60_000));
    expect([small.transport.deflated.length, large.transport.deflated.length]).toEqual([1, 3]);
    for (const client of [small, large]) expect(valuesOf(await client.frames())).toHaveLength(3);
    expect(compressed).toHaveLength(3);
  });

  it("is the only thing that is compressed: what answers a client never is [WIRE-13]", async () => {
    const { reader, say, compressed } = await start();
    await say(words(4_000));
    await say(words(4_000));
    const client = await reader(window);
    const position = undefined;
    const [page] = await client.ask({ type: "history", id: 9, channel: "news", position, limit: 10, backward: false });
    expect(page).toMatchObject({ type: "page", messages: [{}, {}] });
    expect(client.transport.deflated).toEqual([]);
    expect(compressed).toEqual([]);
  });

  it("counts by what is written of it: as much is under way as the path carries", async () => {
    const { say, reader } = await start();
    const client = await reader(window);
    client.transport.confirms = false;
    for (let count = 0; count < 40; count += 1) await say(words(40_000));
    // 1.6 MB of messages in a window of 256 KiB.
    expect(client.transport.deflated.length).toBe(40);
    expect(valuesOf(await client.frames())).toHaveLength(40);
  });
});

describe("the blocks that a channel keeps", () => {
  const entry = (offset: number, text: string): Entry => ({
    offset,
    time: 1,
    payload: { kind: "text", data: new TextEncoder().encode(text) },
    key: "",
    publisher: "",
  });
  const key = { number: 1, generation: 1, epoch: 1 };
  const compression = new Compression({
    deflate,
    minDeflateBytes: 100,
    maxDeflateBytes: 1_000_000,
    onDeflated: () => {},
  });

  it("take no more memory than they may, compressed forms and all", () => {
    const encoding = { codec: protobufCodec, framing: binaryFraming };
    const blocks = [0, 1, 2].map((from) =>
      encodeBlock({ from, to: from + 1, entries: [entry(from + 1, words(1_000))] }, key, encoding),
    );
    const cache = new BlockCache(2 * blocks[0]!.bytes.length + 100, compression);
    for (const block of blocks.slice(0, 2)) cache.keep(block);
    const found = (index: number) => cache.find({ from: index, to: index + 1, entries: [] }, key, encoding);
    expect([found(0), found(1)]).toEqual(blocks.slice(0, 2));
    expect(cache.bytesOf(blocks[1]!, window)).not.toBe(blocks[1]!.bytes);
    expect(cache.bytesOf(blocks[0]!, window)).not.toBe(blocks[0]!.bytes);
    // The second form was too much: the oldest block has left.
    expect([found(0), found(1)]).toEqual([undefined, blocks[1]]);
    cache.drop(0, 3);
    expect(cache.bytes).toBe(0);
  });

  it("compress only what they keep", () => {
    const encoding = { codec: protobufCodec, framing: binaryFraming };
    const block = encodeBlock({ from: 0, to: 1, entries: [entry(1, words(1_000))] }, key, encoding);
    expect(new BlockCache(1_000_000, compression).bytesOf(block, window)).toBe(block.bytes);
  });

  it("inflate to what they were, whatever is in them", () => {
    const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 100 }), fc.constantFrom(words(500), words(7_000)));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), fc.boolean(), (texts, binary) => {
        const encoding = binary
          ? { codec: protobufCodec, framing: binaryFraming }
          : { codec: jsonCodec, framing: textFraming };
        const cache = new BlockCache(10_000_000, compression);
        const entries = texts.map((value, index) => entry(index + 1, value));
        const block = encodeBlock({ from: 0, to: entries.length, entries }, key, encoding);
        cache.keep(block);
        const bytes = cache.bytesOf(block, window);
        if (bytes === block.bytes) return;
        expect(bytes.length).toBeLessThan(block.bytes.length);
        const [own, plain] = [inflated(bytes), inflated(block.bytes)];
        expect(own.opcode).toBe(plain.opcode);
        expect(own.message.equals(plain.message)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
