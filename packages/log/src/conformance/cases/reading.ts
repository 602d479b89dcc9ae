import type { Page } from "../../log.ts";
import { check, checkEqual } from "../check.ts";
import { LogDriver, plain, textOf, texts } from "../driver.ts";
import { readable } from "../harness.ts";
import type { ConformanceCase } from "../harness.ts";

async function filled(harness: Parameters<ConformanceCase["run"]>[0], count: number): Promise<LogDriver> {
  const log = await LogDriver.open(harness);
  // Other channels lie between, so that a log that they share has holes in its offsets.
  await log.append(texts("", 1, count).flatMap((text) => [plain("a", text), plain("other", `other ${text}`)]));
  return log;
}

/** Pages in both directions. */
export const readingCases: readonly ConformanceCase[] = [
  {
    name: "pages read forward cover the channel without a gap, each with at most maxCount entries",
    needs: readable,
    run: async (harness) => {
      const log = await filled(harness, 25);
      const found: string[] = [];
      let after = 0;
      let page: Page;
      do {
        page = await log.read("a", after, { maxCount: 10 });
        check(page.entries.length >= 1 && page.entries.length <= 10, "a page has 1 to 10 entries");
        checkEqual(page.interval.from, after, "where the page starts");
        found.push(...page.entries.map(textOf));
        after = page.interval.to;
      } while (page.more);
      checkEqual(found, texts("", 1, 25), "all pages");
      checkEqual(after, (await log.head("a")).end, "where the last page ends");
      await log.close();
    },
  },
  {
    name: "pages read backward cover the channel without a gap, newest first, rising inside",
    needs: readable,
    run: async (harness) => {
      const log = await filled(harness, 25);
      const { end, floor } = await log.head("a");
      const found: string[] = [];
      let through = Number.MAX_SAFE_INTEGER;
      let to = end;
      let page: Page;
      do {
        page = await log.readBackward("a", through, { maxCount: 10 });
        check(page.entries.length >= 1 && page.entries.length <= 10, "a page has 1 to 10 entries");
        checkEqual(page.interval.to, to, "where the page ends");
        found.unshift(...page.entries.map(textOf));
        to = through = page.interval.from;
      } while (page.more);
      checkEqual(found, texts("", 1, 25), "all pages");
      checkEqual(to, floor, "where the last page starts");
      await log.close();
    },
  },
  {
    name: "a page stops behind the entry that reaches maxBytes, and has at least one",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.append(
        ["a".repeat(10), "b".repeat(10), "c".repeat(10), "d".repeat(1_000)].map((text) => plain("a", text)),
      );
      const lengths = async (read: Promise<Page>): Promise<number[]> =>
        (await read).entries.map((entry) => textOf(entry).length);
      checkEqual(await lengths(log.read("a", 0, { maxBytes: 1 })), [10], "forward, 1 byte");
      checkEqual(await lengths(log.read("a", 0, { maxBytes: 10 })), [10], "forward, 10 bytes");
      checkEqual(await lengths(log.read("a", 0, { maxBytes: 11 })), [10, 10], "forward, 11 bytes");
      checkEqual(await lengths(log.readBackward("a", Infinity, { maxBytes: 1 })), [1_000], "backward, 1 byte");
      checkEqual(
        await lengths(log.readBackward("a", Infinity, { maxBytes: 1_001 })),
        [10, 1_000],
        "backward, 1,001 bytes",
      );
      checkEqual((await log.read("a", 0, { maxBytes: 10 })).more, true, "more");
      await log.close();
    },
  },
  {
    name: "a read from any offset, be there an entry with it or not, starts at the next entry",
    needs: readable,
    run: async (harness) => {
      const log = await filled(harness, 10);
      const { entries } = await log.read("a", 0);
      const end = entries.at(-1)!.offset;
      for (let after = 0; after <= end; after += 1) {
        const above = entries.filter((entry) => entry.offset > after).map(textOf);
        const page = await log.read("a", after);
        checkEqual(page.entries.map(textOf), above, `after ${after}`);
        checkEqual(page.interval, { from: after, to: end }, `the interval after ${after}`);
        checkEqual(page.more, false, "more");
        const below = await log.readBackward("a", after, { maxCount: 2 });
        const wanted = entries.filter((entry) => entry.offset <= after).map(textOf);
        checkEqual(below.entries.map(textOf), wanted.slice(-2), `through ${after}`);
        checkEqual(below.more, wanted.length > 2, `more through ${after}`);
      }
      await log.close();
    },
  },
  {
    name: "a read at the end is empty and has no more; one above the end says nothing",
    needs: readable,
    run: async (harness) => {
      const log = await filled(harness, 3);
      const { end } = await log.head("a");
      const at = await log.read("a", end);
      checkEqual([at.entries, at.interval, at.more], [[], { from: end, to: end }, false], "at the end");
      const above = await log.read("a", end + 100);
      checkEqual(
        [above.entries, above.interval, above.more],
        [[], { from: end + 100, to: end + 100 }, false],
        "above the end",
      );
      const below = await log.readBackward("a", 0);
      checkEqual([below.entries, below.interval, below.more], [[], { from: 0, to: 0 }, false], "backward from 0");
      await log.close();
    },
  },
  {
    name: "what was accepted can be read at once",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      for (let count = 1; count <= 20; count += 1) {
        const offset = await log.accept(plain("a", `${count}`));
        checkEqual((await log.head("a")).end, offset, "the end");
        checkEqual((await log.read("a", offset - 1)).entries.map(textOf), [`${count}`], "the entry");
      }
      await log.close();
    },
  },
];
