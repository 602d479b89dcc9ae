import { payloadOf } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { startNode, subscribe, valuesOf } from "../support/test-node.ts";

const expiresAt = Date.UTC(2026, 0, 1) + 100;
const history: ClientFrame = { type: "history", id: 2, channel: "chat", position: undefined, backward: true, limit: 0 };

describe("a token that has expired", () => {
  it("is sent nothing more, although the next sweep is still to come [CON-7]", async () => {
    const { node, ports, client } = await startNode({ identities: { ann: { expiresAt } } });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    await ports.advance(100);
    await node.publish("chat", payloadOf("after"));
    const frames = await ann.frames();
    expect(valuesOf(frames)).toEqual([]);
    expect(frames).toMatchObject([{ type: "error", id: 0, code: "token-expired" }]);
    expect(ann.transport.closed?.code).toBe(4006);
  });

  it("is answered nothing more [CON-7]", async () => {
    const { node, ports, client } = await startNode({ identities: { ann: { expiresAt } } });
    await node.publish("chat", payloadOf("before"));
    const ann = await client().connect();
    await ports.advance(100);
    expect(await ann.ask(history)).toMatchObject([{ type: "error", id: 0, code: "token-expired" }]);
    expect(ann.transport.closed?.code).toBe(4006);
  });
});
