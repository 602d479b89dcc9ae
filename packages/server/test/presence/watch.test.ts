import { describe, expect, it } from "vitest";
import { cluster, enter, presencePolicy, said, watch, watcher } from "./support.ts";
import type { TestNode } from "./support.ts";
import type { TestClient } from "../support/test-node.ts";

/** Many clients of one user in a channel. */
async function crowd(node: TestNode, channel: string, count: number): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (let index = 0; index < count; index += 1) {
    const client = await node.client().connect("crowd");
    client.send(enter(1, channel, `m${index}`));
    clients.push(client);
  }
  await node.ports.settle();
  return clients;
}

describe("a watch", () => {
  it("is told of a member only the newest of what changed between two looks [PRES-10]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const eve = await watcher(node!, "chat");
    const ann = await node!.client().connect("ann");
    const bob = await node!.client().connect("bob");
    await ann.ask(enter(1, "chat", "a", 1, 0));
    expect(said(await eve.frames())).toEqual(["+ann/a 0"]);
    for (let state = 1; state <= 9; state += 1) await ann.ask(enter(1, "chat", "a", 1, state));
    await bob.ask(enter(1, "chat", "b"));
    bob.send({ type: "leave", channel: "chat", generation: 1 });
    expect(said(await eve.frames())).toEqual([]);
    await ports.advance(100);
    // Of who came and went meanwhile only the going is told: nobody was told of the coming.
    expect(said(await eve.frames())).toEqual(["+ann/a 9", "-bob/b"]);
  });

  it("of the count alone is told how many there are, now and then [PRES-11]", async () => {
    const { ports, nodes } = await cluster(1);
    const eve = await watcher(nodes[0]!, "chat", true);
    const clients = await crowd(nodes[0]!, "chat", 30);
    expect(said(await eve.frames())).toEqual(["=1"]);
    await ports.advance(999);
    expect(said(await eve.frames())).toEqual([]);
    await ports.advance(1);
    expect(said(await eve.frames())).toEqual(["=30"]);
    await ports.advance(5_000);
    clients[0]!.send(enter(2, "chat", "m0", 1, "another state"));
    await ports.advance(5_000);
    expect(said(await eve.frames())).toEqual([]);
  });

  it("ends by unwatch, and by the end of its connection [PRES-13]", async () => {
    const { ports, nodes } = await cluster(1);
    const [node] = nodes;
    const eve = await watcher(node!, "chat");
    expect(await eve.ask({ type: "unwatch", channel: "chat" }, { type: "unwatch", channel: "other" })).toEqual([]);
    await crowd(node!, "chat", 2);
    await ports.advance(1_000);
    expect(await eve.frames()).toEqual([]);
    const tom = await watcher(node!, "chat");
    tom.transport.handlers?.onClose(1006, "");
    await crowd(node!, "chat", 3);
    await ports.advance(1_000);
    expect(await tom.frames()).toEqual([]);
  });

  it("takes the place of an earlier one of the same channel, and begins anew [PRES-9]", async () => {
    const { nodes } = await cluster(1);
    const [node] = nodes;
    await crowd(node!, "chat", 2);
    const eve = await watcher(node!, "chat");
    const frames = await eve.ask(watch(2, "chat"));
    expect(frames[0]).toMatchObject({ type: "watched", id: 2 });
    expect(said(frames)).toEqual(["+crowd/m0", "+crowd/m1", "=2"]);
  });

  it("waits while too much is unconfirmed, in messages that are not too large, and misses nothing [PRES-15]", async () => {
    const limits = {
      minUnconfirmedBytes: 4_096,
      maxUnconfirmedBytes: 8_192,
      maxMessageBytes: 4_096,
      maxTokenBytes: 64,
    };
    const policy = { presence: { ...presencePolicy, maxMembersPerUser: 2_000 } };
    const { ports, nodes } = await cluster(1, { limits, policy });
    const [node] = nodes;
    const clients = await crowd(node!, "chat", 2_000);
    const eve = await node!.client().connect("eve");
    eve.transport.confirms = false;
    const first = await eve.ask(watch(1, "chat"));
    const members = new Set<string>();
    const take = (lines: readonly string[]): void => {
      for (const line of lines) {
        if (line.startsWith("+")) members.add(line.slice(1));
        if (line.startsWith("-")) members.delete(line.slice(1));
      }
    };
    take(said(first));
    expect(members.size).toBeLessThan(1_000);
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.send({ type: "leave", channel: "chat", generation: 1 });
    }
    await ports.advance(1_000);
    eve.transport.confirms = true;
    eve.transport.confirmAll();
    for (let turn = 0; turn < 200; turn += 1) take(said(await eve.frames()));
    expect(members.size).toBe(1_000);
    expect(Math.max(...eve.transport.messages.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(4_096);
  });

  it("is told all anew when it is so far behind that departures are forgotten [PRES-12]", async () => {
    const { ports, nodes } = await cluster(1, { limits: { presenceChangesPerSecond: 10_000 } });
    const [node] = nodes;
    const clients = await crowd(node!, "chat", 20);
    const eve = await watcher(node!, "chat");
    for (const client of clients.slice(0, 15)) client.send({ type: "leave", channel: "chat", generation: 1 });
    await ports.advance(100);
    expect(said(await eve.frames())).toHaveLength(15);
    // Before the next look more come and go than anybody remembers.
    clients[19]!.send({ type: "leave", channel: "chat", generation: 1 });
    const passer = await node!.client().connect("passer");
    for (let index = 0; index < 2_100; index += 1) {
      passer.send(enter(1, "chat", `p${index}`), { type: "leave", channel: "chat", generation: 1 });
      await ports.settle();
    }
    await ports.advance(100);
    expect(said(await eve.frames())).toEqual(["anew", "+crowd/m15", "+crowd/m16", "+crowd/m17", "+crowd/m18", "=4"]);
  });
});
