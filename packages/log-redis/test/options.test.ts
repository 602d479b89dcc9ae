import { describe, expect, it } from "vitest";
import { redisLog } from "@hawser/log-redis";
import { settingsOf } from "../src/options.ts";

describe("the options of the log in Redis", () => {
  it("promise memory and commit where nothing is said", () => {
    expect(redisLog().capabilities).toEqual({
      name: "redis",
      durabilities: ["memory", "commit"],
      deduplicates: true,
      history: "indexed",
      ephemeral: true,
    });
  });

  it.each([
    [{ maxGroupAppends: 4_096 }, { maxGroupAppends: 4_097 }],
    [{ appendWaitMs: 0 }, { appendWaitMs: -1 }],
    [{ replicas: 0 }, { replicas: 0.5 }],
    [{ feedBytes: 1 }, { feedBytes: 0 }],
    [{ prefix: "x".repeat(64) }, { prefix: "x".repeat(65) }],
    [{ prefix: "shop:live" }, { prefix: "shop{live}" }],
  ])("may be %j, and not %j", (right, wrong) => {
    expect(settingsOf(right)).toMatchObject(right);
    expect(() => settingsOf(wrong)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
