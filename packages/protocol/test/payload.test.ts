import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCarriable, maxJsonDepth, messageCost, payloadOf } from "@hawser/protocol";
import { checkPayload } from "../src/payload.ts";
import { codeOf } from "./support/errors.ts";

const utf8 = new TextEncoder();

describe("messageCost", () => {
  it("is the length of the data plus 32, and 32 for a hole [SUB-10]", () => {
    expect(messageCost({ kind: "bytes", data: new Uint8Array(10) })).toBe(42);
    expect(messageCost({ kind: "text", data: utf8.encode("é") })).toBe(34);
    expect(messageCost(undefined)).toBe(32);
  });
});

describe("payloadOf", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

  it("takes what is nested as deep as a decoder takes it, and refuses one level more [WIRE-6]", () => {
    expect(isCarriable(payloadOf(nested(maxJsonDepth)))).toBe(true);
    expect(codeOf(() => payloadOf(nested(maxJsonDepth + 1)))).toBe("payload-invalid");
  });

  it("counts no brackets inside of strings, nor any that are closed", () => {
    const text = `${"[{".repeat(maxJsonDepth)}\\" " [[`;
    expect(isCarriable(payloadOf([text, { [text]: text }]))).toBe(true);
    expect(isCarriable(payloadOf(Array.from({ length: maxJsonDepth }, () => [{}, []])))).toBe(true);
  });

  it("agrees with the proof of a payload on how deep any value is [WIRE-6]", () => {
    const wrap = (value: unknown, objects: readonly boolean[]): unknown =>
      objects.reduce<unknown>((inner, isObject) => (isObject ? { "[\\": inner } : ["{", inner, "]"]), value);
    const around = { minLength: maxJsonDepth - 3, maxLength: maxJsonDepth + 1 };
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.array(fc.boolean(), around), (json, objects) => {
        const value = wrap(JSON.parse(json), objects);
        const data = utf8.encode(JSON.stringify(value));
        const carriable = isCarriable({ kind: "json", data });
        expect(codeOf(() => payloadOf(value))).toBe(carriable ? undefined : "payload-invalid");
      }),
      { numRuns: 200 },
    );
  });
});

describe("isCarriable", () => {
  it("takes any bytes, text that is UTF-8 and json that is JSON", () => {
    expect(isCarriable({ kind: "bytes", data: Uint8Array.of(0xff) })).toBe(true);
    expect(isCarriable({ kind: "text", data: Uint8Array.of(0xff) })).toBe(false);
    expect(isCarriable({ kind: "json", data: utf8.encode("{}") })).toBe(true);
    expect(isCarriable({ kind: "json", data: utf8.encode("{") })).toBe(false);
  });
});

describe("checkPayload", () => {
  it("shares the data when nothing has to change", () => {
    const data = utf8.encode('{"a": "\\n"}');
    expect(checkPayload("json", data).data).toBe(data);
  });

  it("makes spaces of line breaks in a copy [WIRE-7]", () => {
    const data = utf8.encode("[\r\n1]");
    expect(checkPayload("json", data).data).toEqual(utf8.encode("[  1]"));
    expect(data).toEqual(utf8.encode("[\r\n1]"));
  });

  it("agrees with JSON.parse and a strict decoder on every text [WIRE-6]", () => {
    const noise = fc.string({
      unit: fc.constantFrom(...'{}[]",:\\/ \n\t0123456789.-+eEtruefalsn\u00e9u'.split("")),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 3 }), noise), fc.nat(40), noise, (json, at, inserted) => {
        const text = json.slice(0, at) + inserted + json.slice(at + 1);
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        expect(codeOf(() => checkPayload("json", utf8.encode(text)))).toBe(parses ? undefined : "frame-malformed");
      }),
      { numRuns: 20_000 },
    );
  });

  it("agrees with a strict decoder on every sequence of bytes [WIRE-6]", () => {
    const strict = new TextDecoder("utf-8", { fatal: true });
    const lead = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xbf,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
      0x9f,
      0xa0,
      0x8f,
      0x90,
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(lead, { maxLength: 6 }), fc.array(fc.nat(255), { maxLength: 4 })), (values) => {
        const bytes = Uint8Array.from(values);
        const expected = codeOf(() => strict.decode(bytes)) === undefined;
        expect(isCarriable({ kind: "text", data: bytes })).toBe(expected);
      }),
      { numRuns: 20_000 },
    );
  });
});
