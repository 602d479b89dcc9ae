import { check, checkEqual, checkRejects } from "../check.ts";
import { LogDriver, plain, texts } from "../driver.ts";
import { always } from "../harness.ts";
import type { ConformanceCase } from "../harness.ts";

/** The end of a log. */
export const closingCases: readonly ConformanceCase[] = [
  {
    name: "closing waits for the appends under way: each has an outcome",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const appends = texts("", 1, 20).map((text) => log.append([plain("a", text)]));
      const closing = log.close();
      const outcomes = (await Promise.all(appends)).flat();
      await closing;
      check(
        outcomes.every((outcome) => outcome.kind === "accepted" || outcome.kind === "failed"),
        "each is accepted or failed",
      );
    },
  },
  {
    name: "a closed log rejects with log-closed, and an append to it fails as an outcome",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.accept(plain("a", "1"));
      await log.close();
      await checkRejects(log.head("a"), "log-closed", "head");
      await checkRejects(log.read("a", 0), "log-closed", "read");
      await checkRejects(log.readBackward("a", 1), "log-closed", "readBackward");
      await checkRejects(log.follow("a"), "log-closed", "follow");
      const outcome = await log.appendOne(plain("a", "2"));
      checkEqual([outcome.kind, outcome.kind === "failed" && outcome.code], ["failed", "log-unavailable"], "append");
      await log.close();
    },
  },
  {
    name: "a log that is not open yet rejects with log-closed",
    needs: always,
    run: async (harness) => {
      const log = await harness.create();
      await checkRejects(harness.drive(log.head("a")), "log-closed", "head");
      await harness.drive(log.close());
    },
  },
  {
    name: "closing ends the followers",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const recording = await log.follow("a");
      const appending = log.append([plain("a", "1")]);
      const closing = log.close();
      await Promise.all([appending, closing]);
      const told = recording.intervals.length;
      for (let round = 0; round < 10; round += 1) await harness.settle();
      checkEqual(recording.intervals.length, told, "what the follower was told after the close");
      recording.follower.close();
    },
  },
];
