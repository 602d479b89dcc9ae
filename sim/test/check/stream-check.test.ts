import { describe, expect, it } from "vitest";
import { StreamCheck } from "../../src/check/stream-check.ts";
import type { SeenMessage } from "../../src/check/stream-check.ts";
import { StoredChannel } from "../../src/store/stored-channel.ts";

const policy = {
  durability: "commit",
  retainCount: 1_000,
  retainBytes: 1e9,
  retainAgeMs: 1e9,
  deduplicateMs: 1e9,
} as const;

/** A channel with so many messages, and a checker at its beginning. */
function watched(
  messages: number,
  { keys = [], conflates = false }: { readonly keys?: readonly string[]; readonly conflates?: boolean } = {},
): {
  channel: StoredChannel;
  check: StreamCheck;
  found: string[];
  say: (offset: number, epoch?: number) => void;
  leftOut: () => number;
} {
  const channel = new StoredChannel("room", policy, 1);
  const found: string[] = [];
  let leftOut = 0;
  const check = new StreamCheck({
    channel,
    label: "ann",
    from: { epoch: 1, offset: 0 },
    conflates,
    onLeftOut: (messages) => (leftOut += messages),
    report: (message) => found.push(message),
  });
  const keyOf = (offset: number): string => keys[offset - 1] ?? "";
  for (let index = 1; index <= messages; index += 1) append(channel, index, keyOf(index));
  const say = (offset: number, epoch = 1): void => check.onMessage({ ...message(offset, epoch), key: keyOf(offset) });
  return { channel, check, found, say, leftOut: () => leftOut };
}

function append(channel: StoredChannel, value: number, key = ""): void {
  const payload = { kind: "json", data: Buffer.from(String(value)) } as const;
  channel.append({ channel: "room", producer: "", sequence: 0, previous: 0, payload, key, publisher: "ben" }, 0, 0, 1);
}

function message(offset: number, epoch: number, json = String(offset)): SeenMessage {
  return { position: { epoch, offset }, publisher: "ben", key: "", json };
}

describe("the checker of a stream", () => {
  it("is content with every message, once and in order", () => {
    const { check, found, say } = watched(3);
    expect(check.complete).toBe(false);
    for (const offset of [1, 2, 3]) say(offset);
    expect(found).toEqual([]);
    expect(check.complete).toBe(true);
  });

  it("lets out of a conflated channel what has a newer message of its key, and counts it", () => {
    const { check, found, say, leftOut } = watched(4, { keys: ["a", "b", "a", "b"], conflates: true });
    for (const offset of [3, 4]) say(offset);
    expect(found).toEqual([]);
    expect([leftOut(), check.complete]).toEqual([2, true]);
  });

  it("finds what a conflated channel may not leave out: without a key, or the newest of it", () => {
    for (const keys of [
      ["", "", "a"],
      ["a", "b", "c"],
    ]) {
      const { found, say } = watched(3, { keys, conflates: true });
      for (const offset of [1, 3]) say(offset);
      expect(found).toHaveLength(1);
    }
  });

  it("lets out of a conflated channel what had a newer message, which the log lost when it went back", () => {
    for (const conflates of [true, false]) {
      const { channel, check, found, say } = watched(2, { keys: ["", "a"], conflates });
      const copy = channel.copy();
      append(channel, 3, "a");
      say(1);
      channel.replace(copy);
      channel.beginEpoch(2);
      expect(check.complete).toBe(conflates);
      append(channel, 30);
      check.onMessage(message(3, 2, "30"));
      expect(found).toHaveLength(conflates ? 0 : 1);
    }
  });

  it("finds what is left out of a channel that does not conflate", () => {
    const { found, say } = watched(3, { keys: ["a", "a", "a"] });
    for (const offset of [1, 3]) say(offset);
    expect(found).toHaveLength(1);
  });

  it("finds what is missing, doubled, out of order, or another's", () => {
    for (const offsets of [
      [1, 3],
      [1, 2, 2],
      [2, 1],
      [1, 2, 3, 4],
    ]) {
      const { found, say } = watched(3);
      for (const offset of offsets) say(offset);
      expect(found.length, offsets.join()).toBeGreaterThan(0);
    }
    const { check, found } = watched(1);
    check.onMessage(message(1, 1, "7"));
    expect(found).toEqual(["ann got 7 at 1/1, where the log has 1"]);
  });

  it("takes a loss only where the log was trimmed, and only with its bounds", () => {
    const told = (from: number, to: number): string[] => {
      const { channel, check, found, say } = watched(5);
      say(1);
      channel.trim(3);
      check.onLost(1, { from, to });
      return found;
    };
    expect(told(1, 3)).toEqual([]);
    expect(told(1, 4)).not.toEqual([]);
    expect(told(0, 3)).not.toEqual([]);
    expect(told(2, 3)).not.toEqual([]);
  });

  it("takes a reset only where the log went another way, and wants one there", () => {
    const back = (): ReturnType<typeof watched> => {
      const made = watched(2);
      const copy = made.channel.copy();
      append(made.channel, 3);
      for (const offset of [1, 2, 3]) made.say(offset);
      made.channel.replace(copy);
      made.channel.beginEpoch(2);
      append(made.channel, 30);
      return made;
    };
    const right = back();
    right.check.onReset("truncated", { epoch: 1, offset: 3 }, { epoch: 2, offset: 2 });
    right.check.onMessage(message(3, 2, "30"));
    expect(right.found).toEqual([]);
    expect(right.check.complete).toBe(true);

    const silent = back();
    silent.check.onMessage(message(3, 2, "30"));
    expect(silent.found).not.toEqual([]);

    const elsewhere = back();
    elsewhere.check.onReset("truncated", { epoch: 1, offset: 3 }, { epoch: 2, offset: 1 });
    expect(elsewhere.found).not.toEqual([]);

    const needless = watched(2);
    needless.say(1);
    needless.channel.beginEpoch(2);
    needless.check.onReset("truncated", { epoch: 1, offset: 1 }, { epoch: 2, offset: 1 });
    expect(needless.found).not.toEqual([]);
  });
});
