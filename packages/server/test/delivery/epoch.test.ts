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

describe("a new epoch", () => {
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
