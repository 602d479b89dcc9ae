import { describe, expect, it } from "vitest";
import { runExample } from "./example-process.ts";

describe("npm run example -- worker", () => {
  it("has each order's effect once and in order, although it is killed with -9 six times", async () => {
    const { code, out } = await runExample("worker");
    expect(out).toContain("400 orders are in the channel.");
    const kills = [...out.matchAll(/^start \d: .*killed with -9 after invoice (\d+)$/gm)].map((match) =>
      Number(match[1]),
    );
    expect(kills).toHaveLength(6);
    expect(kills).toEqual(kills.toSorted((one, other) => one - other));
    expect(out).toMatch(/^start 7: went on behind invoice \d+.*, all orders done$/m);
    expect(out).toContain("400 orders, 400 invoices, 6 kills: each order once, in order.");
    expect(code).toBe(0);
  });
});
