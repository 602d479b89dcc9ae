import { expect, it } from "vitest";
import { FeedPump } from "@hawser/log";
import type { Append, LogPolicy, ReadOptions } from "@hawser/log";
import { ChannelTable } from "../../src/channels/channel-table.ts";
import { readPage, readPageBackward } from "../../src/channels/read-page.ts";
import { GroupCommit } from "../../src/commit/group-commit.ts";
import { LogClock } from "../../src/commit/log-clock.ts";
import { limitsOf } from "../../src/limits.ts";
import { decodeBlock } from "../../src/records/block-record.ts";
import { entryKey, offsetOf } from "../../src/records/keys.ts";
import { newLog } from "../../src/records/log-record.ts";
import { MapStore } from "../support/map-store.ts";
import { everything, plain } from "../support/open-log.ts";
import { SteppedWorld } from "../support/stepped-world.ts";

/** One channel, "a", whose number is 0. */
function makeChannel(policy: Partial<LogPolicy> = {}, store = new MapStore()) {
  const world = new SteppedWorld();
  const limits = limitsOf({ path: "unused" });
  const full: LogPolicy = {
    durability: "commit",
    retainCount: 1e6,
    retainBytes: 1e9,
    retainAgeMs: 1e9,
    deduplicateMs: 1e9,
    ...policy,
  };
  const { clock, timers, random } = world;
  const ports = { clock, timers, random, policyOf: () => full };
  const channels = new ChannelTable(store, ports, limits.maxCachedChannels);
  const logClock = new LogClock(clock, 0);
  const pump = new FeedPump();
  const log = { ...newLog, runs: [7] };
  const noRoom = (): undefined => undefined;
  const commits = new GroupCommit({ store, channels, limits, ports, clock: logClock, pump, epoch: 7, log, noRoom });
  const source = () => ({ store, channel: channels.get("a"), epoch: 7 });
  return {
    store,
    append: (count: number, bytes = 10) =>
      commits.append(Array.from({ length: count }, (): Append => plain("a", "x".repeat(bytes)))),
    floor: () => channels.get("a").state?.floor,
    blocks: () =>
      store.rows(entryKey(0, 0), entryKey(1, 0), 1e6).map(({ key, value }) => decodeBlock(value, key, offsetOf(key)!)),
    read: (after: number, options: Partial<ReadOptions> = {}) =>
      readPage(source(), after, { ...everything, ...options }),
    readBackward: (through: number, options: Partial<ReadOptions> = {}) =>
      readPageBackward(source(), through, { ...everything, ...options }),
  };
}

const offsets = (page: { readonly entries: readonly { readonly offset: number }[] }): number[] =>
  page.entries.map(({ offset }) => offset);

it("stores what one transaction appends to a channel as one record, up to 256 entries and 64 KiB of payload", async () => {
  const few = makeChannel();
  await few.append(256);
  await few.append(257);
  expect(few.blocks().map(({ first, last }) => [first, last])).toEqual([
    [1, 256],
    [257, 512],
    [513, 513],
  ]);
  const large = makeChannel();
  await large.append(2, 32_768);
  await large.append(3, 32_768);
  await large.append(2, 100_000);
  expect(large.blocks().map(({ entries }) => entries.length)).toEqual([2, 2, 1, 1, 1]);
});

it("reads pages that begin and end anywhere in what was appended together, in both directions", async () => {
  const { append, read, readBackward } = makeChannel();
  for (const count of [1, 7, 3, 300, 1]) await append(count);
  for (const after of [0, 3, 8, 9.5, 11, 200, 266, 267, 310, 311, 312, 400]) {
    const page = read(after, { maxCount: 20 });
    const count = Math.max(0, Math.min(20, 312 - Math.trunc(after)));
    expect(offsets(page)).toEqual(Array.from({ length: count }, (_, index) => Math.trunc(after) + 1 + index));
    expect(page.more).toBe(Math.trunc(after) + 20 < 312);
    const back = readBackward(after, { maxBytes: 55 });
    const through = Math.min(Math.trunc(after), 312);
    const length = Math.min(6, through);
    expect(offsets(back)).toEqual(Array.from({ length }, (_, index) => through - length + 1 + index));
    expect(back.more).toBe(through > 6);
  }
});

it("trims entry by entry what was appended together, and removes the record with the last of them", async () => {
  const { append, blocks, floor, store } = makeChannel({ retainCount: 4 });
  await append(3);
  await append(3);
  expect(floor()).toBe(2);
  expect(blocks().map(({ first }) => first)).toEqual([1, 4]);
  await append(1);
  expect(blocks().map(({ first }) => first)).toEqual([4, 7]);
  // Another run, which finds its place in the middle of the record.
  const next = makeChannel({ retainCount: 4 }, store);
  await next.append(1);
  expect(next.floor()).toBe(4);
  expect(offsets(next.read(0))).toEqual([5, 6, 7, 8]);
  await next.append(10);
  expect(next.blocks().map(({ first }) => first)).toEqual([9]);
  expect(offsets(next.read(0))).toEqual([15, 16, 17, 18]);
});

it("trims by bytes what was appended together", async () => {
  const { append, floor } = makeChannel({ retainBytes: 100 });
  await append(12);
  expect(floor()).toBe(2);
  await append(1, 55);
  expect(floor()).toBe(8);
});

it("trims past a damaged record, and past one that is missing", async () => {
  for (const damage of [Uint8Array.of(1, 2, 3), undefined]) {
    const { append, blocks, floor, read, store } = makeChannel({ retainCount: 6 });
    await append(3);
    await append(3);
    await store.commit([{ key: entryKey(0, 1), value: damage }]);
    expect(() => read(0)).toThrow(/damaged|missing|cut short/);
    await append(5);
    expect(floor()).toBe(5);
    expect(offsets(read(0))).toEqual([6, 7, 8, 9, 10, 11]);
    expect(blocks().map(({ first }) => first)).toEqual([4, 7]);
  }
});
