import { describe, expect, it } from "vitest";
import { minimize } from "../../src/shrink/minimize.ts";

const numbers = Array.from({ length: 100 }, (_, index) => index);
const always = (): boolean => true;

describe("minimize", () => {
  it.each([[[17]], [[3, 98]], [[0, 50, 51, 99]], [[]]])("finds those that it takes: %j", async (needed) => {
    const fails = async (kept: readonly number[]): Promise<boolean> => needed.every((one) => kept.includes(one));
    expect(await minimize(numbers, fails, always)).toEqual(needed);
  });

  it("gives what it has when it may not go on", async () => {
    let runs = 0;
    const fails = async (kept: readonly number[]): Promise<boolean> => {
      runs += 1;
      return kept.includes(17);
    };
    const kept = await minimize(numbers, fails, () => runs < 3);
    expect(runs).toBe(3);
    expect(kept).toContain(17);
    expect(kept.length).toBeLessThan(100);
  });
});
