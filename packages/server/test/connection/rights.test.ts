import { describe, expect, it } from "vitest";
import { Rights } from "../../src/connection/rights.ts";
import type { Authorize } from "../../src/core.ts";

/** Rights of ann, and how often the application was asked. */
function rightsOf(answer: () => boolean | Promise<boolean>): { rights: Rights; asked: () => number } {
  let asked = 0;
  const authorize: Authorize = () => {
    asked += 1;
    return answer();
  };
  return { rights: new Rights({ user: "ann" }, "session", authorize), asked: () => asked };
}

describe("what the application said of a right", () => {
  it("is remembered where it allowed", async () => {
    for (const answer of [() => true, async () => true]) {
      const { rights, asked } = rightsOf(answer);
      expect(await rights.may("publish", "chat")).toBe(true);
      expect(rights.may("publish", "chat")).toBe(true);
      expect(asked()).toBe(1);
    }
  });

  it("is asked for anew where it forbade, so that a right which is given counts at once", async () => {
    let allowed = false;
    for (const answer of [() => allowed, async () => allowed]) {
      allowed = false;
      const { rights, asked } = rightsOf(answer);
      expect(await rights.may("subscribe", "chat")).toBe(false);
      allowed = true;
      expect(await rights.may("subscribe", "chat")).toBe(true);
      expect(asked()).toBe(2);
    }
  });

  it("is asked for once by all who ask while it is on its way", async () => {
    const { rights, asked } = rightsOf(async () => false);
    expect(await Promise.all([rights.may("publish", "chat"), rights.may("publish", "chat")])).toEqual([false, false]);
    expect(asked()).toBe(1);
  });
});
