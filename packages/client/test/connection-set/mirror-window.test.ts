import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MirrorWindow } from "../../src/connection-set/mirror-window.ts";

describe("the window of a mirror", () => {
  it("knows a copy up to its bound of messages, and not one further", () => {
    const window = new MirrorWindow({ windowMessages: 3, windowMs: 1_000 });
    for (const key of [1, 2, 3]) expect(window.isFirst(key, 0)).toBe(true);
    expect(window.isFirst(1, 0)).toBe(false);
    expect(window.isFirst(4, 0)).toBe(true);
    expect(window.isFirst(2, 0)).toBe(false);
    expect(window.isFirst(1, 0)).toBe(true);
  });

  it("knows a copy until its time is over, and not a moment longer", () => {
    const window = new MirrorWindow({ windowMessages: 10, windowMs: 1_000 });
    expect(window.isFirst("a", 5)).toBe(true);
    expect(window.isFirst("a", 1_004)).toBe(false);
    expect(window.isFirst("a", 1_005)).toBe(true);
    expect(window.size).toBe(1);
  });

  it("lets each message through once from any number of members, and never grows past its bound", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 })), (keys) => {
        const roomy = new MirrorWindow({ windowMessages: 31, windowMs: 1_000 });
        const tight = new MirrorWindow({ windowMessages: 5, windowMs: 1_000 });
        const firsts = keys.filter((key) => roomy.isFirst(key, 0));
        expect(firsts).toEqual([...new Set(keys)]);
        for (const key of keys) {
          tight.isFirst(key, 0);
          expect(tight.size).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
