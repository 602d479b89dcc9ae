import { memoryLog } from "@hawser/log";
import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

describe("a right that is revoked while the log is asked", () => {
  it("gives no subscription [SUB-12]", async () => {
    const log = memoryLog();
    let allowed = true;
    const { node, client } = await startNode({ log, authorize: () => allowed });
    await node.publish("chat", payloadOf("secret"));
    let open: (() => void) | undefined;
    const follow = log.follow.bind(log);
    log.follow = async (...asked) => {
      await new Promise<void>((resolve) => (open = resolve));
      return follow(...asked);
    };
    const ann = await client().connect();
    await ann.ask(subscribe("chat", { last: 10 }));
    allowed = false;
    await node.refresh("ann");
    open!();
    expect(await ann.frames()).toMatchObject([{ type: "error", code: "forbidden" }]);
    await node.publish("chat", payloadOf("after"));
    expect(valuesOf(await ann.frames())).toEqual([]);
  });

  it("gives no page of history", async () => {
    const log = memoryLog();
    let allowed = true;
    const { node, client } = await startNode({ log, authorize: () => allowed });
    await node.publish("chat", payloadOf("secret"));
    let answer: (() => void) | undefined;
    const readBackward = log.readBackward.bind(log);
    log.readBackward = async (...asked) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return readBackward(...asked);
    };
    const ann = await client().connect();
    await ann.ask({ type: "history", id: 1, channel: "chat", position: undefined, backward: true, limit: 0 });
    allowed = false;
    await node.refresh("ann");
    answer!();
    expect(await ann.frames()).toMatchObject([{ type: "error", code: "forbidden" }]);
  });
});
