import { payloadOf } from "@hawser/protocol";
import type { BatchFrame, ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe } from "../support/test-node.ts";
import type { TestClient } from "../support/test-node.ts";

const windowBytes = 65_536;
const limits = { minUnconfirmedBytes: windowBytes, maxUnconfirmedBytes: windowBytes, maxTailBytes: 4_194_304 };

const batchesOf = (frames: readonly ServerFrame[]): BatchFrame[] =>
  frames.filter((frame): frame is BatchFrame => frame.type === "batch" && frame.messages.length > 0);

/** The channels of the batches, in the order of their coming. */
const namesOf = (frames: readonly ServerFrame[], numbers: ReadonlyMap<number, string>): (string | undefined)[] =>
  batchesOf(frames).map(({ number }) => numbers.get(number));

async function subscribeAll(one: TestClient, channels: readonly string[]): Promise<Map<number, string>> {
  const numbers = new Map<number, string>();
  for (const [index, channel] of channels.entries()) {
    const frames = await one.ask(subscribe(channel, { id: index + 1 }));
    for (const frame of frames) if (frame.type === "subscribed") numbers.set(frame.number, channel);
  }
  return numbers;
}

describe("the channels of a connection", () => {
  it("are written by their lanes, at most one block of bulk ahead of what is urgent [FLOW-6]", async () => {
    const policies = { chart: { lane: "bulk" }, orders: { lane: "interactive" } } as const;
    const { node, client } = await startNode({ limits, policies });
    const ann = await client().connect();
    const numbers = await subscribeAll(ann, ["chart", "chat", "orders"]);
    ann.transport.confirms = false;
    for (let at = 0; at < 40; at += 1) await node.publish("chart", payloadOf("x".repeat(8_000)));
    const first = await ann.frames();
    expect(new Set(namesOf(first, numbers))).toEqual(new Set(["chart"]));
    for (const { messages } of batchesOf(first)) expect(messages.length).toBeLessThanOrEqual(2);
    await node.publish("chat", payloadOf("hello"));
    await node.publish("orders", payloadOf("filled"));
    expect(await ann.frames()).toEqual([]);
    ann.transport.confirmAll();
    expect(namesOf(await ann.frames(), numbers).slice(0, 3)).toEqual(["orders", "chat", "chart"]);
  });

  it("of one lane are given the same bytes in turn, however large what they hold is [FLOW-6]", async () => {
    const { node, client } = await startNode({ limits });
    const ann = await client().connect();
    const numbers = await subscribeAll(ann, ["large", "small"]);
    ann.transport.confirms = false;
    for (let at = 0; at < 8; at += 1) await node.publish("large", payloadOf("x".repeat(60_000)));
    await ann.frames();
    for (let at = 0; at < 6; at += 1) await node.publish("small", payloadOf("y"));
    ann.transport.confirmAll();
    expect(namesOf(await ann.frames(), numbers)[0]).toBe("small");
  });

  it("are confirmed on the way when much is written at once, not all behind it", async () => {
    const wide = { ...limits, minUnconfirmedBytes: 4 * windowBytes, maxUnconfirmedBytes: 4 * windowBytes };
    const { node, client } = await startNode({ limits: wide, policies: { chart: { lane: "bulk" } } });
    const ann = await client().connect();
    await subscribeAll(ann, ["chart"]);
    ann.transport.confirms = false;
    await Promise.all(Array.from({ length: 40 }, () => node.publish("chart", payloadOf("x".repeat(8_000)))));
    await ann.frames();
    // One ahead of the first, and one behind each eighth of the window, of which a half goes out at once.
    expect(ann.transport.marks.length).toBeGreaterThanOrEqual(4);
  });

  it("are written at most once a turn, whatever lanes they are in [FLOW-6]", async () => {
    const policies = { chart: { lane: "bulk" }, orders: { lane: "interactive" } } as const;
    const { node, client } = await startNode({ policies });
    const ann = await client().connect();
    const numbers = await subscribeAll(ann, ["chart", "chat", "orders"]);
    const before = ann.transport.writes;
    await Promise.all(["chart", "chat", "orders"].map((channel) => node.publish(channel, payloadOf(1))));
    expect(namesOf(await ann.frames(), numbers)).toEqual(["orders", "chat", "chart"]);
    expect(ann.transport.writes - before).toBe(1);
  });
});
