import { payloadOf } from "@hawser/protocol";
import type { BatchFrame, ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/core.ts";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

const batchesOf = (frames: readonly ServerFrame[]): BatchFrame[] =>
  frames.filter((frame): frame is BatchFrame => frame.type === "batch");

const prices = [
  ["EUR", "EUR 1"],
  ["USD", "USD 1"],
  ["EUR", "EUR 2"],
  ["", "open"],
  ["EUR", "EUR 3"],
] as const;

describe("a conflated channel", () => {
  it("gives a subscriber that is behind the newest of each key, in one marked batch [SUB-17]", async () => {
    const { node, client } = await startNode({ policy: { conflate: true } });
    const ann = await client().connect();
    await ann.ask(subscribe("prices", { credit: 1 }));
    await node.publish("prices", payloadOf("first"), { key: "GBP" });
    expect(valuesOf(await ann.frames())).toEqual(["first"]);
    for (const [key, value] of prices) await node.publish("prices", payloadOf(value), { key });
    expect(valuesOf(await ann.frames())).toEqual([]);
    const more = await ann.ask({ type: "credit", number: 1, generation: 1, credit: 100_000 });
    expect(valuesOf(more)).toEqual(["USD 1", "open", "EUR 3"]);
    expect(batchesOf(more)).toMatchObject([{ from: 1, to: 6, conflated: true }]);
  });

  it("leaves nothing out for a subscriber that keeps up [SUB-17]", async () => {
    const { node, client } = await startNode({ policy: { conflate: true } });
    const ann = await client().connect();
    await ann.ask(subscribe("prices"));
    const frames: ServerFrame[] = [];
    for (const [key, value] of prices) {
      await node.publish("prices", payloadOf(value), { key });
      frames.push(...(await ann.frames()));
    }
    expect(valuesOf(frames)).toEqual(prices.map(([, value]) => value));
    expect(batchesOf(frames).some(({ conflated }) => conflated)).toBe(false);
  });

  it("is conflated for those that resume from where only the log can serve them [SUB-17]", async () => {
    const { node, client } = await startNode({ policy: { conflate: true }, limits: { maxTailBytes: 1 } });
    for (const [key, value] of prices) await node.publish("prices", payloadOf(value), { key });
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("prices", { last: 5 }));
    frames.push(...(await ann.frames()));
    expect(valuesOf(frames)).toEqual(["USD 1", "open", "EUR 3"]);
    expect(batchesOf(frames)).toMatchObject([{ from: 0, to: 5, conflated: true }]);
  });

  it("serves a slow subscriber what the log has trimmed but the node holds", async () => {
    const { node, client } = await startNode({ policy: { conflate: true, retainCount: 2 } });
    const ann = await client().connect();
    await ann.ask(subscribe("prices"));
    ann.transport.confirms = false;
    await node.publish("prices", payloadOf("GBP 1"), { key: "GBP" });
    for (let at = 0; at < 100; at += 1) await node.publish("prices", payloadOf(`EUR ${at}`), { key: "EUR" });
    await ann.frames();
    const frames = await ann.ask({ type: "seek", number: 1, generation: 1, offset: 0 });
    expect(valuesOf(frames)).toEqual(["GBP 1", "EUR 99"]);
    expect(frames.some(({ type }) => type === "reset")).toBe(false);
  });

  it("counts what it holds against the memory of the node", async () => {
    const costs: number[] = [];
    const observer = { ...silentObserver, tails: (_channels: number, bytes: number) => void costs.push(bytes) };
    const { node, client, ports } = await startNode({ policy: { conflate: true }, observer });
    const ann = await client().connect();
    await ann.ask(subscribe("prices"));
    for (let at = 0; at < 10; at += 1) await node.publish("prices", payloadOf("x".repeat(968)), { key: "EUR" });
    await ports.advance(20_000);
    expect(costs.at(-1)).toBeGreaterThan(11_000);
    expect(costs.at(-1)).toBeLessThan(11_200);
  });
});

describe("a channel with a rate of deliveries", () => {
  it("pages: what is above the rate waits, and nothing is left out [SUB-18]", async () => {
    const { node, client, ports } = await startNode({ policy: { deliveriesPerSecond: 20 } });
    const ann = await client().connect();
    await ann.ask(subscribe("news"));
    for (let at = 0; at < 5; at += 1) await node.publish("news", payloadOf(at));
    expect(valuesOf(await ann.frames())).toEqual([0, 1]);
    await ports.advance(99);
    expect(valuesOf(await ann.frames())).toEqual([]);
    await ports.advance(1);
    expect(valuesOf(await ann.frames())).toEqual([2, 3]);
    await ports.advance(100);
    expect(valuesOf(await ann.frames())).toEqual([4]);
    expect(ports.pending).toBeLessThan(5);
  });

  it("leaves out what became old meanwhile, when it is conflated [SUB-17] [SUB-18]", async () => {
    const { node, client, ports } = await startNode({ policy: { deliveriesPerSecond: 10, conflate: true } });
    const ann = await client().connect();
    await ann.ask(subscribe("prices"));
    for (let at = 0; at < 50; at += 1) await node.publish("prices", payloadOf(at), { key: "EUR" });
    expect(valuesOf(await ann.frames())).toEqual([0]);
    await ports.advance(100);
    expect(valuesOf(await ann.frames())).toEqual([49]);
  });

  it("tells of a trim at once, whatever the rate [SUB-18]", async () => {
    const { node, client } = await startNode({
      policy: { deliveriesPerSecond: 1, retainCount: 1 },
      limits: { maxTailBytes: 1 },
    });
    const ann = await client().connect();
    await ann.ask(subscribe("news"));
    for (let at = 0; at < 5; at += 1) await node.publish("news", payloadOf(at));
    const frames = await ann.frames();
    expect(valuesOf(frames)).toEqual([0]);
    expect(frames.at(-1)).toMatchObject({ type: "reset", reset: "trimmed" });
  });
});
