import { describe, expect, it } from "vitest";
import { channelRecordAt, headOf } from "../../src/values/heads.ts";

describe("the head of a channel", () => {
  it("is read from what the script answers, three values for each", () => {
    const results = ["5", "2", "10:0", "7", "7", ""].map((text) => Buffer.from(text));
    expect(channelRecordAt(results, 1)).toEqual({ end: 7, floor: 7, starts: "" });
  });

  it("begins every epoch in which nothing was appended where the next one did, and the newest at the end", () => {
    const { lineage, epoch } = headOf({ end: 9, floor: 0, starts: "10:0 30:4" }, [10, 20, 30, 40]);
    expect(epoch).toBe(40);
    expect(lineage).toEqual([
      { epoch: 10, start: 0 },
      { epoch: 20, start: 4 },
      { epoch: 30, start: 4 },
      { epoch: 40, start: 9 },
    ]);
  });

  it("of a channel that never had an entry has every epoch begin at 0", () => {
    expect(headOf({ end: 0, floor: 0, starts: "" }, [10, 20]).lineage).toEqual([
      { epoch: 10, start: 0 },
      { epoch: 20, start: 0 },
    ]);
  });

  it("leaves out epochs older than the oldest whose start is still known, unless nothing was before it", () => {
    expect(headOf({ end: 9, floor: 0, starts: "20:3" }, [10, 20]).lineage).toEqual([{ epoch: 20, start: 3 }]);
    expect(headOf({ end: 9, floor: 0, starts: "20:0" }, [10, 20]).lineage).toEqual([
      { epoch: 10, start: 0 },
      { epoch: 20, start: 0 },
    ]);
  });
});
