import { describe, expect, it } from "vitest";
import { EventDecoder } from "../../../src/transport/http/event-decoder.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (parts: readonly Uint8Array[]): string[] => parts.map((part) => new TextDecoder().decode(part));

describe("server-sent events", () => {
  it("give the lines of their data, however they come in pieces, and nothing of comments and other fields [HTTP-4]", () => {
    const stream = ': hello\n\ndata: {"a":"ä"}\ndata:{"b":2}\nid: 7\n\nevent: x\r\ndata: c\r\n\r\n';
    for (const size of [1, 2, 5, 100]) {
      const decoder = new EventDecoder(false, 1_000);
      const bytes = utf8(stream);
      const got: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) got.push(...decoder.push(bytes.subarray(at, at + size)));
      expect(textOf(got)).toEqual(['{"a":"ä"}\n{"b":2}\n', "c\n"]);
    }
  });

  it("give the bytes of base64, and no others", () => {
    const decoder = new EventDecoder(true, 1_000);
    expect(decoder.push(utf8("data: AAEC/w==\n\n"))).toEqual([Uint8Array.of(0, 1, 2, 255)]);
    expect(() => decoder.push(utf8("data: *\n\n"))).toThrow(/base64/);
  });

  it("are no longer than they may be", () => {
    const decoder = new EventDecoder(false, 20);
    expect(textOf(decoder.push(utf8("data: 45678901234\n\n")))).toEqual(["45678901234\n"]);
    expect(() => decoder.push(utf8("data: 45678901234567890"))).toThrow(/20 bytes/);
    const lines = new EventDecoder(false, 20);
    lines.push(utf8("data: 456789012\n"));
    expect(() => lines.push(utf8("data: 4567"))).toThrow(/20 bytes/);
  });
});
