import { payloadOf } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { Authorize } from "../../src/core.ts";
import { enter, presencePolicy, watch } from "../presence/support.ts";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";

const limits = { authorizeTimeoutMs: 5_000 };
const hangs: Authorize = () => new Promise<boolean>(() => {});

const asks: readonly (readonly [string, ClientFrame])[] = [
  ["a publish", publish(1, "chat", "x")],
  ["a subscribe", subscribe("chat")],
  ["a page of history", { type: "history", id: 1, channel: "chat", position: undefined, backward: true, limit: 0 }],
  ["a call", { type: "call", id: 1, method: "echo", payload: payloadOf(1), timeoutMs: 0, idempotent: false }],
  ["an enter", enter(1, "chat", "m")],
  ["a watch", watch(1, "chat")],
];

describe("an authorize hook that hangs", () => {
  it.each(asks)("leaves %s without a place after its time, with an error that may be tried again", async (_, frame) => {
    const { client, ports } = await startNode({
      authorize: hangs,
      limits: { ...limits, maxRequests: 1 },
      policy: { presence: presencePolicy },
      calls: { echo: (request) => request },
    });
    const ann = await client().connect();
    await ann.ask(frame);
    await ports.advance(4_999);
    expect(await ann.frames()).toEqual([]);
    await ports.advance(1);
    expect(await ann.frames()).toMatchObject([{ id: 1, code: "internal", retry: true }]);
    // The one request that there may be is free again.
    expect(await ann.ask(publish(2, "chat", "y"))).toEqual([]);
    expect(await ann.ask(publish(3, "chat", "z"))).toMatchObject([{ id: 3, code: "too-many-requests" }]);
  });

  it("is asked anew by who tries again, and what it says then counts", async () => {
    let answers = false;
    const { client, ports } = await startNode({ authorize: () => (answers ? true : new Promise(() => {})), limits });
    const ann = await client().connect();
    await ann.ask(publish(1, "chat", "x"));
    await ports.advance(5_000);
    expect(await ann.frames()).toMatchObject([{ type: "rejected", code: "internal" }]);
    answers = true;
    expect(await ann.ask(publish(2, "chat", "x"))).toMatchObject([{ type: "published" }]);
  });

  it("takes away what rested on a right, once it has been asked anew [SUB-12]", async () => {
    let authorize: Authorize = () => true;
    const { client, node, ports } = await startNode({
      authorize: (request) => authorize(request),
      limits,
      policy: { presence: presencePolicy },
    });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"), enter(2, "chat", "m"));
    authorize = hangs;
    const refreshed = node.refresh("ann");
    await node.publish("chat", payloadOf("still"));
    expect(valuesOf(await ann.frames())).toEqual(["still"]);
    await ports.advance(5_000);
    await refreshed;
    expect((await ann.frames()).map(({ type }) => type)).toEqual(expect.arrayContaining(["unsubscribed", "revoked"]));
    expect(await node.members("chat")).toEqual([]);
  });

  it("leaves no timer behind once it has answered", async () => {
    const { client, ports } = await startNode({ authorize: () => Promise.resolve(false), limits });
    const ann = await client().connect();
    const before = ports.pending;
    expect(await ann.ask(publish(1, "chat", "x"))).toMatchObject([{ code: "forbidden" }]);
    expect(ports.pending).toBe(before);
  });
});
