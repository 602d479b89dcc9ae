import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { numbered, openLog, plain, textsOf } from "./support/open-log.ts";
import { SteppedWorld } from "./support/stepped-world.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

it("begins an epoch with each run, also one in which nothing is appended", async () => {
  const path = join(await temporaryFolder(), "data");
  const epochs: number[] = [];
  for (let run = 1; run <= 3; run += 1) {
    const log = await openLog({ path });
    const before = await log.head("a");
    expect(before.lineage.at(-1)).toEqual({ epoch: before.epoch, start: before.end });
    // Positions of the second run, in which nothing is appended, can be carried over like any other.
    if (run !== 2) await log.append([plain("a", `${run}`)]);
    const after = await log.head("a");
    expect(after.epoch).toBe(before.epoch);
    epochs.push(after.epoch);
    await log.close();
  }
  expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  const log = await openLog({ path });
  const { lineage, epoch } = await log.head("a");
  expect(lineage).toEqual([
    { epoch: epochs[0], start: 0 },
    { epoch: epochs[1], start: 1 },
    { epoch: epochs[2], start: 1 },
    { epoch, start: 2 },
  ]);
});

it("rises above the epochs before it whatever the clock says", async () => {
  const path = join(await temporaryFolder(), "data");
  const world = new SteppedWorld();
  const first = await openLog({ path }, {}, world);
  const { epoch } = await first.head("a");
  await first.close();
  world.skewMs -= 86_400_000;
  const second = await openLog({ path }, {}, world);
  expect((await second.head("a")).epoch).toBeGreaterThan(epoch);
});

it("tells where an older copy of the folder left the epochs that its readers saw [POS-8]", async () => {
  const root = await temporaryFolder();
  const path = join(root, "data");
  const world = new SteppedWorld();
  const first = await openLog({ path }, {}, world);
  await first.append([numbered("a", "p", 1), numbered("a", "p", 2)]);
  const copied = await first.head("a");
  await cp(path, join(root, "copy"), { recursive: true });
  await first.append([numbered("a", "p", 3)]);
  await first.close();
  const second = await openLog({ path }, {}, world);
  await second.append([numbered("a", "p", 4)]);
  const seen = await second.head("a");
  await second.close();

  await rm(path, { recursive: true });
  await cp(join(root, "copy"), path, { recursive: true });
  await world.advance(1_000, async () => {});
  const restored = await openLog({ path }, {}, world);
  const head = await restored.head("a");
  expect(head.epoch).toBeGreaterThan(seen.epoch);
  // Whoever stands at (copied.epoch, 3) is carried back to where the new epoch begins; of the run that the copy knows
  // nothing of there is no trace, so that (seen.epoch, 4) is a position of another log [POS-9].
  expect(head.lineage).toEqual([
    { epoch: copied.epoch, start: 0 },
    { epoch: head.epoch, start: 2 },
  ]);
  // Producers went back with it: what they chain to is not there, and they are told.
  expect(await restored.append([numbered("a", "p", 5)])).toMatchObject([{ kind: "out-of-order", last: 2 }]);
  expect(await textsOf(restored, "a")).toEqual(["p-1", "p-2"]);
});

it("keeps maxLineage epochs of a channel and drops the oldest", async () => {
  const path = join(await temporaryFolder(), "data");
  for (let run = 1; run <= 5; run += 1) {
    const log = await openLog({ path, maxLineage: 3 });
    await log.append([numbered("a", "p", run)]);
    const { lineage } = await log.head("a");
    expect(lineage.length).toBe(Math.min(run, 3));
    expect(lineage[0]!.start).toBe(Math.max(0, run - 3));
    await log.close();
  }
  const log = await openLog({ path, maxLineage: 3 });
  expect(await log.append([numbered("a", "p", 5)])).toMatchObject([{ kind: "duplicate", offset: 5 }]);
});

it("loses what was in memory alone with the process, and says so by an epoch without a past", async () => {
  const path = join(await temporaryFolder(), "data");
  const world = new SteppedWorld();
  const first = await openLog({ path }, { durability: "memory" }, world);
  await first.append([plain("a", "1")]);
  const before = await first.head("a");
  await first.close();
  world.skewMs -= 86_400_000;
  const second = await openLog({ path }, { durability: "memory" }, world);
  const after = await second.head("a");
  expect(after.end).toBe(0);
  expect(after.lineage[0]!.epoch).toBeGreaterThan(before.epoch);
});
