import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeAnswer, encodeAnswer, encodeEntriesHeader } from "../../src/wire/answers.ts";
import type { Answer } from "../../src/wire/answers.ts";
import { EntryBlocks } from "../../src/wire/entry-blocks.ts";
import { appendBound, entryBound, maxAppendsPerFrame } from "../../src/wire/log-values.ts";
import { decodeRequest, encodeRequest, maxHelloBytes } from "../../src/wire/requests.ts";
import type { Request } from "../../src/wire/requests.ts";
import { WireError } from "../../src/wire/wire-error.ts";

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const id = count;
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const data = fc.uint8Array({ maxLength: 60 }).map((bytes) => new Uint8Array(bytes));
const payload = fc.record({ kind: fc.constantFrom("bytes", "text", "json"), data });
const entry = fc.record({
  offset: count,
  time: fc.double({ noNaN: true }),
  payload: fc.option(payload, { nil: undefined }),
  key: text,
  publisher: text,
});
const shortText = fc.string({ maxLength: 20 });
const large = fc.record({
  offset: count,
  time: fc.constant(1.5),
  payload: fc.record({
    kind: fc.constantFrom("bytes", "text", "json"),
    data: fc.uint8Array({ maxLength: 600 }).map((bytes) => new Uint8Array(bytes)),
  }),
  key: shortText,
  publisher: shortText,
});
const append = fc.record({
  channel: text,
  producer: text,
  sequence: count,
  previous: count,
  payload,
  key: text,
  publisher: text,
});
const outcome = fc.oneof(
  fc.record({ kind: fc.constant("accepted"), epoch: count, offset: count }),
  fc.record({ kind: fc.constant("duplicate"), epoch: count, offset: count }),
  fc.record({ kind: fc.constant("out-of-order"), last: count }),
  fc.record({ kind: fc.constant("producer-unknown") }),
  fc.record({ kind: fc.constant("failed"), code: fc.constantFrom("log-unavailable", "log-full"), message: text }),
);
const interval = fc.record({ from: count, to: count });
const lineage = fc.array(fc.record({ epoch: count, start: count }), { maxLength: 5 });
const head = fc.record({ epoch: count, floor: count, end: count, lineage });
const failure = { code: text, message: text, retry: fc.boolean() };
const capabilities = fc.record({
  name: text,
  durabilities: fc.subarray(["memory", "commit", "flush"]),
  deduplicates: fc.boolean(),
  history: fc.constantFrom("indexed", "scan", "none"),
  ephemeral: fc.boolean(),
});
const page = fc.record({
  epoch: count,
  floor: count,
  interval,
  entries: fc.array(entry, { maxLength: 5 }),
  more: fc.boolean(),
});

const requests = fc.oneof(
  fc.record({ type: fc.constant("hello"), version: count, maxFrameBytes: count }),
  fc.record({ type: fc.constant("append"), id, appends: fc.array(append, { maxLength: 5 }) }),
  fc.record({ type: fc.constant("head"), id, channel: text }),
  fc.record({
    type: fc.constantFrom("read", "read-backward"),
    id,
    channel: text,
    at: count,
    options: fc.record({ maxCount: count.map((value) => value || 1), maxBytes: count }),
  }),
  fc.record({
    type: fc.constant("follow"),
    id,
    channel: text,
    resume: fc.option(fc.record({ epoch: count, offset: count }), { nil: undefined }),
  }),
  fc.record({ type: fc.constant("unfollow"), id }),
  fc.record({ type: fc.constant("ping") }),
) as fc.Arbitrary<Request>;

const answers = fc.oneof(
  fc.record({ type: fc.constant("welcome"), maxFrameBytes: count, capabilities }),
  fc.record({ type: fc.constant("refused"), ...failure }),
  fc.record({ type: fc.constant("outcomes"), id, outcomes: fc.array(outcome, { maxLength: 5 }) }),
  fc.record({ type: fc.constant("head"), id, head }),
  fc.record({ type: fc.constant("page"), id, page }),
  fc.record({ type: fc.constant("failed"), id, ...failure }),
  fc.record({ type: fc.constant("floor"), id, floor: count }),
  fc.record({ type: fc.constant("epoch"), id, head }),
  fc.record({ type: fc.constant("available"), id, available: fc.boolean() }),
  fc.record({ type: fc.constant("pong") }),
) as fc.Arbitrary<Exclude<Answer, { type: "entries" }>>;

it("reads each request as it was written", () => {
  fc.assert(
    fc.property(requests, (request) => {
      expect(decodeRequest(bodyOf(encodeRequest(request)))).toEqual(request);
    }),
  );
});

it("reads each answer as it was written", () => {
  fc.assert(
    fc.property(answers, (answer) => {
      expect(decodeAnswer(bodyOf(encodeAnswer(answer)))).toEqual(answer);
    }),
  );
});

it("reads the blocks of an interval as the entries that they are, each inside its part of the interval", () => {
  const property = fc.property(
    fc.array(large, { maxLength: 20 }),
    interval,
    fc.integer({ min: 300, max: 600 }),
    (given, all, limit) => {
      const blocks = new EntryBlocks(given, all, limit);
      const read: unknown[] = [];
      let at = all.from;
      for (let index = 0, block = blocks.at(0); block !== undefined; index += 1, block = blocks.at(index)) {
        const frame = Buffer.concat([encodeEntriesHeader(7, block), block.bytes]);
        const answer = decodeAnswer(bodyOf(frame));
        expect(answer).toMatchObject({ type: "entries", id: 7, interval: { from: at } });
        if (answer.type !== "entries") continue;
        at = answer.interval.to;
        read.push(...answer.entries);
      }
      expect(at).toBe(all.to);
      expect(read).toEqual(given.map((each) => (entryBound(each) <= limit ? each : { ...each, payload: undefined })));
    },
  );
  fc.assert(property);
});

it("takes no more room than was reckoned, and outcomes of a whole frame fit into the smallest one", () => {
  fc.assert(
    fc.property(append, (given) => {
      const size = encodeRequest({ type: "append", id: 1, appends: [given] }).byteLength;
      expect(size).toBeLessThanOrEqual(appendBound(given) + 32);
    }),
  );
  const outcomes = Array.from({ length: maxAppendsPerFrame }, () => ({
    kind: "failed" as const,
    code: "log-full" as const,
    message: "\u{ffff}".repeat(1_000),
  }));
  expect(encodeAnswer({ type: "outcomes", id: 1, outcomes }).byteLength).toBeLessThan(64 * 1024);
  const hello: Request = { type: "hello", version: Number.MAX_SAFE_INTEGER, maxFrameBytes: Number.MAX_SAFE_INTEGER };
  expect(encodeRequest(hello).byteLength).toBeLessThan(maxHelloBytes);
});

it("throws a WireError, and nothing else, for bytes that are no frame", () => {
  const decoders = [decodeRequest, decodeAnswer];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...decoders), (bytes, decode) =>
      tolerates(decode, bytes),
    ),
    { numRuns: 20_000 },
  );
});

it("throws a WireError, and nothing else, for frames that were cut or changed", () => {
  const frames = fc.oneof(
    requests.map((request) => ({ bytes: bodyOf(encodeRequest(request)), decode: decodeRequest })),
    answers.map((answer) => ({ bytes: bodyOf(encodeAnswer(answer)), decode: decodeAnswer })),
  );
  const property = fc.property(
    frames,
    fc.nat(),
    fc.nat(),
    fc.integer({ min: 0, max: 255 }),
    ({ bytes, decode }, cut, at, value) => {
      tolerates(decode, bytes.subarray(0, cut % (bytes.byteLength + 1)));
      const changed = Uint8Array.from(bytes);
      changed[at % bytes.byteLength] = value;
      tolerates(decode, changed);
    },
  );
  fc.assert(property, { numRuns: 5_000 });
});

it("makes no room for a length or a count that was only announced", () => {
  const huge = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f);
  for (const type of [2, 3, 4, 6, 66, 68, 69, 70, 73]) {
    for (const decode of [decodeRequest, decodeAnswer]) {
      expect(() => decode(Uint8Array.of(type, 1, 1, 1, 1, ...huge))).toThrow(WireError);
    }
  }
});

function tolerates(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
  }
}

function bodyOf(frame: Uint8Array): Uint8Array {
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  expect(length).toBe(frame.byteLength - 4);
  return frame.subarray(4);
}
