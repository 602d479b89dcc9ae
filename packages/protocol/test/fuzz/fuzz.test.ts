import { describe, expect, it } from "vitest";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
import { codeOf } from "../support/errors.ts";
import { fuzz } from "./fuzz.ts";

describe("the decoders", () => {
  it("answer 20,000 mutated messages with frames or a typed error [WIRE-3]", () => {
    const report = fuzz(20_000, 1);
    expect(report.failures).toEqual([]);
    expect(report.inputs).toBe(20_000);
    for (const outcome of ["frames", "frame-malformed", "frame-unexpected"]) {
      expect(report.outcomes[outcome]).toBeGreaterThan(100);
    }
  });

  it.each([
    "[",
    '{"a":',
    '{"type":"ping","x":[',
    '{"type":"publish","channel":"c","json":[',
    '{"type":"batch","messages":[{"json":[',
  ])("refuse a message of a megabyte that opens %s without end [WIRE-6]", (start) => {
    const message = new TextEncoder().encode(start + "[".repeat(1_000_000));
    expect(codeOf(() => jsonCodec.decodeClient(message))).toBe("frame-malformed");
    const closed = new TextEncoder().encode(`${start}${"[".repeat(500_000)}${"]".repeat(500_000)}`);
    expect(codeOf(() => jsonCodec.decodeClient(closed))).toBe("frame-malformed");
  });

  it("refuse a length that the message does not back, before taking memory for it [WIRE-3]", () => {
    const promise = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x12);
    expect(codeOf(() => protobufCodec.decodeClient(promise))).toBe("frame-malformed");
  });
});
