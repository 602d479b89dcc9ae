import { expect, it } from "vitest";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Frame } from "@hawser/protocol";

const frames: Frame[] = [
  { type: "batch", number: 3, generation: 1, epoch: 77, from: 10, to: 15, conflated: false, messages: [
    { offset: 12, time: 1700000000000, payload: { kind: "json", data: new TextEncoder().encode('{"a": 1}') }, key: "k", publisher: "ann" },
    { offset: 15, time: 1699999999000, payload: undefined, key: "", publisher: "" },
  ] },
  { type: "published", id: 1, position: { epoch: 2 ** 52, offset: 5 }, duplicate: true },
  { type: "move", deadlineMs: 1, delayMs: 2, endpoints: ["", "ä"], reason: "" },
];
it("both codecs give back what they were given", () => {
  for (const codec of [protobufCodec, jsonCodec]) {
    for (const frame of frames) expect(codec.decodeServer(codec.encode(frame))).toEqual([frame]);
  }
});
