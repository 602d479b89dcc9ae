import type { Follower } from "../../log.ts";
import { check, checkEqual } from "../check.ts";
import { LogDriver, plain, textOf, texts } from "../driver.ts";
import { always, readable } from "../harness.ts";
import type { ConformanceCase } from "../harness.ts";

/** Followers: fed in the log's order, without a gap, apart from each other. */
export const followingCases: readonly ConformanceCase[] = [
  {
    name: "a follower is given what is appended after it began, in order",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const before = await log.accept(plain("a", "before"));
      const recording = await log.follow("a");
      checkEqual(recording.follower.head.end, before, "the head at which following began");
      await log.append([plain("a", "1"), plain("b", "other"), plain("a", "2")]);
      await log.accept(plain("a", "3"));
      await log.until(() => recording.entries.length >= 3, "the entries");
      checkEqual(recording.entries.map(textOf), ["1", "2", "3"], "the entries");
      checkEqual(recording.intervals.at(-1)?.to, (await log.head("a")).end, "the end of the last interval");
      await log.close();
    },
  },
  {
    name: "a channel that does not exist yet can be followed",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const recording = await log.follow("a");
      checkEqual([recording.follower.head.floor, recording.follower.head.end], [0, 0], "floor and end");
      await log.accept(plain("a", "1"));
      await log.until(() => recording.entries.length === 1, "the entry");
      recording.follower.close();
      const idle = await log.follow("idle");
      idle.follower.close();
      checkEqual((await log.head("idle")).end, 0, "the end of a channel that was only followed");
      await log.close();
    },
  },
  {
    name: "what a follower is given is what a read gives",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const recording = await log.follow("a");
      await log.append(texts("", 1, 20).map((text) => plain("a", text, { key: `k${text}`, publisher: "ann" })));
      await log.until(() => recording.entries.length === 20, "the entries");
      checkEqual(recording.entries, (await log.read("a", 0)).entries, "the entries");
      await log.close();
    },
  },
  {
    name: "between history read up to the head and what follows there is no gap and nothing twice",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const appended: Promise<unknown>[] = [];
      const append = (first: number, count: number): void => {
        for (const text of texts("", first, count)) appended.push(log.append([plain("a", text)]));
      };
      append(1, 50);
      const following = log.follow("a");
      append(51, 50);
      const recording = await following;
      append(101, 50);
      const history: string[] = [];
      let after = 0;
      const { end } = recording.follower.head;
      while (after < end) {
        const page = await log.read("a", after, { maxCount: 7 });
        history.push(...page.entries.filter((entry) => entry.offset <= end).map(textOf));
        after = page.interval.to;
      }
      await Promise.all(appended);
      await log.until(() => history.length + recording.entries.length >= 150, "all entries");
      checkEqual(
        [...history, ...recording.entries.map(textOf)].toSorted(byNumber),
        texts("", 1, 150),
        "all, each once",
      );
      checkEqual(await log.texts("a"), [...history, ...recording.entries.map(textOf)], "in the log's order");
      await log.close();
    },
  },
  {
    name: "several followers are given the same, each from where it began",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const first = await log.follow("a");
      await log.accept(plain("a", "1"));
      const second = await log.follow("a");
      await log.accept(plain("a", "2"));
      await log.until(() => first.entries.length === 2 && second.entries.length === 1, "the entries");
      checkEqual(first.entries.map(textOf), ["1", "2"], "the first");
      checkEqual(second.entries.map(textOf), ["2"], "the second");
      first.follower.close();
      await log.accept(plain("a", "3"));
      await log.until(() => second.entries.length === 2, "the second goes on");
      checkEqual(first.entries.length, 2, "the first has ended");
      await log.close();
    },
  },
  {
    name: "a follower that is closed in its own callback is not called again; closing twice is harmless",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const other = await log.follow("a");
      const recording = await log.follow("a", ({ follower }) => {
        follower.close();
        follower.close();
      });
      await log.accept(plain("a", "1"));
      await log.until(() => other.entries.length === 1 && recording.entries.length === 1, "the first entry");
      await log.accept(plain("a", "2"));
      await log.until(() => other.entries.length === 2, "the other goes on");
      checkEqual(recording.entries.map(textOf), ["1"], "what it was given");
      await log.close();
    },
  },
  {
    name: "a follower that throws harms neither the append, nor the others, nor what it is given next",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const throwing = await log.follow("a", () => {
        throw new Error("thrown by a follower, as the case wants it");
      });
      const other = await log.follow("a");
      await log.accept(plain("a", "1"));
      await log.accept(plain("a", "2"));
      await log.until(() => other.entries.length === 2 && throwing.entries.length === 2, "both entries");
      await log.close();
    },
  },
  {
    name: "a follower may append and follow in its callback",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      let nested: Promise<unknown> | undefined;
      let joined: Promise<Follower> | undefined;
      const recording = await log.follow("a", () => {
        nested ??= log.log.append([plain("a", "2")]);
        joined ??= log.log.follow("a", { onEntries: () => {}, onFloor: () => {}, onEpoch: () => {} });
      });
      await log.accept(plain("a", "1"));
      await log.until(() => recording.entries.length === 2, "both entries");
      checkEqual(recording.entries.map(textOf), ["1", "2"], "the entries");
      check(nested !== undefined && joined !== undefined, "the callback ran");
      await harness.drive(Promise.all([nested, joined]));
      await log.close();
    },
  },
  {
    name: "the appends of one call reach a follower in few intervals, not one by one",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const recording = await log.follow("a");
      await log.append(texts("", 1, 500).map((text) => plain("a", text)));
      await log.until(() => recording.entries.length === 500, "the entries");
      check(recording.intervals.length <= 50, `500 entries came in ${recording.intervals.length} intervals`);
      await log.close();
    },
  },
];

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right);
}
