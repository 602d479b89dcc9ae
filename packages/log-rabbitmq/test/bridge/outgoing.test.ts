import { describe, expect, it } from "vitest";
import type { Follower, Head, Log } from "@hawser/log";
import { Cursors } from "../../src/bridge/cursors.ts";
import { OutgoingChannel } from "../../src/bridge/outgoing.ts";

const head: Head = { epoch: 1, floor: 0, end: 0, lineage: [{ epoch: 1, start: 0 }] };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A channel without entries, in a log that answers to `follow` as the test says. */
function outgoing(follow: () => Promise<Follower>) {
  const asked: string[] = [];
  const errors: unknown[] = [];
  const log = {
    follow,
    head: async (channel: string) => {
      asked.push(channel);
      return head;
    },
    read: async () => ({ ...head, interval: { from: 0, to: 0 }, entries: [], more: false }),
  } as unknown as Log;
  const channel = new OutgoingChannel("a", {
    log,
    cursors: new Cursors(log, "control"),
    cursorEvery: 1,
    publishing: () => expect.fail("nothing is published"),
    destination: () => ({ exchange: "", routingKey: "a" }),
    onError: (error) => errors.push(error),
    pause: turn,
  });
  return { channel, asked, errors };
}

describe("a channel that a bridge carries", () => {
  it("is followed though the log does not answer at first", async () => {
    let tries = 0;
    const { channel, asked, errors } = outgoing(async () => {
      tries += 1;
      if (tries === 1) throw new Error("the log does not answer");
      return { head, close: () => {} };
    });
    await channel.start();
    await turn();
    expect([tries, errors.length, asked]).toEqual([2, 1, ["a"]]);
    await channel.close();
  });

  it("is not followed any more where it was closed before the log answered", async () => {
    let answer: (follower: Follower) => void = () => {};
    let closed = 0;
    const { channel, asked } = outgoing(() => new Promise((resolve) => (answer = resolve)));
    const started = channel.start();
    await channel.close();
    answer({ head, close: () => (closed += 1) });
    await started;
    expect([closed, asked]).toEqual([1, []]);
  });
});
