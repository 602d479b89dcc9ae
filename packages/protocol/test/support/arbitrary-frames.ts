import fc from "fast-check";
import type { ClientFrame, Frame, Message, Payload, ServerFrame } from "@hawser/protocol";
import { frameTable } from "../../src/frame-table.ts";
import type { FieldKind, FrameShape } from "../../src/frame-table.ts";

const utf8 = new TextEncoder();

/** Small numbers as often as those that need 8 bytes. */
const uint = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat());
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }));
const time = fc.oneof(
  fc.nat(2_000_000_000_000),
  fc.maxSafeNat().map((value) => Math.floor(value / 2)),
);
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "binary", maxLength: 80 }));
const bytes = fc.uint8Array({ maxLength: 40 });

/** Payloads as both codecs carry them unchanged: JSON without line breaks, and without white space around it. */
const arbitraryPayload: fc.Arbitrary<Payload> = fc.oneof(
  bytes.map((data): Payload => ({ kind: "bytes", data })),
  text.map((value): Payload => ({ kind: "text", data: utf8.encode(value) })),
  fc
    .tuple(fc.json({ maxDepth: 3 }), fc.constantFrom("", " ", "\t  "))
    .map(([json, space]): Payload => ({ kind: "json", data: utf8.encode(`[${space}${json}${space}]`) })),
);

const arbitraryMessages = fc
  .tuple(
    fc.maxSafeNat().map((value) => Math.floor(value / 2)),
    fc.array(
      fc.tuple(
        fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 ** 40 })),
        time,
        arbitraryPayload,
        fc.boolean(),
        text,
        text,
      ),
      { maxLength: 6 },
    ),
    fc.nat(1000),
  )
  .map(([from, drafts, behind]) => {
    let offset = from;
    const messages = drafts.map(([step, at, payload, hole, key, publisher]): Message => {
      offset += step;
      return { offset, time: at, payload: hole ? undefined : payload, key, publisher };
    });
    return { from, to: offset + behind, messages };
  });

function arbitraryField(kind: FieldKind): fc.Arbitrary<unknown> {
  switch (kind) {
    case "uint":
      return uint;
    case "uint32":
      return uint32;
    case "bool":
      return fc.boolean();
    case "string":
      return text;
    case "strings":
      return fc.array(text, { maxLength: 4 });
    case "bytes":
      return bytes;
    case "reset":
      return fc.constantFrom("", "truncated", "unknown", "ahead", "trimmed");
    case "position":
      return fc.option(fc.record({ epoch: fc.maxSafeNat().map((value) => Math.max(value, 1)), offset: uint }), {
        nil: undefined,
      });
    case "interval":
      return fc.option(
        fc.tuple(uint, uint).map(([one, other]) => ({ from: Math.min(one, other), to: Math.max(one, other) })),
        { nil: undefined },
      );
    case "payload":
      return arbitraryPayload;
    case "messages":
      return fc.constant([]);
  }
}

/** Any frame of a type, with what PUB-8 and WIRE-10 ask of it. */
function arbitraryFrame(type: Frame["type"]): fc.Arbitrary<Frame> {
  const shape: FrameShape = frameTable[type];
  const fields = Object.fromEntries(Object.entries(shape.fields).map(([name, kind]) => [name, arbitraryField(kind)]));
  return fc
    .tuple(fc.record({ type: fc.constant(type), ...fields }), arbitraryMessages, fc.boolean())
    .map(([frame, interval, chained]) => {
      if (type === "batch" || type === "page") return { ...frame, ...interval } as unknown as Frame;
      if (type !== "publish") return frame as unknown as Frame;
      const producer = chained ? new Uint8Array(16).fill(7) : new Uint8Array(0);
      const previous = chained ? interval.from : 0;
      return { ...frame, producer, previous, sequence: chained ? previous + 1 : 0 } as unknown as Frame;
    });
}

function typesFrom(sender: "client" | "server"): Frame["type"][] {
  const types = Object.keys(frameTable) as Frame["type"][];
  return types.filter((type) => frameTable[type].from === sender || frameTable[type].from === "either");
}

export const arbitraryClientFrame = fc.oneof(...typesFrom("client").map(arbitraryFrame)) as fc.Arbitrary<ClientFrame>;
export const arbitraryServerFrame = fc.oneof(...typesFrom("server").map(arbitraryFrame)) as fc.Arbitrary<ServerFrame>;
