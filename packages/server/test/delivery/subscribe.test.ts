import { payloadOf } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";

const position = (epoch: number, offset: number): { epoch: number; offset: number } => ({ epoch, offset });

describe("a subscription", () => {
  it("begins at the end without a position [POS-1]", async () => {
    const { node, client } = await startNode();
    await node.publish("chat", payloadOf("before"));
    const ann = await client().connect();
    const [subscribed] = await ann.ask(subscribe("chat"));
    expect(subscribed).toMatchObject({
      type: "subscribed",
      id: 1,
      generation: 1,
      offset: 1,
      end: 1,
      reset: "",
      lost: undefined,
    });
    await node.publish("chat", payloadOf("after"));
    expect(valuesOf(await ann.frames())).toEqual(["after"]);
  });

  it("begins below the newest N messages [POS-2]", async () => {
    const { node, client } = await startNode();
    for (const word of ["a", "b", "c", "d"]) await node.publish("chat", payloadOf(word));
    const ann = await client().connect();
    expect(valuesOf(await ann.ask(subscribe("chat", { last: 2 })))).toEqual(["c", "d"]);
    const bob = await client().connect("bob");
    expect(valuesOf(await bob.ask(subscribe("chat", { last: 99 })))).toEqual(["a", "b", "c", "d"]);
  });

  it.each([3, 4, 1_000_000])("begins below the newest maxLast messages at most, for last %i [POS-2]", async (last) => {
    const { node, client } = await startNode({ limits: { maxLast: 3 } });
    for (const word of ["a", "b", "c", "d", "e"]) await node.publish("chat", payloadOf(word));
    const ann = await client().connect();
    expect(valuesOf(await ann.ask(subscribe("chat", { last })))).toEqual(["c", "d", "e"]);
  });

  it("takes epoch 0 for the current one [POS-3]", async () => {
    const { node, client } = await startNode();
    for (const word of ["a", "b", "c"]) await node.publish("chat", payloadOf(word));
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("chat", { position: position(0, 1) }));
    expect(frames[0]).toMatchObject({ type: "subscribed", offset: 1, reset: "" });
    expect(valuesOf(frames)).toEqual(["b", "c"]);
  });

  it("resumes exactly behind its position [POS-4]", async () => {
    const { node, client } = await startNode();
    const first = await node.publish("chat", payloadOf("a"));
    await node.publish("chat", payloadOf("b"));
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("chat", { position: first }));
    expect(frames[0]).toMatchObject({ offset: first.offset, lost: undefined, reset: "" });
    expect(valuesOf(frames)).toEqual(["b"]);
  });

  it("tells what is lost below the floor [POS-5]", async () => {
    const { node, client } = await startNode({ policy: { retainCount: 2 } });
    const first = await node.publish("chat", payloadOf("1"));
    for (const word of ["2", "3", "4", "5"]) await node.publish("chat", payloadOf(word));
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("chat", { position: first }));
    expect(frames[0]).toMatchObject({ offset: 3, lost: { from: 1, to: 3 }, reset: "trimmed" });
    expect(valuesOf(frames)).toEqual(["4", "5"]);
  });

  it("gives everything to a position above the end, and says so [POS-6]", async () => {
    const { node, client } = await startNode();
    const { epoch } = await node.publish("chat", payloadOf("a"));
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("chat", { position: position(epoch, 900) }));
    expect(frames[0]).toMatchObject({ offset: 0, reset: "ahead" });
    expect(valuesOf(frames)).toEqual(["a"]);
  });

  it("gives everything to a position of a log that is no more [POS-9]", async () => {
    const { node, client } = await startNode();
    const { epoch } = await node.publish("chat", payloadOf("a"));
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("chat", { position: position(epoch - 1, 5) }));
    expect(frames[0]).toMatchObject({ epoch, offset: 0, reset: "unknown" });
    expect(valuesOf(frames)).toEqual(["a"]);
  });

  it("is refused, to be tried again, when its epoch is newer than the log's [POS-10]", async () => {
    const { node, client } = await startNode();
    const { epoch } = await node.publish("chat", payloadOf("a"));
    const ann = await client().connect();
    const [error] = await ann.ask(subscribe("chat", { position: position(epoch + 1, 0) }));
    expect(error).toMatchObject({ type: "error", id: 1, code: "epoch-ahead", retry: true });
  });

  it("has one number for all connections [SUB-1]", async () => {
    const { client } = await startNode();
    const [ann, bob] = [await client().connect("ann"), await client().connect("bob")];
    const [forAnn] = await ann.ask(subscribe("chat"));
    const [forBob] = await bob.ask(subscribe("chat"));
    const [other] = await bob.ask(subscribe("other", { id: 2 }));
    expect(forAnn).toMatchObject({ number: forBob?.type === "subscribed" ? forBob.number : -1 });
    expect(other?.type === "subscribed" && forBob?.type === "subscribed" && other.number !== forBob.number).toBe(true);
  });

  it("forgets generations of ended subscriptions beyond its limit, and never of one that lives [SUB-2]", async () => {
    const { client } = await startNode({ limits: { maxSubscriptions: 2, framesPerSecond: 1e6, framesBurst: 1e6 } });
    const ann = await client().connect();
    await ann.ask(subscribe("lives", { generation: 7 }));
    for (let count = 0; count < 20; count += 1) {
      const [subscribed] = await ann.ask(subscribe(`c${count}`, { generation: 5 }));
      if (subscribed?.type !== "subscribed") throw new Error("not subscribed");
      await ann.ask({ type: "unsubscribe", number: subscribed.number, generation: 5 });
    }
    const stale = [{ type: "error", code: "generation-stale" }];
    expect(await ann.ask(subscribe("lives", { generation: 7 }))).toMatchObject(stale);
    expect(await ann.ask(subscribe("c19", { generation: 5 }))).toMatchObject(stale);
    expect(await ann.ask(subscribe("c0", { generation: 1 }))).toMatchObject([{ type: "subscribed" }]);
  });

  it("takes the place of one that is not open yet, at the limit too [SUB-2]", async () => {
    const { client } = await startNode({ limits: { maxSubscriptions: 1 } });
    const ann = await client().connect();
    ann.send(subscribe("chat", { id: 1, generation: 1 }), subscribe("chat", { id: 2, generation: 2 }));
    ann.send(subscribe("other", { id: 3 }));
    expect(
      (await ann.frames()).sort((one, other) => ("id" in one && "id" in other ? one.id - other.id : 0)),
    ).toMatchObject([
      { type: "error", id: 1, code: "generation-stale" },
      { type: "subscribed", id: 2, generation: 2 },
      { type: "error", id: 3, code: "too-many-subscriptions" },
    ]);
  });

  it("ends an older generation without a word, and refuses one that is not above the last [SUB-2]", async () => {
    const { node, client } = await startNode();
    const ann = await client().connect();
    await ann.ask(subscribe("chat", { generation: 3 }));
    expect(await ann.ask(subscribe("chat", { id: 2, generation: 3 }))).toMatchObject([
      { type: "error", code: "generation-stale" },
    ]);
    expect(await ann.ask(subscribe("chat", { id: 3, generation: 4 }))).toMatchObject([
      { type: "subscribed", generation: 4 },
    ]);
    await node.publish("chat", payloadOf("a"));
    expect(await ann.frames()).toMatchObject([{ type: "batch", generation: 4 }]);
  });

  it("sends contiguous intervals from its cursor [SUB-6]", async () => {
    const { node, client } = await startNode();
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    let at = 0;
    for (let round = 0; round < 5; round += 1) {
      await node.publish("chat", payloadOf(round));
      for (const frame of await ann.frames()) {
        expect(frame).toMatchObject({ type: "batch", from: at });
        if (frame.type === "batch") at = frame.to;
      }
    }
    expect(at).toBe(5);
  });

  it("sends an empty batch from its cursor when nothing else was sent for a while [SUB-7]", async () => {
    const { node, client, ports } = await startNode({ limits: { heartbeatMs: 1_000_000, idleBatchMs: 30_000 } });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    await node.publish("chat", payloadOf("a"));
    await ann.frames();
    await ports.advance(29_000);
    expect(await ann.frames()).toEqual([]);
    await ports.advance(2_000);
    expect(await ann.frames()).toMatchObject([{ type: "batch", from: 1, to: 1, messages: [] }]);
  });

  it("sends again from where the client seeks, and tells what is below the floor [SUB-8]", async () => {
    const { node, client } = await startNode({ policy: { retainCount: 3 }, limits: { maxTailBytes: 1 } });
    const ann = await client().connect();
    const [subscribed] = await ann.ask(subscribe("chat"));
    const number = subscribed?.type === "subscribed" ? subscribed.number : 0;
    for (const word of ["1", "2", "3", "4", "5"]) await node.publish("chat", payloadOf(word));
    await ann.frames();
    expect(valuesOf(await ann.ask({ type: "seek", number, generation: 1, offset: 3 }))).toEqual(["4", "5"]);
    const below = await ann.ask({ type: "seek", number, generation: 1, offset: 0 });
    expect(below[0]).toMatchObject({ type: "reset", offset: 2, lost: { from: 0, to: 2 }, reset: "trimmed" });
    expect(valuesOf(below)).toEqual(["3", "4", "5"]);
    expect(await ann.ask({ type: "seek", number, generation: 1, offset: 99 })).toEqual([]);
  });

  it("is told what was trimmed while its connection took nothing [SUB-9]", async () => {
    const limits = { minUnconfirmedBytes: 1, maxUnconfirmedBytes: 1, maxTailBytes: 64 };
    const { node, client } = await startNode({ policy: { retainCount: 2 }, limits });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    ann.transport.confirms = false;
    for (const word of ["1", "2", "3", "4", "5", "6"]) {
      await node.publish("chat", payloadOf(word));
      await ann.frames();
    }
    ann.transport.confirms = true;
    ann.transport.confirmAll();
    const frames = await ann.frames();
    expect(frames[0]).toMatchObject({ type: "reset", lost: { from: 1, to: 4 }, offset: 4, reset: "trimmed" });
    expect(valuesOf(frames)).toEqual(["5", "6"]);
  });

  it("overshoots its credit by less than one message [SUB-10]", async () => {
    const { node, client } = await startNode();
    const ann = await client().connect();
    const [subscribed] = await ann.ask(subscribe("chat", { credit: 40 }));
    const number = subscribed?.type === "subscribed" ? subscribed.number : 0;
    // Each message costs 32 bytes and the 3 of its JSON.
    for (const word of ["1", "2", "3", "4", "5"]) await node.publish("chat", payloadOf(word));
    expect(valuesOf(await ann.frames())).toEqual(["1", "2"]);
    expect(valuesOf(await ann.ask({ type: "credit", number, generation: 1, credit: 20 }))).toEqual([]);
    expect(valuesOf(await ann.ask({ type: "credit", number, generation: 1, credit: 70 }))).toEqual([]);
    expect(valuesOf(await ann.ask({ type: "credit", number, generation: 1, credit: 71 }))).toEqual(["3"]);
    expect(valuesOf(await ann.ask({ type: "credit", number, generation: 1, credit: 10_000 }))).toEqual(["4", "5"]);
  });

  it("ends when the client asks, and ignores what names an ended grant [SUB-13]", async () => {
    const { node, client } = await startNode();
    const ann = await client().connect();
    const [subscribed] = await ann.ask(subscribe("chat"));
    const number = subscribed?.type === "subscribed" ? subscribed.number : 0;
    await node.publish("chat", payloadOf("a"));
    await ann.frames();
    expect(await ann.ask({ type: "unsubscribe", number, generation: 2 })).toEqual([]);
    const ended = await ann.ask({ type: "unsubscribe", number, generation: 1 });
    expect(ended).toMatchObject([{ type: "unsubscribed", number, generation: 1, offset: 1, code: "" }]);
    const late = { number, generation: 1 };
    expect(
      await ann.ask(
        { type: "unsubscribe", ...late },
        { type: "seek", ...late, offset: 0 },
        { type: "credit", ...late, credit: 9 },
      ),
    ).toEqual([]);
    await node.publish("chat", payloadOf("b"));
    expect(await ann.frames()).toEqual([]);
  });

  it("shares the bytes of a block with all at the same cursor", async () => {
    const { node, client } = await startNode();
    const [ann, bob] = [await client().connect("ann"), await client().connect("bob")];
    await ann.ask(subscribe("chat"));
    await bob.ask(subscribe("chat"));
    await node.publish("chat", payloadOf("a"));
    await ann.frames();
    expect(ann.transport.messages.at(-1)).toBe(bob.transport.messages.at(-1));
  });

  it("gives many messages of a turn in one write", async () => {
    const { client } = await startNode();
    const [ann, bob] = [await client().connect("ann"), await client().connect("bob")];
    await ann.ask(subscribe("chat"));
    const writes = ann.transport.writes;
    bob.send(...Array.from({ length: 50 }, (_, index) => publish(index + 1, "chat", index)));
    expect(valuesOf(await ann.frames())).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(ann.transport.writes).toBe(writes + 1);
  });

  it("catches up from the log where the tail no longer reaches, and goes on live without a gap", async () => {
    const { node, client } = await startNode({ limits: { maxTailBytes: 100 }, policy: { retainCount: 10_000 } });
    const expected = Array.from({ length: 3_000 }, (_, index) => index);
    const early = await client().connect("early");
    await early.ask(subscribe("chat"));
    for (const value of expected.slice(0, 2_000)) await node.publish("chat", payloadOf(value));
    const ann = await client().connect();
    ann.send(subscribe("chat", { position: position(0, 0) }));
    for (const value of expected.slice(2_000)) await node.publish("chat", payloadOf(value));
    expect(valuesOf(await ann.frames())).toEqual(expected);
    expect(valuesOf(await early.frames())).toEqual(expected);
  });
});

describe("what a user may not read", () => {
  const identities = {
    guest: { capabilities: [{ pattern: "chat", verbs: ["subscribe" as const, "publish" as const] }] },
  };

  it("is nothing below his grant without the right to history [SUB-11]", async () => {
    const { node, client } = await startNode({ identities });
    const { epoch } = await node.publish("chat", payloadOf("before"));
    const guest = await client().connect("guest");
    expect(await guest.ask(subscribe("chat", { last: 1 }))).toMatchObject([{ type: "error", code: "forbidden" }]);
    expect(await guest.ask(subscribe("chat", { id: 2, generation: 2, position: position(epoch, 0) }))).toMatchObject([
      { type: "error", code: "forbidden" },
    ]);
    const [subscribed] = await guest.ask(subscribe("chat", { id: 3, generation: 3 }));
    if (subscribed?.type !== "subscribed") throw new Error("not subscribed");
    await node.publish("chat", payloadOf("live"));
    expect(valuesOf(await guest.frames())).toEqual(["live"]);
    expect(valuesOf(await guest.ask({ type: "seek", number: subscribed.number, generation: 3, offset: 0 }))).toEqual([
      "live",
    ]);

    const again = await client().connect("guest");
    const { grant } = subscribed;
    const resumed = await again.ask(subscribe("chat", { position: position(epoch, subscribed.offset), grant }));
    expect(valuesOf(resumed)).toEqual(["live"]);
    const forged = await again.ask(subscribe("chat", { id: 2, generation: 2, position: position(epoch, 0), grant }));
    expect(forged).toMatchObject([{ type: "error", code: "forbidden" }]);
    const thief = await client().connect("mallory");
    expect(await thief.ask(subscribe("chat", { position: position(epoch, 1), grant }))).toMatchObject([
      { type: "subscribed" },
      {},
    ]);
  });

  it("is anything once the right is revoked, told with the offset that was reached [SUB-12]", async () => {
    let allowed = true;
    const { node, client } = await startNode({ authorize: ({ verb }) => verb !== "subscribe" || allowed });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    await node.publish("chat", payloadOf("a"));
    await ann.frames();
    allowed = false;
    const refreshed = node.refresh("ann");
    await node.publish("chat", payloadOf("secret"));
    await refreshed;
    const frames = await ann.frames();
    expect(frames).toMatchObject([{ type: "unsubscribed", offset: 1, code: "forbidden" }]);
  });

  it("is the inbox of anyone else [SUB-14]", async () => {
    const { node, client } = await startNode();
    await node.sendToUser("ann", payloadOf("for ann"));
    const bob = await client().connect("bob");
    for (const [index, channel] of ["$user.ann", "$user.bob", "$anything"].entries()) {
      const frames = await bob.ask(
        subscribe(channel, { id: 10 * index + 1, last: 5 }),
        { type: "history", id: 10 * index + 2, channel, position: undefined, backward: true, limit: 5 },
        publish(10 * index + 3, channel, "x"),
      );
      expect(frames.map((frame) => "code" in frame && frame.code)).toEqual(["forbidden", "forbidden", "forbidden"]);
    }
    expect(valuesOf(await bob.ask(subscribe("$inbox", { id: 90, last: 5 })))).toEqual([]);
    const ann = await client().connect("ann");
    expect(valuesOf(await ann.ask(subscribe("$inbox", { last: 5 })))).toEqual(["for ann"]);
  });
});
