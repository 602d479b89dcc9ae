import type { Head, Log } from "@hawser/log";
import type { Timers } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { LogProbe } from "../../src/observe/log-probe.ts";

/** A log whose answers the test gives, and timers that the test fires. */
function harness(head?: () => Promise<Head>): {
  probe: LogProbe;
  questions: { answer: () => void; fail: () => void }[];
  timers: { delayMs: number; fire: () => void; cancelled: boolean }[];
} {
  const questions: { answer: () => void; fail: () => void }[] = [];
  const started: { delayMs: number; fire: () => void; cancelled: boolean }[] = [];
  const log = {
    head:
      head ??
      (() =>
        new Promise<Head>((resolve, reject) => {
          questions.push({
            answer: () => resolve({ epoch: 1, floor: 0, end: 0, lineage: [] }),
            fail: () => reject(new Error("away")),
          });
        })),
  } as unknown as Log;
  const timers: Timers = {
    after: (delayMs, fire) => {
      const timer = { delayMs, fire, cancelled: false };
      started.push(timer);
      return { cancel: () => void (timer.cancelled = true) };
    },
    soon: () => {},
  };
  return { probe: new LogProbe(log, timers), questions, timers: started };
}

describe("the probe of the log", () => {
  it("tells that it answers", async () => {
    const { probe, questions, timers } = harness();
    const answers = probe.answers();
    questions[0]!.answer();
    expect(await answers).toBe(true);
    expect(timers).toMatchObject([{ delayMs: 2_000, cancelled: true }]);
  });

  it("tells that it fails", async () => {
    const { probe, questions } = harness();
    const answers = probe.answers();
    questions[0]!.fail();
    expect(await answers).toBe(false);
  });

  it("tells that it throws at once", async () => {
    const { probe, questions, timers } = harness(() => {
      throw new Error("gone");
    });
    expect(await probe.answers()).toBe(false);
    expect([questions, timers]).toMatchObject([[], [{ cancelled: true }]]);
  });

  it("tells that it does not answer in time", async () => {
    const { probe, timers } = harness();
    const answers = probe.answers();
    timers[0]!.fire();
    expect(await answers).toBe(false);
  });

  it("asks once for all who ask meanwhile, and anew afterwards", async () => {
    const { probe, questions } = harness();
    const both = [probe.answers(), probe.answers()];
    expect(questions).toHaveLength(1);
    questions[0]!.answer();
    expect(await Promise.all(both)).toEqual([true, true]);
    const again = probe.answers();
    expect(questions).toHaveLength(2);
    questions[1]!.fail();
    expect(await again).toBe(false);
  });
});
