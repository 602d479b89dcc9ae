import { expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Entry } from "@hawser/log";
import { SharedBlocks } from "../../src/served/shared-blocks.ts";
import { append, range, SharedWorld } from "../support/shared-world.ts";

it("encodes what a log tells once for all who follow it", async () => {
  const log = memoryLog();
  const world = await SharedWorld.open(log);
  const blocks = new SharedBlocks();
  const encoded: unknown[] = [];
  for (let index = 0; index < 2; index += 1) {
    await log.follow("a", {
      onEntries: (entries, interval) => void encoded.push(blocks.of(entries, interval, 1_000).at(0)?.bytes),
      onFloor: () => {},
      onEpoch: () => {},
    });
  }
  await world.time.drive(log.append(range(1, 10).map((each) => append("a", `${each}`))));
  await world.time.advance(1);
  expect(encoded).toHaveLength(2);
  expect(encoded[1]).toBe(encoded[0]);
});

it("encodes anew for another interval, and for one who takes less", () => {
  const blocks = new SharedBlocks();
  const entries: Entry[] = [];
  const first = blocks.of(entries, { from: 0, to: 3 }, 1_000);
  expect(blocks.of(entries, { from: 0, to: 3 }, 1_000)).toBe(first);
  expect(blocks.of(entries, { from: 1, to: 3 }, 1_000)).not.toBe(first);
  expect(blocks.of(entries, { from: 0, to: 3 }, 2_000)).not.toBe(first);
});
