import type { Durability } from "../../log.ts";
import { check, checkEqual } from "../check.ts";
import { LogDriver, numbered, plain, texts } from "../driver.ts";
import type { ConformanceCapabilities, ConformanceCase } from "../harness.ts";

const reopens =
  (...durabilities: Durability[]) =>
  (capabilities: ConformanceCapabilities): boolean =>
    capabilities.reopens && durabilities.some((durability) => capabilities.durabilities.includes(durability));

/** What outlives a process, and the epochs that tell it. */
export const reopeningCases: readonly ConformanceCase[] = [
  ...(["close", "crash"] as const).flatMap((how) =>
    (["commit", "flush"] as const).map((durability): ConformanceCase => ({
      name: `what was accepted with durability ${durability} is there after a ${how}, producers and all`,
      needs: reopens(durability),
      run: async (harness) => {
        const log = await LogDriver.open(harness, { durability });
        const outcomes = await log.append(texts("", 1, 100).map((_, index) => numbered("a", "p", index + 1)));
        const before = await log.head("a");
        await log.reopen(how);
        const after = await log.head("a");
        check(after.epoch >= before.epoch, "the epoch does not fall");
        check(after.end >= before.end, "the end does not fall");
        check(after.lineage[0]!.epoch <= before.epoch, "positions of the former epoch can be carried over");
        for (const { epoch, start } of after.lineage) {
          check(epoch <= before.epoch || start >= before.end, "no epoch takes back what was accepted");
        }
        checkEqual(await log.texts("a"), texts("p-", 1, 100), "the entries");
        const again = await log.append([numbered("a", "p", 100), numbered("a", "p", 102), numbered("a", "p", 101)]);
        checkEqual(
          again.map((outcome) => outcome.kind),
          ["duplicate", "out-of-order", "accepted"],
          "the producer goes on",
        );
        const last = outcomes.at(-1);
        check(again[0]?.kind === "duplicate" && last?.kind === "accepted", "the outcomes");
        check(again[0].offset === last.offset || again[0].offset === 0, "the duplicate's position");
        await log.close();
      },
    })),
  ),
  {
    name: "epochs and lineage rise over many lives, and offsets never go back",
    needs: reopens("commit", "flush"),
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      let end = 0;
      let epoch = 0;
      for (let life = 1; life <= 6; life += 1) {
        end = await log.accept(plain("a", `${life}`));
        const head = await log.head("a");
        check(head.epoch >= epoch, "the epoch does not fall");
        checkEqual(head.lineage.at(-1)?.epoch, head.epoch, "the newest epoch of the lineage");
        checkRising(head.lineage);
        check(
          head.lineage.every(({ start }) => start <= head.end),
          "no epoch starts above the end",
        );
        epoch = head.epoch;
        await log.reopen(life % 2 === 0 ? "close" : "crash");
        check((await log.head("a")).end >= end, "the end does not fall");
      }
      checkEqual(await log.texts("a"), texts("", 1, 6), "the entries");
      await log.close();
    },
  },
  {
    name: "a floor does not fall over a restart",
    needs: (capabilities) => reopens("commit", "flush")(capabilities) && capabilities.trims.includes("count"),
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 5 });
      await log.append(texts("", 1, 100).map((text) => plain("a", text)));
      await log.until(async () => (await log.head("a")).floor > 0, "the floor rises");
      const { floor, end } = await log.head("a");
      await log.reopen("close");
      const head = await log.head("a");
      check(head.floor >= floor && head.end >= end, "neither floor nor end falls");
      await log.close();
    },
  },
  {
    name: "a log whose promise ends with the process is a new one after it: a higher epoch that knows of none before",
    needs: (capabilities) =>
      capabilities.reopens && capabilities.durabilities.every((durability) => durability === "memory"),
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.accept(plain("a", "1"));
      const before = await log.head("a");
      await log.reopen("crash");
      const after = await log.head("a");
      check(after.epoch > before.epoch, "the epoch rose");
      check(after.lineage[0]!.epoch > before.epoch, "positions of the former one are not carried over");
      checkEqual([after.floor, after.end], [0, 0], "floor and end");
      await log.close();
    },
  },
];

function checkRising(lineage: readonly { readonly epoch: number; readonly start: number }[]): void {
  for (const [index, { epoch, start }] of lineage.entries()) {
    const before = lineage[index - 1];
    check(before === undefined || (epoch > before.epoch && start >= before.start), "the lineage rises");
  }
}
