import { payloadOf, protobufCodec } from "@hawser/protocol";
import type { Entry } from "@hawser/log";
import { describe, expect, it } from "vitest";
import { BlockCache, encodeBlock } from "../../src/delivery/block.ts";
import { binaryFraming } from "../../src/transport/websocket-framing.ts";

const encoding = { codec: protobufCodec, framing: binaryFraming };
const key = { number: 1, generation: 1, epoch: 7 };
const entries = [1, 2, 3].map((offset): Entry => ({
  offset,
  time: 0,
  payload: payloadOf(`message ${offset}`),
  key: `key ${offset}`,
  publisher: "",
}));
const whole = { from: 0, to: 3, entries };
const conflated = { ...whole, entries: entries.slice(1), conflated: true };

describe("blocks that were made lately", () => {
  it("are found by those who stand at the same cursor", () => {
    const cache = new BlockCache(1_000);
    const block = encodeBlock(whole, key, encoding);
    cache.keep(block);
    expect(cache.find(whole, key, encoding)).toBe(block);
    expect(cache.find({ ...whole, to: 4 }, key, encoding)).toBeUndefined();
  });

  it("are found by those of whose run the same was left out, and by nobody of whose run more or less was [SUB-17]", () => {
    const cache = new BlockCache(1_000);
    cache.keep(encodeBlock(whole, key, encoding));
    expect(cache.find(conflated, key, encoding)).toBeUndefined();
    const block = encodeBlock(conflated, key, encoding);
    cache.keep(block);
    expect(cache.find({ ...conflated, entries: [...conflated.entries] }, key, encoding)).toBe(block);
    expect(cache.find({ ...conflated, entries: entries.slice(2) }, key, encoding)).toBeUndefined();
    expect(cache.find({ ...conflated, entries: entries.slice(0, 2) }, key, encoding)).toBeUndefined();
  });
});
