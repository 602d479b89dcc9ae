import { describe, expect, it } from "vitest";
import type { Entry, Head } from "@hawser/log";
import { FollowedChannel } from "../../src/follow/followed-channel.ts";
import type { FeedRecord } from "../../src/values/entries.ts";

const entry = (offset: number): Entry => ({ offset, time: 0, payload: undefined, key: "", publisher: "" });
const record = (offset: number, epoch = 1, floor = 0): FeedRecord => ({
  epoch,
  fed: offset,
  before: offset - 1,
  channel: "a",
  entry: entry(offset),
  floor,
});
const head = (end: number, epoch = 1, floor = 0): Head => ({ epoch, floor, end, lineage: [{ epoch, start: 0 }] });

function channelAt(end: number) {
  const told: string[] = [];
  let behind = 0;
  const channel = new FollowedChannel("a", {
    onNews: () => {},
    onBehind: () => (behind += 1),
    onUnused: () => told.push("unused"),
    onFollowerError: () => {},
  });
  channel.hold();
  const settle = (head: Head): boolean => channel.settle(head, channel.standing);
  settle(head(end));
  const follower = channel.join({
    onEntries: (entries, { from, to }) => told.push(`(${from},${to}] ${entries.map(({ offset }) => offset).join(" ")}`),
    onFloor: (floor) => told.push(`floor ${floor}`),
    onEpoch: (next) => told.push(`epoch ${next.epoch} at ${next.end}`),
  });
  const heard = (): string[] => {
    channel.feed.deliver();
    return told.splice(0);
  };
  return { channel, settle, follower, heard, behind: () => behind };
}

describe("a followed channel", () => {
  it("begins at its head, and drops what the feed brings of before", () => {
    const { channel, heard, follower } = channelAt(3);
    expect(follower.head.end).toBe(3);
    for (const offset of [2, 3, 4, 5]) channel.take(record(offset));
    expect(heard()).toEqual(["(3,5] 4 5"]);
  });

  it("reads the channel where the feed leaves something out, up to the newest that the feed told of", () => {
    const { channel, heard, behind } = channelAt(3);
    channel.take(record(6));
    channel.take(record(7));
    expect([behind(), heard()]).toEqual([1, []]);
    const page = { epoch: 1, floor: 0, more: true };
    expect(channel.takePage({ ...page, interval: { from: 3, to: 5 }, entries: [entry(4), entry(5)] })).toBe(true);
    expect(channel.takePage({ ...page, interval: { from: 5, to: 7 }, entries: [entry(6), entry(7)] })).toBe(false);
    channel.take(record(8));
    expect(heard()).toEqual(["(3,8] 4 5 6 7 8"]);
  });

  it("asks to be read again with each head while it is behind, and takes nothing twice", () => {
    const { channel, settle, heard, behind } = channelAt(3);
    channel.take(record(5));
    settle(head(5));
    expect(behind()).toBe(2);
    const page = { epoch: 1, floor: 0, more: false, interval: { from: 3, to: 5 }, entries: [entry(4), entry(5)] };
    channel.takePage({ ...page, more: true, interval: { from: 3, to: 4 }, entries: [entry(4)] });
    channel.takePage(page);
    expect(heard()).toEqual(["(3,5] 4 5"]);
  });

  it("asks again for what it lacks in a new epoch, where a page comes that was asked for in the one before", () => {
    const { channel, settle, heard } = channelAt(3);
    channel.take(record(6));
    channel.ask();
    settle(head(4, 2));
    channel.take(record(6, 2));
    const page = {
      epoch: 1,
      floor: 0,
      more: false,
      interval: { from: 3, to: 6 },
      entries: [entry(4), entry(5), entry(6)],
    };
    expect(channel.takePage(page)).toBe(true);
    const next = { epoch: 2, floor: 0, more: false, interval: { from: 4, to: 6 }, entries: [entry(5), entry(6)] };
    expect(channel.takePage(next)).toBe(false);
    expect(heard()).toEqual(["epoch 2 at 4", "(4,6] 5 6"]);
  });

  it("does not read for what is not there", () => {
    const { channel } = channelAt(3);
    channel.take(record(9));
    expect(channel.takePage({ epoch: 1, floor: 0, more: false, interval: { from: 3, to: 3 }, entries: [] })).toBe(
      false,
    );
  });

  it("begins anew behind what was trimmed before it could be read", () => {
    const { channel, heard } = channelAt(3);
    channel.take(record(9));
    channel.takePage({ epoch: 1, floor: 7, more: false, interval: { from: 7, to: 9 }, entries: [entry(8), entry(9)] });
    expect(heard()).toEqual(["epoch 1 at 7", "(7,9] 8 9"]);
  });

  it("keeps what the feed brings while its head in a new epoch is asked for", () => {
    const { channel, settle, heard } = channelAt(3);
    channel.ask();
    channel.take(record(4, 2));
    channel.take(record(5, 2));
    settle(head(4, 2));
    expect(heard()).toEqual(["epoch 2 at 4", "(4,5] 5"]);
  });

  it("reads the channel where more came meanwhile than is kept", () => {
    const { channel, settle, heard, behind } = channelAt(3);
    channel.ask();
    for (let offset = 4; offset <= 400; offset += 1) channel.take(record(offset, 2));
    settle(head(3, 2));
    expect(behind()).toBe(1);
    expect(heard()[0]).toBe("epoch 2 at 3");
  });

  it("says that the log went back where its head lies below what was given", () => {
    const { settle } = channelAt(3);
    expect(settle(head(3))).toBe(true);
    expect(settle(head(2))).toBe(false);
  });

  it("does not say so of a head that the feed overtook on its way", () => {
    const { channel, heard } = channelAt(3);
    const asked = channel.standing;
    channel.take(record(4));
    expect(channel.settle(head(3), asked)).toBe(true);
    channel.take(record(5));
    expect(heard()).toEqual(["(3,5] 4 5"]);
  });

  it("lets those wait who come later, until it stands where the log did when they came", async () => {
    const { channel } = channelAt(3);
    let reached = false;
    const waiting = channel.reached(head(4)).then(() => (reached = true));
    expect(reached).toBe(false);
    channel.take(record(4));
    await waiting;
    expect(reached).toBe(true);
  });

  it("tells a floor behind the entries, and is unused when its last follower closes", () => {
    const { channel, heard, follower } = channelAt(3);
    channel.take(record(4, 1, 2));
    expect(heard()).toEqual(["(3,4] 4", "floor 2"]);
    follower.close();
    expect(heard()).toEqual(["unused"]);
  });
});
