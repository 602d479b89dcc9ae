import { describe, expect, it } from "vitest";
import { Marks } from "../../src/transport/marks.ts";

describe("marks", () => {
  it("are confirmed by their own payload", () => {
    const marks = new Marks();
    const first = marks.issue(1);
    const second = marks.issue(2);
    expect(first).toHaveLength(8);
    expect(marks.confirm(first)).toBe(1);
    expect(marks.confirm(second)).toBe(2);
  });

  it("are confirmed with all before them when the peer answers the newest only", () => {
    const marks = new Marks();
    const payloads = [1, 2, 3].map((id) => marks.issue(id));
    expect(marks.confirm(payloads[2]!)).toBe(3);
    expect(marks.confirm(payloads[0]!)).toBeUndefined();
    expect(marks.confirm(payloads[1]!)).toBeUndefined();
  });

  it("are confirmed once", () => {
    const marks = new Marks();
    const payload = marks.issue(1);
    expect(marks.confirm(payload)).toBe(1);
    expect(marks.confirm(payload)).toBeUndefined();
  });

  it("cannot be guessed from those before", () => {
    const marks = new Marks();
    const seen = new Set(Array.from({ length: 200 }, (_, id) => marks.issue(id).toString("hex")));
    expect(seen.size).toBe(200);
    const numbered = Buffer.alloc(8);
    numbered.writeBigUInt64BE(1n);
    expect(marks.confirm(numbered)).toBeUndefined();
  });

  it("are not confirmed by a pong of another length", () => {
    const marks = new Marks();
    const payload = marks.issue(1);
    expect(marks.confirm(new Uint8Array())).toBeUndefined();
    expect(marks.confirm(payload.subarray(0, 7))).toBeUndefined();
    expect(marks.confirm(Buffer.concat([payload, payload]))).toBeUndefined();
  });
});
