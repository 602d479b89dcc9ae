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
});
