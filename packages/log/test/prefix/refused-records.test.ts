import { describe, expect, it } from "vitest";
import { RefusedRecords } from "../../src/prefix/refused-records.ts";

describe("the records that did not count", () => {
  it("are all known up to the limit, and one past it lets the oldest eighth go", () => {
    const refused = new RefusedRecords(16);
    for (let offset = 1; offset <= 16; offset += 1) refused.add(offset * 10, offset);
    expect([refused.base, refused.has(10), refused.has(15)]).toEqual([0, true, false]);
    refused.add(170, 17);
    expect([refused.base, refused.has(20), refused.has(30), refused.has(170)]).toEqual([20, false, true, true]);
  });

  it("are given by slices, and forgotten with what the broker trims", () => {
    const refused = new RefusedRecords(16);
    for (let offset = 1; offset <= 6; offset += 1) refused.add(offset, offset % 3);
    expect(refused.toArray(1, 3)).toEqual([1, 1, 2, 2, 4, 1, 5, 2]);
    refused.forget(4);
    expect(refused.toArray(0, 1_024)).toEqual([5, 2, 6, 0]);
  });
});
