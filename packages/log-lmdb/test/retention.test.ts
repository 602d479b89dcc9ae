import { join } from "node:path";
import { expect, it } from "vitest";
import { barrier } from "./support/barrier.ts";
import { everything, numbered, openLog, plain, textsOf } from "./support/open-log.ts";
import { SteppedWorld } from "./support/stepped-world.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

it("trims a backlog in steps between which appends are made", async () => {
  const path = join(await temporaryFolder(), "data");
  const before = await openLog({ path });
  await before.append(Array.from({ length: 2_000 }, (_, index) => plain("a", `${index}`)));
  await before.close();

  const log = await openLog({ path, maxTrimStep: 10 }, { retainCount: 100 });
  const floors: number[] = [];
  await log.follow("a", {
    onEntries: () => {},
    onFloor: (floor) => floors.push(floor),
    onEpoch: () => {},
  });
  for (let count = 0; count < 20; count += 1) await log.append([plain("b", "1")]);
  await log.append([plain("a", "newest")]);
  await barrier(log);
  expect((await log.head("b")).end).toBe(20);
  while ((await log.head("a")).floor < 1_901) await barrier(log);
  expect(floors.length).toBeGreaterThan(100);
  for (const [index, floor] of floors.entries()) expect(floor - (floors[index - 1] ?? 0)).toBeLessThanOrEqual(12);
  expect((await textsOf(log, "a")).at(-1)).toBe("newest");
});

it("finds what is too old in channels that nobody touched since the start", async () => {
  const path = join(await temporaryFolder(), "data");
  const world = new SteppedWorld();
  const before = await openLog({ path }, {}, world);
  await before.append(Array.from({ length: 50 }, (_, index) => plain(`c.${index}`, "1")));
  await before.close();
  const log = await openLog({ path, maxSweepVisits: 7 }, { retainAgeMs: 60_000 }, world);
  await world.advance(59_000, () => barrier(log));
  expect((await log.head("c.31")).floor).toBe(0);
  await world.advance(20_000, () => barrier(log));
  for (let index = 0; index < 50; index += 1) expect((await log.head(`c.${index}`)).floor).toBe(1);
});

it("tells ages by its own clock: a wall clock that is set, in a run or between two, trims nothing too early", async () => {
  const path = join(await temporaryFolder(), "data");
  const world = new SteppedWorld();
  const before = await openLog({ path }, { retainAgeMs: 60_000, deduplicateMs: 60_000 }, world);
  await before.append([numbered("a", "p", 1)]);
  world.skewMs += 86_400_000;
  await world.advance(5_000, () => barrier(before));
  expect(await textsOf(before, "a")).toEqual(["p-1"]);
  expect(await before.append([numbered("a", "p", 2)])).toMatchObject([{ kind: "accepted" }]);
  await before.close();
  world.skewMs -= 2 * 86_400_000;
  const log = await openLog({ path }, { retainAgeMs: 60_000, deduplicateMs: 60_000 }, world);
  await world.advance(40_000, () => barrier(log));
  expect(await textsOf(log, "a")).toEqual(["p-1", "p-2"]);
  await world.advance(40_000, () => barrier(log));
  expect(await textsOf(log, "a")).toEqual([]);
});

it("reads only what is left while a trim is under way", async () => {
  const path = join(await temporaryFolder(), "data");
  const log = await openLog({ path }, { retainCount: 10 });
  let appended = 0;
  for (let round = 0; round < 200; round += 1) {
    const append = log.append(Array.from({ length: 7 }, () => plain("a", `${(appended += 1)}`)));
    // Somewhere between the beginning of the transaction and its acknowledgement.
    const settled = append.then(() => true);
    for (;;) {
      const page = await log.read("a", 0, everything);
      expect(page.entries.map(({ offset }) => offset)).toEqual(
        Array.from({ length: page.interval.to - page.floor }, (_, index) => page.floor + index + 1),
      );
      const turn = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
      if (await Promise.race([settled, turn])) break;
    }
  }
  expect((await log.head("a")).end).toBe(1_400);
});

it("forgets producers by their own window, those quiet longest first past maxProducers, and never by a trim", async () => {
  const path = join(await temporaryFolder(), "data");
  const world = new SteppedWorld();
  const log = await openLog({ path, maxProducers: 3 }, { retainCount: 1, deduplicateMs: 60_000 }, world);
  for (const producer of ["p", "q", "r"]) {
    await log.append([numbered("a", producer, 1)]);
    await world.advance(1_000, () => barrier(log));
  }
  // "p" is heard of again, so "q" is the one that was quiet longest.
  expect(await log.append([numbered("a", "p", 2)])).toMatchObject([{ kind: "accepted" }]);
  await log.append([numbered("a", "s", 1)]);
  await barrier(log);
  const kinds = async (producer: string, sequence: number): Promise<string | undefined> =>
    (await log.append([numbered("a", producer, sequence)]))[0]?.kind;
  expect(await kinds("p", 2)).toBe("duplicate");
  expect(await kinds("r", 1)).toBe("duplicate");
  expect(await kinds("q", 2)).toBe("producer-unknown");
  await world.advance(59_500, () => barrier(log));
  expect(await kinds("r", 2)).toBe("producer-unknown");
  expect(await kinds("p", 2)).toBe("duplicate");
  await world.advance(2_000, () => barrier(log));
  expect(await kinds("p", 3)).toBe("producer-unknown");
});
