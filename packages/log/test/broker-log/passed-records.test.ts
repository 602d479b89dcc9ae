import { describe, expect, it } from "vitest";
import { PassedRecords } from "../../src/broker-log/passed-records.ts";

describe("the records that were passed last", () => {
  it("are known by offset and identity, as many as may be, with holes between the offsets", () => {
    const passed = new PassedRecords(1_000);
    expect([passed.last, passed.oldest, passed.has(1, "1")]).toEqual([undefined, 0, false]);
    for (let index = 1; index <= 5_000; index += 1) passed.add(index * 3, `${index}`);
    expect(passed.last).toEqual({ offset: 15_000, id: "5000" });
    expect(passed.oldest).toBe(4_001 * 3);
    expect([...passed.offsets()]).toHaveLength(1_000);
    expect(passed.has(4_001 * 3, "4001")).toBe(true);
    expect(passed.has(4_000 * 3, "4000")).toBe(false);
    expect(passed.has(4_500 * 3, "4501")).toBe(false);
    expect(passed.has(4_500 * 3 + 1, "4500")).toBe(false);
  });
});
