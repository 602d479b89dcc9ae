import { describe, expect, it } from "vitest";
import { BlockReader } from "../../src/broker-log/block-reader.ts";
import type { Block } from "../../src/broker-log/block-reader.ts";
import type { Fetched, PlacedRecord } from "@hawser/log/broker";
import { plain } from "@hawser/log/conformance";
import { SimulatedWorld } from "../support/simulated-world.ts";

const size = 10;

function placed(offset: number): PlacedRecord {
  const record = { kind: "append", id: `${offset}`, epoch: 1, deduplicateMs: 0, ...plain("a", `${offset}`) } as const;
  return { offset, time: 0, record };
}

/** A partition whose answers are held back: each says what there was when it was asked for. */
function held() {
  const { clock, timers } = new SimulatedWorld();
  let passed = 0;
  const answers: (() => void)[] = [];
  const fetch = (from: number): Promise<Fetched> => {
    const end = passed;
    const first = Math.max(1, from);
    const records = Array.from({ length: Math.max(0, end - first + 1) }, (_, index) => placed(first + index));
    return new Promise((resolve) => answers.push(() => resolve({ records, start: 1, end })));
  };
  const blocks = new BlockReader({
    broker: { produce: async () => {}, fetch },
    clock,
    timers,
    minBackoffMs: 1,
    maxBackoffMs: 1,
    readTimeoutMs: 1_000,
    blockOffsets: size,
    maxBlockBytes: 1_000,
    maxBlockFetches: 4,
    passedThrough: () => passed,
    confirm: async () => {},
    onTrimmed: () => {},
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    blocks,
    pass: (offset: number) => (passed = offset),
    asked: async () => {
      await turn();
      return answers.length;
    },
    answer: async () => {
      for (const answer of answers.splice(0)) answer();
      await turn();
    },
  };
}

/** Answers until the block is there: one that is not full is asked for until nothing comes. */
async function readOf({ answer }: ReturnType<typeof held>, block: Promise<Block>): Promise<number[]> {
  let read: Block | undefined;
  void block.then((found) => (read = found));
  for (let turns = 0; read === undefined && turns < 10; turns += 1) await answer();
  return (read?.get("a") ?? []).map(({ offset }) => offset);
}

describe("a block that grows", () => {
  it("is fetched once more for who wants what came while it was on its way", async () => {
    const partition = held();
    partition.pass(3);
    const first = partition.blocks.read(0);
    expect(await partition.asked()).toBe(1);
    await partition.answer();
    // It is asked what follows on those, which is nothing yet.
    expect(await partition.asked()).toBe(1);
    partition.pass(6);
    const second = partition.blocks.read(0);
    expect(await readOf(partition, first)).toEqual([1, 2, 3]);
    expect(await readOf(partition, second)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("is fetched once for all who want it while nothing comes", async () => {
    const partition = held();
    partition.pass(3);
    const first = partition.blocks.read(0);
    expect(await partition.asked()).toBe(1);
    expect(partition.blocks.read(0)).toBe(first);
    expect(await partition.asked()).toBe(1);
  });
});

it("fetches a block that is full once for all, however the log grows", async () => {
  const partition = held();
  partition.pass(size);
  const first = partition.blocks.read(0);
  expect(await partition.asked()).toBe(1);
  partition.pass(size * 3);
  expect(partition.blocks.read(0)).toBe(first);
});
