import type { ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { cluster, enter, presencePolicy, said, watch, watcher } from "./support.ts";
import type { TestClient, TestNodeOptions } from "../support/test-node.ts";

async function node(options: TestNodeOptions = {}): Promise<Awaited<ReturnType<typeof cluster>>["nodes"][number]> {
  const { nodes } = await cluster(1, options);
  return nodes[0]!;
}

const leave = (channel: string, generation = 1) => ({ type: "leave", channel, generation }) as const;

describe("what a client may ask of presence", () => {
  it("is nothing where the policy has none, and nothing of the service's own channels [PRES-1] [SUB-14]", async () => {
    const without = await node({ policy: { presence: undefined } });
    const ann = await without.client().connect("ann");
    expect(said(await ann.ask(enter(1, "chat", "a"), watch(2, "chat")))).toEqual([
      "presence-unavailable",
      "presence-unavailable",
    ]);
    const eve = await (await node()).client().connect("eve");
    for (const name of ["$presence", "$presence.chat", "$inbox", "$user.eve", "", "a b", "c".repeat(246)]) {
      expect(said(await eve.ask(enter(1, name, "a"), watch(2, name)))).toEqual(["channel-invalid", "channel-invalid"]);
    }
    expect(said(await eve.ask(enter(1, "c".repeat(245), "a")))).toEqual([]);
  });

  it("is what the verbs enter and presence allow [PRES-1]", async () => {
    const capabilities = [
      { pattern: "chat", verbs: ["presence"] },
      { pattern: "stage", verbs: ["enter"] },
    ] as const;
    const one = await node({ identities: { ann: { capabilities } } });
    const ann = await one.client().connect("ann");
    expect(said(await ann.ask(enter(1, "chat", "a")))).toEqual(["forbidden"]);
    expect(said(await ann.ask(watch(1, "chat")))).toEqual(["=0"]);
    expect(said(await ann.ask(watch(1, "stage")))).toEqual(["forbidden"]);
    expect(await ann.ask(enter(1, "stage", "a"))).toEqual([{ type: "entered", id: 1, member: "a" }]);
  });

  it("is a state of JSON, of at most maxStateBytes [PRES-1]", async () => {
    const one = await node({ policy: { presence: { ...presencePolicy, maxStateBytes: 10 } } });
    const ann = await one.client().connect("ann");
    expect((await ann.ask(enter(1, "chat", "a", 1, "12345678")))[0]).toMatchObject({ type: "entered" });
    expect(said(await ann.ask(enter(1, "chat", "a", 1, "123456789")))).toEqual(["message-too-large"]);
    expect(said(await ann.ask(enter(1, "chat", "a", 1, new Uint8Array(3))))).toEqual(["payload-invalid"]);
  });

  it("is a member of 1 to 64 characters without white space, or one that the server draws [PRES-3]", async () => {
    const one = await node();
    const ann = await one.client().connect("ann");
    expect((await ann.ask(enter(1, "chat", "m".repeat(64))))[0]).toMatchObject({ type: "entered" });
    expect(said(await ann.ask(enter(1, "chat", "m".repeat(65))))).toEqual(["payload-invalid"]);
    expect(said(await ann.ask(enter(1, "chat", "a b")))).toEqual(["payload-invalid"]);
    const [first] = await ann.ask(enter(1, "chat", ""));
    const [second] = await ann.ask(enter(1, "room", ""));
    expect(first).toMatchObject({ type: "entered", member: expect.stringMatching(/^[0-9a-f]{24}$/) });
    expect(second).toEqual(first);
    // One connection is one member of a channel.
    expect(await one.node.members("chat")).toHaveLength(1);
  });

  it("is at most maxPresences channels, to be in and to watch [PRES-7]", async () => {
    const one = await node({ limits: { maxPresences: 2 } });
    const ann = await one.client().connect("ann");
    expect(said(await ann.ask(enter(1, "a", "m"), enter(2, "b", "m")))).toEqual([]);
    expect(said(await ann.ask(enter(1, "c", "m")))).toEqual(["too-many-presences"]);
    expect(said(await ann.ask(watch(1, "a", true), watch(2, "b", true)))).toEqual(["=1", "=1"]);
    expect(said(await ann.ask(watch(1, "c")))).toEqual(["too-many-presences"]);
    ann.send(leave("a"), { type: "unwatch", channel: "a" });
    expect((await ann.ask(enter(1, "c", "m"), watch(2, "c"))).map(({ type }) => type)).toContain("entered");
  });

  it("is no more channels when they are asked for at once, and rights take their time [PRES-7]", async () => {
    const one = await node({ limits: { maxPresences: 2 }, authorize: () => Promise.resolve(true) });
    const ann = await one.client().connect("ann");
    const names = ["a", "b", "c", "d"];
    const entering = await ann.ask(...names.map((name, index) => enter(index + 1, name, "m")));
    expect(said(entering)).toEqual(["too-many-presences", "too-many-presences"]);
    const watching = await ann.ask(...names.map((name, index) => watch(index + 1, name, true)));
    expect(said(watching).filter((line) => line === "too-many-presences")).toHaveLength(2);
  });

  it("is at most maxRequests leaves and unwatches that wait behind what hangs, of all channels; one more closes with 4009 [PRES-6]", async () => {
    const limits = { maxRequests: 4, authorizeTimeoutMs: 1_000 };
    const one = await node({ limits, authorize: () => new Promise(() => {}) });
    const hanging = async (): Promise<TestClient> => {
      const ann = await one.client().connect("ann");
      await ann.ask(enter(1, "a", "m"), enter(2, "b", "m"), watch(3, "a"));
      return ann;
    };
    const four = [leave("a"), leave("a", 7), leave("b"), { type: "unwatch", channel: "a" }] as const;
    const [ann, eve] = [await hanging(), await hanging()];
    // What waits for nothing needs no place.
    ann.send(...four, leave("c"), { type: "unwatch", channel: "b" });
    expect(ann.transport.closed).toBeUndefined();
    expect(await eve.ask(...four, leave("b"))).toMatchObject([{ type: "error", id: 0, code: "rate-limited" }]);
    expect(eve.transport.closed?.code).toBe(4009);
    // Once they had their turn, as many may wait again.
    await one.ports.advance(1_000);
    await ann.ask(enter(4, "a", "m"), leave("a"), leave("a"), leave("a"), leave("a"));
    expect(ann.transport.closed).toBeUndefined();
    expect(await ann.ask(leave("a"))).toMatchObject([{ code: "rate-limited" }]);
  });

  it("is at most maxMembers of a channel, whichever node they are on [PRES-7]", async () => {
    const { nodes } = await cluster(2, { policy: { presence: { ...presencePolicy, maxMembers: 2 } } });
    const [one, two] = nodes;
    const names = ["ann", "bob", "eve", "tom"];
    const clients = await Promise.all(names.map((name, index) => nodes[index % 2]!.client().connect(name)));
    for (const client of clients.slice(0, 2)) await client.ask(enter(1, "chat", "m"));
    for (const client of clients.slice(2))
      expect(said(await client.ask(enter(1, "chat", "m")))).toEqual(["presence-full"]);
    // Who is in may still show another state.
    expect((await clients[0]!.ask(enter(2, "chat", "m", 1, 5)))[0]).toMatchObject({ type: "entered" });
    clients[1]!.send(leave("chat"));
    await two!.ports.advance(1);
    expect((await clients[2]!.ask(enter(3, "chat", "m")))[0]).toMatchObject({ type: "entered" });
    expect(await one!.node.members("chat")).toHaveLength(2);
  });

  it("is at most maxMembersPerUser of one user in a channel, whichever node they are on [PRES-7]", async () => {
    const { nodes, ports } = await cluster(2, { policy: { presence: { ...presencePolicy, maxMembersPerUser: 2 } } });
    const clients = await Promise.all([0, 1, 0, 1].map((index) => nodes[index]!.client().connect("ann")));
    const ask = (index: number, channel: string): Promise<ServerFrame[]> =>
      clients[index]!.ask(enter(1, channel, `m${index}`));
    expect(said([...(await ask(0, "chat")), ...(await ask(1, "chat"))])).toEqual([]);
    expect(said([...(await ask(2, "chat")), ...(await ask(3, "chat"))])).toEqual(["presence-full", "presence-full"]);
    // The user's other channels, other users, and who is in already have nothing to do with it.
    expect(said([...(await ask(2, "room")), ...(await ask(0, "chat"))])).toEqual([]);
    expect(said(await (await nodes[0]!.client().connect("bob")).ask(enter(1, "chat", "m")))).toEqual([]);
    clients[1]!.send(leave("chat"));
    await ports.advance(1);
    expect(said(await ask(2, "chat"))).toEqual([]);
    expect(said(await ask(3, "chat"))).toEqual(["presence-full"]);
  });

  it("is no more members of a user when they are asked for at once, and the log takes its time [PRES-7]", async () => {
    const one = await node({ policy: { presence: { ...presencePolicy, maxMembersPerUser: 2 } } });
    const clients = await Promise.all([0, 1, 2, 3].map(() => one.client().connect("ann")));
    await watcher(one, "chat");
    one.view.stalls = true;
    clients.forEach((client, index) => client.send(enter(1, "chat", `m${index}`)));
    await one.ports.settle();
    one.view.release();
    await one.ports.advance(1);
    const frames = await Promise.all(clients.map((client) => client.frames()));
    expect(frames.flat().map((frame) => (frame.type === "error" ? frame.code : frame.type))).toEqual([
      "entered",
      "entered",
      "presence-full",
      "presence-full",
    ]);
    expect(await one.node.members("chat")).toHaveLength(2);
  });

  it("is a rate of changes, with a burst [PRES-8]", async () => {
    const one = await node({ limits: { maxPresences: 3, presenceChangesPerSecond: 2 } });
    const ann = await one.client().connect("ann");
    const frames = await ann.ask(...[1, 2, 3, 4, 5, 6].map((id) => enter(id, "chat", "m", 1, id)));
    expect(frames.filter(({ type }) => type === "entered")).toHaveLength(5);
    expect(frames.find(({ type }) => type === "error")).toMatchObject({
      id: 6,
      code: "rate-limited",
      retry: true,
      retryAfterMs: 500,
    });
    await one.ports.advance(500);
    expect((await ann.ask(enter(7, "chat", "m", 1, 7)))[0]).toMatchObject({ type: "entered" });
  });

  it("ends when the right is revoked, and the client is told so [PRES-14]", async () => {
    const allowed = new Set(["enter", "presence"]);
    const one = await node({ authorize: ({ verb, identity }) => identity.user !== "ann" || allowed.has(verb) });
    const ann = await one.client().connect("ann");
    await ann.ask(enter(1, "chat", "a"), watch(2, "chat"));
    const eve = await watcher(one, "chat");
    allowed.delete("enter");
    await one.node.refresh("ann");
    await one.ports.advance(100);
    expect(await ann.frames()).toMatchObject([
      { type: "revoked", channel: "chat", verb: "enter" },
      { type: "absent", user: "ann" },
    ]);
    expect(said(await eve.frames())).toEqual(["-ann/a"]);
    allowed.delete("presence");
    await one.node.refresh("ann");
    expect(await ann.frames()).toMatchObject([{ type: "revoked", channel: "chat", verb: "presence" }]);
    await (await one.client().connect("bob")).ask(enter(1, "chat", "b"));
    await one.ports.advance(200);
    expect(await ann.frames()).toEqual([]);
  });

  it("is refused with a generation that is below, or with which the member has left [PRES-2] [PRES-6]", async () => {
    const one = await node();
    const ann = await one.client().connect("ann");
    const old = await one.client().connect("ann");
    await ann.ask(enter(1, "chat", "a", 5));
    expect(said(await old.ask(enter(1, "chat", "a", 4)))).toEqual(["generation-stale"]);
    old.send(leave("chat", 5));
    ann.send(leave("chat", 4));
    await one.ports.advance(1);
    expect(await one.node.members("chat")).toHaveLength(1);
    ann.send(leave("chat", 5));
    await one.ports.advance(1);
    expect(said(await old.ask(enter(1, "chat", "a", 5)))).toEqual(["generation-stale"]);
    expect((await old.ask(enter(1, "chat", "a", 6)))[0]).toMatchObject({ type: "entered" });
  });
});
