import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/core.ts";
import { jsonCodec, startNode, subscribe, valuesOf } from "../support/test-node.ts";

/** A node of which one can see how many batches were made, and how many were those of others. */
async function startCounted() {
  const batches = { shared: 0, own: 0 };
  const observer = {
    ...silentObserver,
    delivered: (_messages: number, shared: boolean) => void (batches[shared ? "shared" : "own"] += 1),
  };
  return { ...(await startNode({ observer })), batches };
}

describe("a batch that several are given", () => {
  it("is made once for each codec and generation, whatever the order in which they come", async () => {
    const { node, client, batches } = await startCounted();
    const clients = [];
    for (let index = 0; index < 12; index += 1) {
      const one = await client(index % 2 === 0 ? undefined : jsonCodec).connect();
      await one.ask(subscribe("chat", { generation: 1 + (index % 3) }));
      clients.push(one);
    }
    for (const value of ["a", "b"]) {
      await node.publish("chat", payloadOf(value));
      for (const one of clients) expect(valuesOf(await one.frames())).toEqual([value]);
    }
    expect(batches).toEqual({ shared: 12, own: 12 });
  });

  it("is not given to who has less credit, and not in place of what lies before it", async () => {
    const { node, client, batches } = await startCounted();
    const [ann, bob, cid] = [await client().connect(), await client().connect("bob"), await client().connect("cid")];
    await ann.ask(subscribe("chat"));
    await bob.ask(subscribe("chat", { credit: 1 }));
    await cid.ask(subscribe("chat"));
    for (const value of ["a", "b", "c"]) void node.publish("chat", payloadOf(value));
    expect(valuesOf(await ann.frames())).toEqual(["a", "b", "c"]);
    expect(valuesOf(await bob.frames())).toEqual(["a"]);
    expect(valuesOf(await cid.frames())).toEqual(["a", "b", "c"]);
    expect(batches).toEqual({ shared: 1, own: 2 });
    expect(valuesOf(await cid.ask({ type: "seek", number: 1, generation: 1, offset: 1 }))).toEqual(["b", "c"]);
    expect(valuesOf(await cid.ask({ type: "seek", number: 1, generation: 1, offset: 0 }))).toEqual(["a", "b", "c"]);
    expect(batches).toEqual({ shared: 2, own: 3 });
  });
});
