import { describe, expect, it } from "vitest";
import { TurnTime } from "../../src/connection/turn-time.ts";

describe("the time of a turn", () => {
  it("is that of the turns of late", () => {
    const turn = new TurnTime();
    expect(turn.ms).toBe(0);
    for (let at = 0; at < 1_000; at += 20) turn.passed(at, at + 20);
    expect(turn.ms).toBeCloseTo(20, 2);
    for (let at = 1_000; at < 2_000; at += 20) turn.passed(at, at + 1);
    expect(turn.ms).toBeCloseTo(1, 2);
  });

  it("is little moved by one long turn alone", () => {
    const turn = new TurnTime();
    for (let at = 0; at < 1_000; at += 20) turn.passed(at, at + 1);
    turn.passed(1_000, 1_200);
    expect(turn.ms).toBeLessThan(55);
  });
});
