import { check, checkEqual } from "../check.ts";
import { LogDriver, numbered, plain, textOf, texts } from "../driver.ts";
import { always, deduplicating, readable } from "../harness.ts";
import type { ConformanceCase } from "../harness.ts";

/** What the order of entries promises. */
export const orderCases: readonly ConformanceCase[] = [
  {
    name: "a channel that never had an entry has end 0 and floor 0",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const head = await log.head("never");
      checkEqual([head.floor, head.end], [0, 0], "floor and end");
      check(head.epoch > 0, "there is an epoch all the same");
      checkEqual(head.lineage.at(-1)?.epoch, head.epoch, "the newest epoch of the lineage");
      checkEqual((await log.read("never", 0)).entries, [], "its entries");
      checkEqual((await log.readBackward("never", Number.MAX_SAFE_INTEGER)).entries, [], "its entries, backward");
      await log.close();
    },
  },
  {
    name: "entries stand in the order of the appends, with rising offsets, all that was given in them",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const before = harness.clock.now();
      const first = await log.accept(plain("a", "one", { key: "k", publisher: "ann" }));
      const second = await log.accept(plain("a", "two"));
      check(first >= 1 && second > first, "offsets rise from 1");
      const page = await log.read("a", 0);
      checkEqual(page.entries.map(textOf), ["one", "two"], "the texts");
      checkEqual(
        page.entries.map((entry) => entry.offset),
        [first, second],
        "the offsets",
      );
      checkEqual(
        page.entries.map((entry) => entry.key),
        ["k", ""],
        "the keys",
      );
      checkEqual(
        page.entries.map((entry) => entry.publisher),
        ["ann", ""],
        "the publishers",
      );
      check(
        page.entries.every((entry) => entry.time >= before && entry.time <= harness.clock.now()),
        "the times",
      );
      checkEqual((await log.head("a")).end, second, "the end");
      await log.close();
    },
  },
  {
    name: "outcomes stand in the order of the appends, over several channels in one call",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const outcomes = await log.append([plain("a", "1"), plain("b", "2"), plain("a", "3"), plain("c", "4")]);
      checkEqual(
        outcomes.map((outcome) => outcome.kind),
        Array.from({ length: 4 }, () => "accepted"),
        "the outcomes",
      );
      checkEqual(await log.texts("a"), ["1", "3"], "channel a");
      checkEqual(await log.texts("b"), ["2"], "channel b");
      checkEqual(await log.texts("c"), ["4"], "channel c");
      const page = await log.read("a", 0);
      checkEqual(
        outcomes.filter((_, index) => index === 0 || index === 2),
        page.entries.map((entry) => ({ kind: "accepted", epoch: page.epoch, offset: entry.offset })),
        "the positions that the outcomes name",
      );
      await log.close();
    },
  },
  {
    name: "no appends have no outcomes",
    needs: always,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      checkEqual(await log.append([]), [], "the outcomes");
      await log.close();
    },
  },
  {
    name: "thousands of appends in one call are appended in order",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const wanted = texts("p-", 1, 5_000);
      const outcomes = await log.append(wanted.map((_, index) => numbered("a", "p", index + 1)));
      check(
        outcomes.every((outcome) => outcome.kind === "accepted"),
        "all are accepted",
      );
      checkEqual(await log.texts("a"), wanted, "the texts");
      await log.close();
    },
  },
  {
    name: "overlapping calls keep the order of the calls per channel and producer",
    needs: (capabilities) => deduplicating(capabilities) && readable(capabilities),
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const calls = [];
      for (let sequence = 1; sequence <= 60; sequence += 3) {
        const producers = ["p", "q"].map((producer) =>
          log.append([0, 1, 2].map((step) => numbered("a", producer, sequence + step))),
        );
        calls.push(...producers);
      }
      const outcomes = (await Promise.all(calls)).flat();
      check(
        outcomes.every((outcome) => outcome.kind === "accepted"),
        "all are accepted",
      );
      const found = await log.texts("a");
      for (const producer of ["p", "q"]) {
        const own = found.filter((text) => text.startsWith(producer));
        checkEqual(own, texts(`${producer}-`, 1, 60), `the order of ${producer}`);
      }
      await log.close();
    },
  },
  {
    name: "a channel's log is its own: offsets, floor and end",
    needs: readable,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.append([plain("a", "1"), plain("a", "2"), plain("b", "3")]);
      checkEqual(await log.texts("b"), ["3"], "channel b");
      checkEqual((await log.head("c")).end, 0, "the end of another channel");
      checkEqual((await log.read("a.b", 0)).entries, [], "a channel whose name starts like another's");
      await log.close();
    },
  },
];
