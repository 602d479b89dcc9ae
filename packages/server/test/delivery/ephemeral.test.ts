import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

const policy = { retainCount: 0 };

describe("an ephemeral channel", () => {
  it("gives live messages in order, and nothing to who comes later", async () => {
    const { node, client } = await startNode({ policy });
    const ann = await client().connect("ann");
    await ann.ask(subscribe("cursor"));
    for (const value of [1, 2, 3]) await node.publish("cursor", payloadOf(value));
    expect(valuesOf(await ann.frames())).toEqual([1, 2, 3]);
    const bob = await client().connect("bob");
    expect(valuesOf(await bob.ask(subscribe("cursor", { last: 10 })))).toEqual([]);
    const [page] = await bob.ask({
      type: "history",
      id: 2,
      channel: "cursor",
      position: undefined,
      backward: true,
      limit: 9,
    });
    expect(page).toMatchObject({ type: "page", messages: [], more: false, floor: 3 });
  });

  it("bridges a short loss from the tail, and tells what a longer one lost", async () => {
    const { node, client } = await startNode({ policy, limits: { maxTailBytes: 100 } });
    const ann = await client().connect("ann");
    const [subscribed] = await ann.ask(subscribe("cursor"));
    const epoch = subscribed?.type === "subscribed" ? subscribed.epoch : 0;
    for (const value of [1, 2, 3, 4, 5]) await node.publish("cursor", payloadOf(value));
    const back = await client().connect("ann");
    const short = await back.ask(subscribe("cursor", { position: { epoch, offset: 4 } }));
    expect(short[0]).toMatchObject({ offset: 4, reset: "", lost: undefined });
    expect(valuesOf(short)).toEqual([5]);
    const late = await client().connect("ann");
    const long = await late.ask(subscribe("cursor", { position: { epoch, offset: 0 } }));
    expect(long[0]).toMatchObject({ reset: "trimmed", lost: { from: 0, to: 2 }, offset: 2 });
    expect(valuesOf(long)).toEqual([3, 4, 5]);
  });
});
