import { describe, expect, it } from "vitest";
import type { Timers } from "@hawser/protocol";
import { Condition } from "../../src/bound/condition.ts";

/** Timers of which each runs when the test says so. */
function timers(): Timers & { readonly running: Set<() => void> } {
  const running = new Set<() => void>();
  const after: Timers["after"] = (_delayMs, callback) => {
    running.add(callback);
    return { cancel: () => void running.delete(callback) };
  };
  return { running, after, soon: () => expect.fail("nothing is to be done soon") };
}

describe("a condition", () => {
  it("is met for each who waits when what it asks for came true, and leaves no timer", async () => {
    const time = timers();
    const condition = new Condition(time);
    let at = 0;
    const met: number[] = [];
    const first = condition.until(() => at >= 1, 10).then((holds) => holds && met.push(1));
    const second = condition.until(() => at >= 2, 10).then((holds) => holds && met.push(2));
    at = 1;
    condition.changed();
    await first;
    expect(met).toEqual([1]);
    at = 2;
    condition.changed();
    await second;
    expect(met).toEqual([1, 2]);
    expect(time.running.size).toBe(0);
  });

  it("does not wait for what holds", async () => {
    expect(await new Condition(timers()).until(() => true, 10)).toBe(true);
  });

  it("says that it was not met in time", async () => {
    const time = timers();
    const late = new Condition(time).until(() => false, 10);
    for (const run of time.running) run();
    expect(await late).toBe(false);
  });
});
