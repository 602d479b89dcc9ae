import { memoryLog } from "@hawser/log";
import type { FollowHandlers, Log } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe } from "../support/test-node.ts";

/** A memory log of which a test can say that it went back. */
function logThatGoesBack(): { readonly log: Log; readonly handlers: () => FollowHandlers } {
  const log = memoryLog();
  let handlers: FollowHandlers | undefined;
  const follow = log.follow.bind(log);
  log.follow = (channel, given) => {
    handlers = given;
    return follow(channel, given);
  };
  return { log, handlers: () => handlers! };
}

/** Holds back what a log answers to `read`, until it is let go. */
function holdReads(log: Log): { readonly release: () => void } {
  const held: (() => void)[] = [];
  const read = log.read.bind(log);
  log.read = async (...question) => {
    const page = await read(...question);
    await new Promise<void>((resolve) => held.push(resolve));
    return page;
  };
  return { release: () => held.splice(0).forEach((resolve) => resolve()) };
}

describe("a new epoch", () => {
  it("makes nothing of a page that was read in the epoch before it [SUB-6]", async () => {
    const { log, handlers } = logThatGoesBack();
    const { node, client } = await startNode({ log, limits: { maxTailBytes: 1 }, policy: { retainCount: 3 } });
    const { epoch } = await node.publish("chat", payloadOf("1"));
    for (const word of ["2", "3", "4", "5"]) await node.publish("chat", payloadOf(word));
    const ann = await client().connect();
    const reads = holdReads(log);
    await ann.ask(subscribe("chat", { position: { epoch, offset: 2 } }));
    // The copy that stands in the data's place was taken before anything was trimmed.
    handlers().onEpoch({
      epoch: epoch + 1,
      floor: 0,
      end: 3,
      lineage: [
        { epoch, start: 0 },
        { epoch: epoch + 1, start: 3 },
      ],
    });
    reads.release();
    const frames = await ann.frames();
    expect(frames.filter((frame) => frame.type === "batch")).toEqual([]);
    expect(frames.filter((frame) => frame.type === "reset")).toMatchObject([
      { epoch: epoch + 1, offset: 2, reset: "", lost: undefined },
    ]);
  });

  it("begins no grant at an end that the log had in the epoch before it [POS-1]", async () => {
    const { log, handlers } = logThatGoesBack();
    const { node, client } = await startNode({ log, authorize: ({ verb }) => verb !== "history" });
    const { epoch } = await node.publish("chat", payloadOf("1"));
    await node.publish("chat", payloadOf("2"));
    const ann = await client().connect();
    const old = await log.head("chat");
    let answer: (() => void) | undefined;
    log.head = () => new Promise((resolve) => (answer = () => resolve(old)));
    await ann.ask(subscribe("chat"));
    handlers().onEpoch({
      epoch: epoch + 1,
      floor: 0,
      end: 0,
      lineage: [
        { epoch, start: 0 },
        { epoch: epoch + 1, start: 0 },
      ],
    });
    answer!();
    expect(await ann.frames()).toMatchObject([{ type: "error", code: "log-unavailable", retry: true }]);
  });

  it("is told with what an epoch before it took back, when that was not told yet [POS-8]", async () => {
    const { log, handlers } = logThatGoesBack();
    const { node, client } = await startNode({ log });
    const { epoch } = await node.publish("chat", payloadOf("1"));
    for (const word of ["2", "3", "4"]) await node.publish("chat", payloadOf(word));
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    const first = { epoch, start: 0 };
    const second = { epoch: epoch + 1, start: 2 };
    const third = { epoch: epoch + 2, start: 2 };
    // Both before the node has written anything of the first.
    handlers().onEpoch({ epoch: epoch + 1, floor: 0, end: 2, lineage: [first, second] });
    handlers().onEpoch({ epoch: epoch + 2, floor: 0, end: 2, lineage: [first, second, third] });
    const resets = (await ann.frames()).filter((frame) => frame.type === "reset");
    expect(resets).toMatchObject([{ epoch: epoch + 2, offset: 2, reset: "truncated", lost: undefined }]);
  });
});
