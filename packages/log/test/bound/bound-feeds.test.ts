import { beforeEach, describe, expect, it } from "vitest";
import type { Entry, Follower, Head } from "@hawser/log";
import { BoundFeeds } from "../../src/bound/bound-feeds.ts";

const entryAt = (offset: number): Entry => ({ offset, time: 0, payload: undefined, key: "", publisher: "" });
const headAt = (end: number): Head => ({ epoch: 1, floor: 0, end, lineage: [{ epoch: 1, start: 0 }] });

let told: string[];
let emptied: number;
let feeds: BoundFeeds;
beforeEach(() => {
  told = [];
  emptied = 0;
  feeds = new BoundFeeds({ ports: {}, maxFollowed: 2, onEmpty: () => (emptied += 1) });
});

function create(name: string, at = 0) {
  return feeds.create(name, { name, at, place: undefined });
}

function join(name: string): Follower {
  const feed = feeds.get(name)!;
  return feeds.join(name, feed, handlers, headAt(feed.at));
}

const handlers = {
  onEntries: (entries: readonly Entry[], { from, to }: { from: number; to: number }) =>
    told.push(`(${from},${to}] ${entries.map(({ offset }) => offset).join(" ")}`),
  onFloor: (floor: number) => told.push(`floor ${floor}`),
  onEpoch: ({ end }: Head) => told.push(`epoch at ${end}`),
  onAvailable: (available: boolean) => told.push(`available ${available}`),
};

describe("the feeds of bound channels", () => {
  it("give every entry once, in intervals without a gap", async () => {
    const feed = create("a", 3);
    join("a");
    feed.entry(entryAt(5));
    feed.entry(entryAt(4));
    feed.entries([], 8);
    feed.entries([entryAt(8)], 8);
    await Promise.resolve();
    expect(told).toEqual(["(3,8] 5"]);
  });

  it("go on where an epoch begins", async () => {
    const feed = create("a", 9);
    join("a");
    feed.epoch(headAt(2));
    feed.entry(entryAt(3));
    feeds.available(false);
    feed.floor(1);
    await Promise.resolve();
    expect(told).toEqual(["epoch at 2", "(2,3] 3", "available false", "floor 1"]);
  });

  it("take no channel past their limit, before one was let go", () => {
    create("a");
    create("b");
    const follower = join("a");
    expect(() => create("c")).toThrow(expect.objectContaining({ code: "overloaded" }));
    follower.close();
    create("c");
    expect(feeds.size).toBe(2);
  });

  it("keep a channel that is about to be followed, though its last follower leaves", async () => {
    const feed = create("a");
    const first = join("a");
    let found = (): void => {};
    const second = feeds.holding("a", feed, async () => {
      await new Promise<void>((resolve) => (found = resolve));
      return join("a");
    });
    first.close();
    expect(feeds.get("a")).toBe(feed);
    found();
    const follower = await second;
    feed.entry(entryAt(1));
    await Promise.resolve();
    expect(told).toEqual(["(0,1] 1"]);
    expect(emptied).toBe(0);
    follower.close();
    expect([feeds.size, emptied]).toEqual([0, 1]);
  });

  it("let a channel go of which nobody found out where it stands", async () => {
    const found = feeds.holding("a", create("a"), () => Promise.reject(new TypeError("away")));
    await expect(found).rejects.toThrow("away");
    expect([feeds.size, emptied]).toEqual([0, 1]);
  });

  it("tell nothing any more once they are closed", async () => {
    const feed = create("a");
    join("a");
    feed.entry(entryAt(1));
    feeds.close();
    await Promise.resolve();
    expect(told).toEqual([]);
    expect(feeds.size).toBe(0);
  });
});
