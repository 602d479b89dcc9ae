import { memoryLog } from "@hawser/log";
import { closeCodes, payloadOf } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { silentObserver } from "../../src/core.ts";
import type { CallHandler } from "../../src/core.ts";
import { jsonCodec, publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";

const connect = (token = "ann", session = ""): ClientFrame => ({ type: "connect", token, session, agent: "test" });
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("a connection", () => {
  it("is closed when its first frame is not connect [CON-1]", async () => {
    const { client } = await startNode();
    const ann = client();
    const frames = await ann.ask(subscribe("chat"));
    expect(frames).toMatchObject([{ type: "error", id: 0, code: "frame-unexpected" }]);
    expect(ann.transport.closed?.code).toBe(closeCodes.frameUnexpected);
  });

  it("is closed by a frame that confirms, where the transport has a ping of its own [FLOW-5]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    await ann.ask({ type: "received", bytes: 0 });
    expect(ann.transport.closed?.code).toBe(closeCodes.frameUnexpected);
  });

  it("is closed by a second connect, also before the first was answered [CON-2]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    await ann.ask(connect());
    expect(ann.transport.closed?.code).toBe(closeCodes.frameUnexpected);
    const bob = client();
    await bob.ask(connect("bob"), connect("bob"));
    expect(bob.transport.closed?.code).toBe(closeCodes.frameUnexpected);
  });

  it("answers connect with connected, or with an error and the close [CON-3]", async () => {
    const { client } = await startNode();
    const frames = await client().ask(connect("ann", "tab-1"));
    expect(frames).toMatchObject([
      { type: "connected", session: "tab-1", node: "node-1", user: "ann", expiresInMs: 0, maxRequests: 256 },
    ]);
    const refused = client();
    expect(await refused.ask(connect("bad"))).toMatchObject([{ type: "error", id: 0, code: "token-invalid" }]);
    expect(refused.transport.closed?.code).toBe(closeCodes.tokenInvalid);
  });

  it("handles what came behind connect after connected, or drops it when the connection is refused [CON-4]", async () => {
    const { client, node } = await startNode({
      authenticate: async ({ token }) => {
        await Promise.resolve();
        if (token === "bad") throw new Error("no");
        return { user: token };
      },
    });
    await node.publish("chat", payloadOf("a"));
    const frames = await client().ask(connect(), subscribe("chat", { last: 1 }));
    expect(frames.map((frame) => frame.type)).toEqual(["connected", "subscribed", "batch"]);
    const refused = client();
    const answer = await refused.ask(connect("bad"), publish(1, "chat", "b"));
    expect(answer).toMatchObject([{ type: "error", id: 0, code: "internal" }]);
    expect(await (await client().connect()).ask(subscribe("chat", { last: 9 }))).toHaveLength(2);
  });

  it("is closed when connect does not come in time [CON-5]", async () => {
    const { client, ports } = await startNode({ limits: { connectTimeoutMs: 10_000 } });
    const ann = client();
    await ports.advance(9_000);
    expect(ann.transport.closed).toBeUndefined();
    await ports.advance(2_000);
    expect(ann.transport.closed?.code).toBe(closeCodes.connectTimeout);
  });

  it("tells an expired token from an invalid one [CON-6]", async () => {
    const { client } = await startNode({ identities: { old: { expiresAt: 5 } } });
    const old = client();
    expect(await old.ask(connect("old"))).toMatchObject([{ type: "error", code: "token-expired", retry: true }]);
    expect(old.transport.closed?.code).toBe(closeCodes.tokenExpired);
  });

  it("ends when its token does, unless a fresh one came [CON-7]", async () => {
    let lifeMs = 60_000;
    const { client, ports } = await startNode({
      authenticate: ({ token }) => ({ user: token, expiresAt: ports.now() + lifeMs }),
      limits: { heartbeatMs: 1_000_000 },
    });
    const [ann, bob] = [client(), client()];
    expect(await ann.ask(connect("ann"))).toMatchObject([{ type: "connected", expiresInMs: 60_000 }]);
    await bob.ask(connect("bob"));
    lifeMs = 600_000;
    expect(await bob.ask({ type: "authenticate", id: 1, token: "bob" })).toMatchObject([
      { type: "authenticated", id: 1, expiresInMs: 600_000 },
    ]);
    await ports.advance(62_000);
    expect(await ann.frames()).toMatchObject([{ type: "error", id: 0, code: "token-expired" }]);
    expect(ann.transport.closed?.code).toBe(closeCodes.tokenExpired);
    expect(bob.transport.closed).toBeUndefined();
  });

  it("takes the rights of a fresh token at once, and ends with another user's [CON-8]", async () => {
    const capabilities = [{ pattern: "open", verbs: ["subscribe" as const] }];
    const { client, node } = await startNode({
      authenticate: ({ token }) => (token === "ann-less" ? { user: "ann", capabilities } : { user: token }),
    });
    const ann = await client().connect();
    await ann.ask(subscribe("open"), subscribe("closed", { id: 2 }));
    const frames = await ann.ask({ type: "authenticate", id: 3, token: "ann-less" });
    expect(frames).toMatchObject([
      { type: "unsubscribed", code: "forbidden" },
      { type: "authenticated", id: 3 },
    ]);
    await node.publish("closed", payloadOf("secret"));
    await node.publish("open", payloadOf("news"));
    expect(valuesOf(await ann.frames())).toEqual(["news"]);
    expect(await ann.ask({ type: "authenticate", id: 4, token: "bob" })).toMatchObject([
      { type: "error", id: 4, code: "token-invalid" },
    ]);
    expect(ann.transport.closed?.code).toBe(closeCodes.tokenInvalid);
  });

  it("keeps the producers of two principals apart though their session is named alike [CON-9]", async () => {
    const { client } = await startNode();
    const producer = new Uint8Array(16).fill(7);
    const first: ClientFrame = { ...publish(1, "chat", "x"), producer, sequence: 1 } as ClientFrame;
    const [ann, bob] = [client(), client()];
    await ann.ask(connect("ann", "same"));
    await bob.ask(connect("bob", "same"));
    expect(await ann.ask(first)).toMatchObject([{ type: "published", duplicate: false, following: 0 }]);
    expect(await bob.ask(first)).toMatchObject([{ type: "published", duplicate: false, following: 0 }]);
  });

  it("answers a ping with its nonce ahead of what waits [CON-10]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    const frames = await ann.ask(subscribe("chat"), { type: "ping", nonce: 42 });
    expect(frames[0]).toEqual({ type: "pong", nonce: 42 });
  });

  it("asks a silent client, and ends one that stays silent [CON-11]", async () => {
    const { client, ports } = await startNode({ limits: { heartbeatMs: 10_000 } });
    const [dead, alive] = [await client().connect("dead"), await client().connect("alive")];
    dead.transport.confirms = false;
    await ports.advance(11_000);
    expect(dead.transport.marks).toHaveLength(1);
    await ports.advance(11_000);
    expect(dead.transport.closed?.code).toBe(closeCodes.heartbeatTimeout);
    expect(dead.transport.terminated).toBe(true);
    expect(alive.transport.closed).toBeUndefined();
  });

  it("is told to move, and closed at the deadline [CON-12]", async () => {
    const { client, node, ports } = await startNode();
    const ann = await client().connect();
    const drained = node.drain({ overMs: 5_000, deadlineMs: 2_000, endpoints: ["wss://b/hawser"] });
    await ports.advance(1);
    expect(await ann.frames()).toMatchObject([{ type: "move", deadlineMs: 2_000, endpoints: ["wss://b/hawser"] }]);
    const late = client();
    expect(late.transport.closed?.code).toBe(closeCodes.goingAway);
    await ports.advance(1_998);
    expect(ann.transport.closed).toBeUndefined();
    await ports.advance(1);
    await drained;
    expect(ann.transport.closed?.code).toBe(closeCodes.goingAway);
  });

  it("has until its deadline for calls, which end with it [CON-12]", async () => {
    let signal: AbortSignal | undefined;
    const calls: Record<string, CallHandler> = {
      slow: (_, context) => {
        signal = context.signal;
        return new Promise(() => {});
      },
      soon: () => "done",
    };
    const { client, node, ports } = await startNode({ calls });
    const ann = await client().connect();
    const call = (id: number, method: string): ClientFrame => ({
      type: "call",
      id,
      method,
      payload: payloadOf(1),
      idempotent: false,
      timeoutMs: 0,
    });
    await ann.ask(call(1, "slow"));
    void node.drain({ overMs: 5_000, deadlineMs: 5_000 });
    await ports.advance(4_999);
    expect((await ann.ask(call(2, "soon"))).map(({ type }) => type)).toEqual(["move", "result"]);
    expect(signal?.aborted).toBe(false);
    await ports.advance(1);
    expect(ann.transport.closed?.code).toBe(closeCodes.goingAway);
    expect(signal?.aborted).toBe(true);
  });

  it("gets the answers to its publishes before it is closed at its deadline [CON-12]", async () => {
    const log = memoryLog();
    const { client, node, ports } = await startNode({ log });
    const ann = await client().connect();
    const append = log.append.bind(log);
    let answer = (): void => {};
    log.append = async (appends) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return append(appends);
    };
    const drained = node.drain({ overMs: 100, deadlineMs: 100 });
    ann.send(publish(1, "a", "x"));
    await ports.advance(100);
    expect(ann.transport.paused).toBe(true);
    expect(ann.transport.closed).toBeUndefined();
    answer();
    await drained;
    expect((await ann.frames()).map(({ type }) => type)).toEqual(["move", "published"]);
    expect(ann.transport).toMatchObject({ paused: false, closed: { code: closeCodes.goingAway } });
  });

  it("is closed a second after its deadline when the log does not answer", async () => {
    const log = memoryLog();
    log.append = () => new Promise(() => {});
    const { client, node, ports } = await startNode({ log });
    const ann = await client().connect();
    const drained = node.drain({ overMs: 100, deadlineMs: 100 });
    ann.send(publish(1, "a", "x"));
    await ports.advance(1_099);
    expect(ann.transport.closed).toBeUndefined();
    await ports.advance(1);
    await drained;
    expect(ann.transport.closed?.code).toBe(closeCodes.goingAway);
  });

  it("that has no session yet is closed when its turn comes", async () => {
    const { client, node, ports } = await startNode();
    const silent = client();
    const drained = node.drain({ overMs: 1_000 });
    await ports.settle();
    await drained;
    expect(silent.transport.closed?.code).toBe(closeCodes.goingAway);
    expect(node.draining).toEqual({ total: 1, told: 0, moved: 0, closed: 1, remaining: 0, done: true });
  });

  it("is told to move no more once the node has closed, and whoever drained it or closed it twice waits for the end", async () => {
    const { client, node, ports } = await startNode();
    const before = ports.pending;
    const clients = [await client().connect("ann"), await client().connect("bob")];
    const ended: string[] = [];
    const drains = [node.drain({ overMs: 60_000 }), node.drain({ overMs: 60_000 })].map((drained) =>
      drained.then(() => ended.push("drain")),
    );
    await ports.settle();
    expect(ended).toEqual([]);
    await Promise.all([...drains, node.close(), node.close()]);
    expect(clients.map(({ transport }) => transport.closed?.code)).toEqual([4000, 4000]);
    expect(ports.pending).toBeLessThan(before);
  });

  it("that leaves in time lets the drain end before its deadline", async () => {
    const { client, node, ports } = await startNode();
    const ann = await client().connect();
    let drained = false;
    void node.drain({ overMs: 5_000 }).then(() => (drained = true));
    await ports.advance(1_000);
    expect(drained).toBe(false);
    ann.transport.handlers?.onClose(1000, "");
    await ports.advance(0);
    expect(drained).toBe(true);
  });

  it("is closed by a frame that only a server sends [CON-13]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    ann.raw(jsonCodec.encode({ type: "published", id: 1, position: undefined, duplicate: false, following: 0 }), false);
    expect(ann.transport.closed?.code).toBe(closeCodes.frameMalformed);
    const bob = await client(jsonCodec).connect();
    bob.raw(text('{"type":"published","id":1}'), false);
    expect(bob.transport.closed?.code).toBe(closeCodes.frameUnexpected);
  });

  it("is closed by a frame that closes, where the transport has a close of its own [CON-16]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    ann.send({ type: "close", code: closeCodes.normal, reason: "" });
    expect(ann.transport.closed?.code).toBe(closeCodes.frameUnexpected);
  });

  it("is closed by a request with the identifier 0, or of one in flight [CON-14]", async () => {
    const { client } = await startNode({ calls: { wait: () => new Promise(() => {}) } });
    const call = (id: number): ClientFrame => ({
      type: "call",
      id,
      method: "wait",
      payload: payloadOf(1),
      timeoutMs: 0,
      idempotent: false,
    });
    const [ann, bob] = [await client().connect("ann"), await client().connect("bob")];
    await ann.ask(call(0));
    expect(ann.transport.closed?.code).toBe(closeCodes.frameUnexpected);
    await bob.ask(call(5), call(5));
    expect(bob.transport.closed?.code).toBe(closeCodes.frameUnexpected);
  });

  it("takes as many requests as its limit, and refuses one more [CON-15]", async () => {
    const { client } = await startNode({ calls: { wait: () => new Promise(() => {}) }, limits: { maxRequests: 3 } });
    const call = (id: number): ClientFrame => ({
      type: "call",
      id,
      method: "wait",
      payload: payloadOf(1),
      timeoutMs: 0,
      idempotent: false,
    });
    const ann = await client().connect();
    expect(await ann.ask(call(1), call(2), call(3))).toEqual([]);
    expect(await ann.ask(call(4))).toMatchObject([{ type: "error", id: 4, code: "too-many-requests", retry: true }]);
    expect(await ann.ask(publish(5, "chat", 1))).toMatchObject([
      { type: "rejected", id: 5, code: "too-many-requests", retry: true },
    ]);
  });

  it("is closed by the wrong kind of message, and by bytes that are no frames [WIRE-2] [WIRE-3]", async () => {
    const { client } = await startNode();
    const [ann, bob] = [await client().connect("ann"), await client(jsonCodec).connect("bob")];
    ann.raw(text("hello"), false);
    expect(ann.transport.closed?.code).toBe(closeCodes.frameMalformed);
    bob.raw(text("{"), false);
    expect(bob.transport.closed?.code).toBe(closeCodes.frameMalformed);
  });

  it("takes a message of the largest size, and is closed by one byte more [WIRE-5]", async () => {
    const { client } = await startNode({ limits: { maxMessageBytes: 100 } });
    const padded = (size: number): Uint8Array => text('{"type":"ping","nonce":1}'.padEnd(size, " "));
    const [ann, bob] = [await client(jsonCodec).connect("ann"), await client(jsonCodec).connect("bob")];
    ann.raw(padded(100), false);
    expect(await ann.frames()).toMatchObject([{ type: "pong" }]);
    bob.raw(padded(101), false);
    expect(bob.transport.closed?.code).toBe(closeCodes.messageTooBig);
  });

  it("takes a token of the largest size, and refuses one byte more", async () => {
    const { client } = await startNode({ limits: { maxTokenBytes: 10 } });
    expect(await client().ask(connect("a".repeat(10)))).toMatchObject([{ type: "connected" }]);
    expect(await client().ask(connect("ä".repeat(5) + "a"))).toMatchObject([{ type: "error", code: "token-invalid" }]);
  });

  it("rests from reading above its rate of frames, and loses none", async () => {
    const { client, ports } = await startNode({ limits: { framesPerSecond: 10, framesBurst: 20 } });
    const ann = await client().connect();
    const pings = Array.from({ length: 24 }, (_, nonce): ClientFrame => ({ type: "ping", nonce }));
    expect(await ann.ask(...pings)).toHaveLength(24);
    expect(ann.transport.paused).toBe(true);
    await ports.advance(499);
    expect(ann.transport.paused).toBe(true);
    await ports.advance(1);
    expect(ann.transport.paused).toBe(false);
  });

  it("takes as many subscriptions as its limit, and refuses one more", async () => {
    const { client } = await startNode({ limits: { maxSubscriptions: 2 } });
    const ann = await client().connect();
    expect(await ann.ask(subscribe("a"), subscribe("b", { id: 2 }))).toMatchObject([
      { type: "subscribed" },
      { type: "subscribed" },
    ]);
    expect(await ann.ask(subscribe("c", { id: 3 }))).toMatchObject([{ type: "error", code: "too-many-subscriptions" }]);
    expect(await ann.ask(subscribe("a", { id: 4, generation: 2 }))).toMatchObject([
      { type: "subscribed", generation: 2 },
    ]);
  });

  it("of a disconnected user says so, and closes with a code that means: do not come back", async () => {
    const { client, node } = await startNode();
    const [ann, bob] = [await client().connect("ann"), await client().connect("bob")];
    expect(node.disconnectUser("ann")).toBe(1);
    expect(await ann.frames()).toMatchObject([{ type: "error", id: 0, code: "disconnected", retry: false }]);
    expect(ann.transport.closed?.code).toBe(closeCodes.disconnected);
    expect(bob.transport.closed).toBeUndefined();
    expect(node.connections).toBe(1);
  });
});

describe("what is held back", () => {
  const limits = { minUnconfirmedBytes: 1_000, maxUnconfirmedBytes: 1_000, heartbeatMs: 10_000 };

  it("is every batch while more than the limit is unconfirmed [FLOW-1]", async () => {
    const { client, node } = await startNode({ limits });
    const [slow, quick] = [await client().connect("slow"), await client().connect("quick")];
    for (const one of [slow, quick]) await one.ask(subscribe("chat"));
    slow.transport.confirms = false;
    const sent = Array.from({ length: 200 }, (_, index) => `message ${index}`.padEnd(100, "."));
    for (const value of sent) await node.publish("chat", payloadOf(value));
    expect(valuesOf(await quick.frames())).toEqual(sent);
    const held = valuesOf(await slow.frames());
    expect(held.length).toBeLessThan(20);
    slow.transport.confirms = true;
    slow.transport.confirmAll();
    expect([...held, ...valuesOf(await slow.frames())]).toEqual(sent);
  });

  it("is bounded for one who asks on and takes no answer [FLOW-2]", async () => {
    const { client } = await startNode({ limits: { ...limits, maxRequests: 16 } });
    const greedy = await client().connect("greedy");
    greedy.transport.confirms = false;
    let asked = 0;
    while (greedy.transport.closed === undefined && asked < 10_000) {
      asked += 1;
      greedy.send(publish(asked, "$refused", "x"));
      await greedy.frames();
    }
    expect(greedy.transport.closed?.code).toBe(closeCodes.rateLimited);
    const written = greedy.transport.messages.reduce((sum, message) => sum + message.byteLength, 0);
    expect(written).toBeLessThan(3_000);
  });

  it("is told in bytes over all connections", async () => {
    const told: number[] = [];
    const observer = { ...silentObserver, unconfirmed: (bytes: number) => void told.push(bytes) };
    const { client, node, ports } = await startNode({ limits, observer });
    const both = [await client().connect("ann"), await client().connect("bob")];
    for (const one of both) await one.ask(subscribe("chat"));
    const before = both.map((one) => one.transport.messages.reduce((sum, { byteLength }) => sum + byteLength, 0));
    for (const one of both) one.transport.confirms = false;
    await node.publish("chat", payloadOf("x".repeat(100)));
    await ports.advance(3_000);
    const after = both.map((one) => one.transport.messages.reduce((sum, { byteLength }) => sum + byteLength, 0));
    expect(told.at(-1)).toBeGreaterThanOrEqual(after[0]! + after[1]! - before[0]! - before[1]!);
    for (const one of both) {
      one.transport.confirms = true;
      one.transport.handlers?.onClose(1000, "");
    }
    await ports.advance(3_000);
    expect(told.at(-1)).toBe(0);
  });

  it("is bounded in bytes for one who asks for much at once and takes none of it [FLOW-2]", async () => {
    const calls = { much: () => "x".repeat(998) };
    const call = (id: number): ClientFrame => ({
      type: "call",
      id,
      method: "much",
      payload: payloadOf(1),
      timeoutMs: 0,
      idempotent: false,
    });
    const ids = (from: number, to: number): number[] =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const { client } = await startNode({ calls, limits: { ...limits, maxReplyBytes: 20_000 } });
    const ann = await client().connect();
    ann.transport.confirms = false;
    await ann.ask(call(1));
    await ann.ask(...ids(2, 20).map(call));
    expect(ann.transport.closed).toBeUndefined();
    await ann.ask(...ids(21, 30).map(call));
    expect(ann.transport.closed?.code).toBe(closeCodes.rateLimited);
  });

  it("ends with a connection that confirms nothing though it speaks [FLOW-3]", async () => {
    const { client, node, ports } = await startNode({ limits });
    const ann = await client().connect();
    await ann.ask(subscribe("chat"));
    ann.transport.confirms = false;
    for (let index = 0; index < 50; index += 1) await node.publish("chat", payloadOf("x".repeat(100)));
    for (let second = 0; second < 25 && ann.transport.closed === undefined; second += 1) {
      ann.transport.handlers?.onAlive();
      await ports.advance(1_000);
    }
    expect(ann.transport.closed?.code).toBe(closeCodes.heartbeatTimeout);
  });
});
