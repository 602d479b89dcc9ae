import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { JsonPayloads } from "../src/load/json-payloads.ts";

const payloads = new JsonPayloads(600);

describe("JSON payloads", () => {
  it("are JSON of one length, no two alike, and are known again", () => {
    const texts = new Set<string>();
    for (let number = 1; number <= 2_000; number += 1) {
      const text = payloads.of({ channel: 7, number });
      texts.add(text);
      expect(Buffer.byteLength(text)).toBe(600);
      expect(JSON.parse(text)).toMatchObject({ number: String(number).padStart(10, "0"), channel: "00007" });
      const bytes = Buffer.from(`__${text}__`);
      expect(payloads.channelAt(bytes, 2, bytes.length)).toBe(7);
      expect(payloads.read(bytes, 2, bytes.length - 2)).toEqual({ channel: 7, number });
    }
    expect(texts.size).toBe(2_000);
  });

  it("are looked at to the last byte", () => {
    const bytes = Buffer.from(payloads.of({ channel: 7, number: 3 }));
    for (const index of [0, 12, 200, 599]) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1;
      expect(() => payloads.read(changed, 0, changed.length)).toThrow("not a payload");
    }
  });

  it("shrink as text does, not as one letter again and again", () => {
    const { length } = deflateRawSync(payloads.of({ channel: 7, number: 3 }));
    expect(length).toBeGreaterThan(250);
    expect(length).toBeLessThan(420);
  });
});
