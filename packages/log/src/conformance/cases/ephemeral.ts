import { check, checkEqual } from "../check.ts";
import { LogDriver, numbered, plain, textOf, texts } from "../driver.ts";
import type { ConformanceCase } from "../harness.ts";

/** Channels with `retainCount` 0: ordered, given to followers, and gone. */
export const ephemeralCases: readonly ConformanceCase[] = [
  {
    name: "entries of an ephemeral channel are ordered and given to followers; its floor is its end",
    needs: (capabilities) => capabilities.ephemeral,
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 0 });
      const first = await log.follow("a");
      const second = await log.follow("a");
      const outcomes = await log.append(texts("", 1, 20).map((text) => plain("a", text)));
      check(
        outcomes.every((outcome) => outcome.kind === "accepted"),
        "all are accepted",
      );
      await log.until(() => first.entries.length === 20 && second.entries.length === 20, "the entries");
      checkEqual(first.entries.map(textOf), texts("", 1, 20), "the entries");
      checkEqual(second.entries, first.entries, "the other follower's");
      const head = await log.head("a");
      check(head.end > 0, "the end rose");
      await log.until(async () => (await log.head("a")).floor === head.end, "the floor is the end");
      checkEqual((await log.read("a", 0)).entries, [], "what can be read");
      checkEqual((await log.readBackward("a", Infinity)).entries, [], "what can be read backward");
      await log.close();
    },
  },
  {
    name: "the conditional append holds for ephemeral channels too",
    needs: (capabilities) => capabilities.ephemeral && capabilities.deduplicates,
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 0 });
      const recording = await log.follow("a");
      const outcomes = await log.append([
        numbered("a", "p", 1),
        numbered("a", "p", 1),
        numbered("a", "p", 3),
        numbered("a", "p", 2),
        numbered("a", "q", 2),
      ]);
      checkEqual(
        outcomes.map((outcome) => outcome.kind),
        ["accepted", "duplicate", "out-of-order", "accepted", "producer-unknown"],
        "the outcomes",
      );
      await log.until(() => recording.entries.length === 2, "the entries");
      checkEqual(recording.entries.map(textOf), ["p-1", "p-2"], "the entries");
      await log.close();
    },
  },
];
