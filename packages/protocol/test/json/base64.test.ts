import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "../../src/json/base64.ts";
import { codeOf } from "../support/errors.ts";

describe("base64", () => {
  it("is that of RFC 4648, section 4, both ways", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
  });

  it("has one text for each sequence of bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ABCDwxyz0189+/=-_ \n".split("")), maxLength: 8 }), (text) => {
        const accepted = codeOf(() => decodeBase64(text)) === undefined;
        expect(accepted).toBe(Buffer.from(text, "base64").toString("base64") === text);
      }),
      { numRuns: 5000 },
    );
  });
});
