import { describe, expect, it } from "vitest";
import type { Head } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { FollowedChannels } from "../../src/follow/followed-channels.ts";

const head = (end: number, epoch: number): Head => ({ epoch, floor: 0, end, lineage: [{ epoch, start: 0 }] });

describe("the channels that a node follows", () => {
  it("begin in the newest epoch, also where it came while their head was on its way", async () => {
    let answer: (late: Head) => void = () => {};
    const channels = new FollowedChannels({
      maxFollowed: 10,
      ports: { ...systemPorts(), policyOf: () => expect.fail("no policy is asked for") },
      head: () => new Promise((resolve) => (answer = resolve)),
      heads: async (names) => names.map(() => head(0, 2)),
      read: () => expect.fail("nothing is read"),
      onWentBack: () => expect.fail("nothing went back"),
    });
    const epochs: number[] = [];
    const following = channels.follow("a", {
      onEntries: () => {},
      onFloor: () => {},
      onEpoch: ({ epoch }) => epochs.push(epoch),
    });
    channels.begin(2);
    // The look at all heads has passed this one by, whose own is not here.
    await new Promise((resolve) => setImmediate(resolve));
    answer(head(5, 1));
    const { head: first } = await following;
    await new Promise((resolve) => setImmediate(resolve));
    expect([first.epoch, ...epochs].at(-1)).toBe(2);
  });

  it("are read again where the server refused once to say what they lack", async () => {
    let refused = 0;
    const refuse = (): void => {
      refused += 1;
      if (refused <= 2) throw new Error("BUSY Redis is busy running a script");
    };
    const entry = (offset: number) => ({ offset, time: 0, payload: undefined, key: "", publisher: "" });
    const channels = new FollowedChannels({
      maxFollowed: 10,
      ports: { ...systemPorts(), policyOf: () => expect.fail("no policy is asked for") },
      head: async () => head(5, 1),
      heads: async (names) => {
        refuse();
        return names.map(() => head(7, 1));
      },
      read: async () => {
        refuse();
        return { epoch: 1, floor: 0, interval: { from: 5, to: 7 }, entries: [entry(6), entry(7)], more: false };
      },
      onWentBack: () => expect.fail("nothing went back"),
    });
    const given: number[] = [];
    await channels.follow("a", {
      onEntries: (entries) => given.push(...entries.map(({ offset }) => offset)),
      onFloor: () => {},
      onEpoch: () => {},
    });
    channels.take({ channel: "a", epoch: 1, fed: 2, before: 1, floor: 0, entry: entry(7) });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (const expected of [1, 2, 4]) {
      await turn();
      expect(refused).toBe(expected);
      channels.retry();
    }
    await turn();
    channels.retry();
    await turn();
    expect([refused, given]).toEqual([4, [6, 7]]);
  });
});
