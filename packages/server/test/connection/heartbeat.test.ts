import { describe, expect, it } from "vitest";
import { judgePulse } from "../../src/connection/heartbeat.ts";

const heartbeatMs = 100;
const judge = (heardAt: number, waitingSince: number | undefined, now: number): string =>
  judgePulse({ heardAt, waitingSince }, heartbeatMs, now);

describe("the judgement of a pulse", () => {
  it("is well for less than a heartbeat of silence, and asks after it", () => {
    expect(judge(0, undefined, 99)).toBe("well");
    expect(judge(0, undefined, 100)).toBe("ask");
  });

  it("asks once: while an answer is owed it waits", () => {
    expect(judge(0, 50, 149)).toBe("well");
  });

  it("is dead after two heartbeats of silence, asked or not", () => {
    expect(judge(0, 100, 199)).toBe("well");
    expect(judge(0, 100, 200)).toBe("dead");
    expect(judge(0, undefined, 200)).toBe("dead");
  });

  it("is dead when an answer is owed for two heartbeats, though other things were heard", () => {
    expect(judge(290, 100, 299)).toBe("well");
    expect(judge(299, 100, 300)).toBe("dead");
  });
});
