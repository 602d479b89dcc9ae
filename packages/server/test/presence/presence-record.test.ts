import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { decodeControl, decodeRoster, encodeControl, encodeRoster } from "../../src/presence/presence-record.ts";
import type { LeaseRecord, RosterRecord } from "../../src/presence/presence-record.ts";

const crowd = (count: number): LeaseRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    user: `user-${index}`,
    member: index.toString(16).padStart(24, "0"),
    generation: 1,
    state: '{"typing":false}',
  }));

describe("records of presence", () => {
  it("are read as they were written", () => {
    const entered = [{ user: "ann", member: "a", generation: 3, state: '{"n":1e400,"n":2}' }];
    const left = [{ user: "bob", member: "b", generation: 9 }];
    const [payload, ...more] = encodeControl({ instance: "one", entered, left });
    expect(more).toEqual([]);
    expect(decodeControl(payload)).toEqual({ instance: "one", entered, left });
    const records: RosterRecord[] = [
      { kind: "beat", instance: "one", node: "node-1", beat: 7 },
      { kind: "closing", instance: "one", graceMs: 10_000 },
      { kind: "ended", instance: "one", after: 7 },
    ];
    for (const record of records) expect(decodeRoster(encodeRoster(record))).toEqual(record);
  });

  it("are not read where nobody of ours wrote them", () => {
    for (const value of [null, 1, "x", [], {}, { by: 1, in: [], out: [] }, { by: "a", in: 1, out: [] }]) {
      expect(decodeControl(payloadOf(value))).toBeUndefined();
    }
    for (const value of [null, {}, { by: "a", kind: "beat", beat: 1 }, { by: "a", kind: "ended", after: -1 }]) {
      expect(decodeRoster(payloadOf(value))).toBeUndefined();
    }
    const bytes = { kind: "bytes", data: new Uint8Array(3) } as const;
    expect([decodeControl(bytes), decodeControl(undefined), decodeRoster(bytes)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(
      decodeControl(
        payloadOf({
          by: "a",
          in: [
            ["ann", "a", "1", "null"],
            ["bob", "b", 1],
          ],
          out: [[1, 2, 3]],
        }),
      ),
    ).toEqual({
      instance: "a",
      entered: [],
      left: [],
    });
  });

  it("are split above 64 KiB, with nothing left out", () => {
    const entered = crowd(10_000);
    const records = encodeControl({ instance: "one", entered, left: [] });
    expect(records.length).toBeGreaterThan(1);
    expect(Math.max(...records.map(({ data }) => data.byteLength))).toBeLessThanOrEqual(65_536);
    expect(records.flatMap((record) => decodeControl(record)?.entered ?? [])).toEqual(entered);
  });

  it("cost a node with 10,000 members under 100 bytes to show that they are there, and under 90 each to say who", () => {
    const beat = encodeRoster({ kind: "beat", instance: "0123456789abcdef", node: "node-1", beat: 123_456 });
    expect(beat.data.byteLength).toBeLessThan(100);
    const records = encodeControl({ instance: "0123456789abcdef", entered: crowd(10_000), left: [] });
    const bytes = records.reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(bytes).toBeLessThan(900_000);
  });
});
