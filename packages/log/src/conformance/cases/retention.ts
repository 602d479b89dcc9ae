import { check, checkEqual } from "../check.ts";
import { LogDriver, plain, textOf, texts } from "../driver.ts";
import { readable } from "../harness.ts";
import type { ConformanceCapabilities, ConformanceCase } from "../harness.ts";

const trims =
  (by: "count" | "bytes" | "age") =>
  (capabilities: ConformanceCapabilities): boolean =>
    capabilities.trims.includes(by) && readable(capabilities) && (by !== "age" || capabilities.controlsTime);

/** Trims, and the floor that tells of them. */
export const retentionCases: readonly ConformanceCase[] = [
  {
    name: "of a channel with retainCount at least that many entries are kept, and not many more; the floor tells it",
    needs: trims("count"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 10 });
      for (let first = 1; first <= 100; first += 5) {
        await log.append(texts("", first, 5).map((text) => plain("a", text)));
      }
      await log.until(async () => (await log.read("a", 0)).entries.length <= 20, "the oldest are trimmed");
      const page = await log.read("a", 0);
      checkEqual(page.entries.map(textOf).slice(-10), texts("", 91, 10), "the newest");
      const head = await log.head("a");
      checkEqual(page.floor, head.floor, "the floor");
      checkEqual(page.interval, { from: head.floor, to: head.end }, "the interval");
      check(head.floor > 0, "the floor rose");
      await log.close();
    },
  },
  {
    name: "of a channel with retainBytes not many more bytes are kept; the newest entry is kept whatever its size",
    needs: trims("bytes"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainBytes: 1_000 });
      for (let count = 1; count <= 50; count += 1) await log.accept(plain("a", "x".repeat(100)));
      const bytes = async (): Promise<number> =>
        (await log.read("a", 0)).entries.reduce((sum, entry) => sum + textOf(entry).length, 0);
      await log.until(async () => (await bytes()) <= 2_000, "the oldest are trimmed");
      check((await bytes()) >= 900, "no more is trimmed than must be");
      const large = await log.accept(plain("a", "y".repeat(5_000)));
      const page = await log.read("a", large - 1);
      checkEqual(
        page.entries.map((entry) => textOf(entry).length),
        [5_000],
        "the newest entry",
      );
      await log.close();
    },
  },
  {
    name: "entries older than retainAgeMs are trimmed without anything being appended or asked for",
    needs: trims("age"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainAgeMs: 100_000 });
      const recording = await log.follow("a");
      await log.append(texts("", 1, 10).map((text) => plain("a", text)));
      await log.advance(60_000);
      const offset = await log.accept(plain("a", "11"));
      await log.advance(60_000);
      await log.until(() => recording.floors.length > 0, "the floor is told");
      checkEqual((await log.read("a", 0)).entries.map(textOf), ["11"], "what is left");
      await log.advance(100_000);
      await log.until(() => recording.floors.at(-1) === offset, "the floor is told again");
      const head = await log.head("a");
      checkEqual([head.floor, head.end], [offset, offset], "floor and end");
      const page = await log.read("a", 0);
      checkEqual([page.entries, page.interval], [[], { from: offset, to: offset }], "nothing is left");
      await log.close();
    },
  },
  {
    name: "offsets go on behind a channel that was trimmed away",
    needs: trims("age"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainAgeMs: 10_000 });
      const before = await log.accept(plain("a", "1"));
      await log.advance(50_000);
      const after = await log.accept(plain("a", "2"));
      check(after > before, "offsets rise");
      checkEqual(await log.texts("a"), ["2"], "what is left");
      await log.close();
    },
  },
  {
    name: "a page read after a trim starts at the floor, in either direction",
    needs: trims("count"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 5 });
      await log.append(texts("", 1, 50).map((text) => plain("a", text)));
      await log.until(async () => (await log.head("a")).floor > 0, "the floor rises");
      const { floor } = await log.head("a");
      const forward = await log.read("a", 1);
      checkEqual(forward.interval.from, forward.floor, "where a page from below the floor starts");
      const backward = await log.readBackward("a", Infinity);
      checkEqual(backward.interval.from, backward.floor, "where a page read backward starts");
      check(backward.floor >= floor, "the floor does not fall");
      const below = await log.readBackward("a", 1);
      checkEqual([below.entries, below.interval.from], [[], below.interval.to], "below the floor there is nothing");
      await log.close();
    },
  },
  {
    name: "a trim while paging is seen as a gap that ends at the floor",
    needs: trims("count"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 20 });
      const append = async (first: number, count: number): Promise<void> => {
        await log.append(texts("", first, count).map((text) => plain("a", text)));
      };
      await append(1, 30);
      let gaps = 0;
      let after = (await log.head("a")).floor;
      const seen: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        const page = await log.read("a", after, { maxCount: 3 });
        if (page.interval.from > after) {
          gaps += 1;
          checkEqual(page.interval.from, page.floor, "where the page behind the gap starts");
        }
        seen.push(...page.entries.map((entry) => Number(textOf(entry))));
        after = page.interval.to;
        await append(31 + round * 10, 10);
        const { floor } = await log.head("a");
        check(floor >= page.floor, "the floor does not fall");
      }
      check(gaps > 0, "the reader was overtaken");
      check(
        seen.every((value, index) => index === 0 || value > seen[index - 1]!),
        "nothing comes twice",
      );
      await log.close();
    },
  },
  {
    name: "a follower is given every entry, also those that were trimmed in the same call",
    needs: trims("count"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 5 });
      const recording = await log.follow("a");
      await log.append(texts("", 1, 200).map((text) => plain("a", text)));
      await log.until(() => recording.entries.length === 200, "all entries");
      checkEqual(recording.entries.map(textOf), texts("", 1, 200), "the entries");
      await log.until(() => recording.floors.length > 0, "the floor");
      const head = await log.head("a");
      check(recording.floors.at(-1)! <= head.floor, "the floor that is told");
      await log.close();
    },
  },
];
