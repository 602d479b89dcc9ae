import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonCodec, protobufClientCodec, protobufCodec } from "@hawser/protocol";
import type { BatchFrame, Message, Payload } from "@hawser/protocol";
import { textsOf } from "../../src/channel/batch-text.ts";

const encoder = new TextEncoder();

/** The messages of a batch as they come over the wire: parts of one buffer. */
function received(payloads: readonly (Payload | undefined)[], epoch = 2 ** 50, time = 1_800_000_000_000) {
  const messages = payloads.map((payload, index): Message => {
    return { offset: index + 1, time: time + index * 77, payload, key: "", publisher: "ann" };
  });
  const frame: BatchFrame = {
    type: "batch",
    number: 1,
    generation: 1,
    epoch,
    from: 0,
    to: messages.length,
    messages,
    conflated: false,
  };
  const [decoded] = protobufClientCodec.decodeServer(protobufCodec.encode(frame));
  return (decoded as BatchFrame).messages;
}

const json = (value: unknown): Payload => ({ kind: "json", data: encoder.encode(JSON.stringify(value)) });
const texts = (messages: readonly Message[]): (string | undefined)[] => messages.map(textsOf(messages));

it("gives each message of a batch its text, decoded at once", () => {
  const long = { text: "x".repeat(300) };
  expect(texts(received([json({ a: 1 }), json("two"), json(long)]))).toEqual([
    '{"a":1}',
    '"two"',
    JSON.stringify(long),
  ]);
});

it("leaves out what is no JSON, holes, and batches with less or more than ASCII", () => {
  const bytes: Payload = { kind: "bytes", data: Uint8Array.of(1, 2, 3) };
  const text: Payload = { kind: "text", data: encoder.encode("text") };
  expect(texts(received([json(1), bytes, text, undefined, json(2)]))).toEqual([
    "1",
    undefined,
    undefined,
    undefined,
    "2",
  ]);
  expect(texts(received([json("one")]))).toEqual([undefined]);
  expect(texts(received([]))).toEqual([]);
  expect(texts(received([undefined, json(1), json(2)]))).toEqual([undefined, undefined, undefined]);
  expect(texts(received([json("ä"), json("one")]))).toEqual([undefined, undefined]);
  expect(texts([...received([json(1)]), ...received([json(2)])])).toEqual([undefined, undefined]);
});

it("leaves out a text that is not where the others are", () => {
  const line =
    '{"type":"batch","number":1,"from":0,"to":3,"messages":[{"offset":1,"json":1},{"offset":2,"json":[1,\r2]},{"offset":3,"json":3}]}';
  const [frame] = jsonCodec.decodeServer(encoder.encode(line));
  expect(texts((frame as BatchFrame).messages)).toEqual(["1", undefined, "3"]);
});

it("gives no other text than the message's own, whatever stands in the payloads and between them", () => {
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ unit: "grapheme" }).map((text) => encoder.encode(text)),
    fc.string().map((text) => encoder.encode(text)),
  );
  const payload = fc.record({ kind: fc.constant("json" as const), data });
  fc.assert(
    fc.property(
      fc.array(payload, { maxLength: 6 }),
      fc.maxSafeNat(),
      fc.nat({ max: 1e12 }),
      (payloads, epoch, time) => {
        const messages = received(payloads, epoch, time);
        for (const [index, found] of texts(messages).entries()) {
          if (found === undefined) continue;
          expect(found).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(messages[index]!.payload!.data));
        }
      },
    ),
  );
});
