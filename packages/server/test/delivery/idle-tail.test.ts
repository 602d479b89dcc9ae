import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/core.ts";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

const limits = { tailIdleMs: 10_000, heartbeatMs: 1_000_000, idleBatchMs: 1_000_000, connectTimeoutMs: 4_000 };

/** A node of which one can see what its tails hold. */
async function startWatched(policy: { retainCount?: number; deduplicateMs?: number } = {}) {
  let tailBytes = 0;
  let reads = 0;
  const observer = {
    ...silentObserver,
    tails: (_channels: number, bytes: number) => void (tailBytes = bytes),
    catchUpRead: () => void (reads += 1),
  };
  const started = await startNode({ observer, limits, policy });
  return { ...started, tailBytes: () => tailBytes, reads: () => reads };
}

describe("the tail of a channel to which nothing comes", () => {
  it("is let go of after tailIdleMs, and not before", async () => {
    const { node, client, ports, tailBytes } = await startWatched();
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    await node.publish("chat", payloadOf("a"));
    expect(valuesOf(await ann.frames())).toEqual(["a"]);
    await ports.advance(9_000);
    expect(tailBytes()).toBeGreaterThan(0);
    await ports.advance(4_000);
    expect(tailBytes()).toBe(0);
  });

  it("goes on behind where it ended, and gives what came before from the log", async () => {
    const { node, client, ports, tailBytes, reads } = await startWatched();
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    for (const value of ["a", "b"]) await node.publish("chat", payloadOf(value));
    expect(valuesOf(await ann.frames())).toEqual(["a", "b"]);
    await ports.advance(15_000);
    expect(tailBytes()).toBe(0);
    await node.publish("chat", payloadOf("c"));
    expect(valuesOf(await ann.frames())).toEqual(["c"]);
    const bob = await client().connect("bob");
    const [subscribed, ...batches] = await bob.ask(subscribe("chat", { last: 3 }));
    expect(subscribed).toMatchObject({ type: "subscribed", lost: undefined, reset: "" });
    expect(valuesOf([...batches, ...(await bob.frames())])).toEqual(["a", "b", "c"]);
    expect(reads()).toBeGreaterThan(0);
  });

  it("is kept for a subscriber that has not got all of it", async () => {
    const { node, client, ports, tailBytes } = await startWatched();
    const ann = await client().connect();
    await ann.ask(subscribe("chat", { credit: 1 }));
    for (const value of ["a", "b"]) await node.publish("chat", payloadOf(value));
    expect(valuesOf(await ann.frames())).toEqual(["a"]);
    await ports.advance(15_000);
    expect(tailBytes()).toBeGreaterThan(0);
    const frames = await ann.ask({ type: "credit", number: 1, generation: 1, credit: 100_000 });
    expect(valuesOf(frames)).toEqual(["b"]);
    await ports.advance(3_000);
    expect(tailBytes()).toBe(0);
  });

  it("is kept where the log does not have what it holds", async () => {
    const { node, client, ports, tailBytes } = await startWatched({ retainCount: 0, deduplicateMs: 0 });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    await node.publish("chat", payloadOf("a"));
    expect(valuesOf(await ann.frames())).toEqual(["a"]);
    await ports.advance(15_000);
    expect(tailBytes()).toBeGreaterThan(0);
  });
});
