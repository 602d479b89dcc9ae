import { describe, expect, it } from "vitest";
import { decodeShared, encodeShared, protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ConnectFrame, ServerFrame, SharedMessage } from "@hawser/protocol";
import type { TransportHandlers } from "../../src/core.ts";
import { SharedConnection } from "../../src/transport/shared-connection.ts";
import type { SharedConnectionLimits } from "../../src/transport/shared-connection.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";
import type { TestNodeOptions } from "../support/test-node.ts";

/** A head that says the length, so that the test can take a write apart. */
const frameHead = (length: number): Uint8Array => Uint8Array.of(length >>> 16, (length >>> 8) & 0xff, length & 0xff);

/** The physical connection: keeps what is written. */
class Physical implements Transport {
  readonly framing = { name: "physical", headroomBytes: 0, frame: (message: Uint8Array) => message };
  handlers: TransportHandlers | undefined;
  readonly writes: Uint8Array[] = [];
  closed: { code: number; reason: string } | undefined;

  write(pieces: readonly Uint8Array[]): void {
    if (this.closed !== undefined) throw new Error("written after close");
    this.writes.push(Buffer.concat(pieces));
  }

  mark(): void {
    throw new Error("no mark is set on a shared connection itself");
  }

  pause(): void {
    throw new Error("one stream may not stall the others");
  }

  resume(): void {}

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  terminate(): void {}
}

const connect: ConnectFrame = { type: "connect", token: "ann", session: "", agent: "test" };

interface Options {
  readonly limits?: Partial<SharedConnectionLimits>;
  readonly node?: TestNodeOptions;
  /** Places beside the connection's own. */
  readonly places?: number;
}

async function shared({ limits = {}, node: nodeOptions = {}, places = 1_000 }: Options = {}) {
  const { node, ports } = await startNode(nodeOptions);
  const physical = new Physical();
  let free = places;
  let ended = 0;
  const connection = new SharedConnection({
    transport: physical,
    frameHead,
    admit: () => {
      if (free === 0) return undefined;
      free -= 1;
      return { leave: () => (free += 1) };
    },
    accept: (stream) => node.accept(stream, { address: "192.0.2.1", subprotocol: "hawser.v1", headers: {} }),
    onClosed: () => (ended += 1),
    limits: {
      maxStreamsPerConnection: 32,
      maxHeldBytes: 10_000,
      connectTimeoutMs: 10_000,
      framesPerSecond: 100,
      framesBurst: 200,
      ...limits,
    },
    timers: ports,
    now: () => ports.monotonic(),
    atTurnsEnd: (callback) => queueMicrotask(callback),
  });
  let read = 0;
  const come = async (): Promise<SharedMessage[]> => {
    await ports.settle();
    const messages: SharedMessage[] = [];
    for (; read < physical.writes.length; read += 1) {
      let rest = physical.writes[read]!;
      while (rest.length > 0) {
        const length = rest[0]! * 65_536 + rest[1]! * 256 + rest[2]!;
        messages.push(decodeShared(rest.subarray(3, 3 + length)));
        rest = rest.subarray(3 + length);
      }
    }
    return messages;
  };
  const say = (message: Exclude<SharedMessage, { kind: "unknown" }>): void =>
    physical.handlers?.onMessage(encodeShared(message), true);
  const send = (stream: number, frame: ClientFrame): void =>
    say({ kind: "message", stream, message: protobufCodec.encode(frame) });
  return {
    node,
    ports,
    physical,
    connection,
    say,
    send,
    come,
    raw: (bytes: Uint8Array, binary = true) => physical.handlers?.onMessage(bytes, binary),
    free: () => free,
    ended: () => ended,
    /** Streams 1 to `count`, connected, each as another user; what came for it is taken. */
    open: async (count: number) => {
      for (let stream = 1; stream <= count; stream += 1) send(stream, { ...connect, token: `user-${stream}` });
      return come();
    },
  };
}

const framesOf = (messages: readonly SharedMessage[], stream: number): ServerFrame[] =>
  messages.flatMap((message) =>
    message.kind === "message" && message.stream === stream ? protobufCodec.decodeServer(message.message) : [],
  );

const text = new TextEncoder();

describe("a shared connection", () => {
  it("says first how many streams it takes [SHARE-7]", async () => {
    const { come } = await shared({ limits: { maxStreamsPerConnection: 5 } });
    expect(await come()).toEqual([{ kind: "streams", max: 5 }]);
  });

  it("gives each stream a connection of its own, with its own user and session [SHARE-3]", async () => {
    const { open, node, connection } = await shared();
    const came = await open(3);
    expect(
      [1, 2, 3].map((stream) => framesOf(came, stream).map((frame) => frame.type === "connected" && frame.user)),
    ).toEqual([["user-1"], ["user-2"], ["user-3"]]);
    const sessions = [1, 2, 3]
      .map((stream) => framesOf(came, stream)[0])
      .map((f) => f?.type === "connected" && f.session);
    expect(new Set(sessions).size).toBe(3);
    expect(node.connections).toBe(3);
    expect(connection.streams).toBe(3);
  });

  it("delivers a channel to each stream, and writes for all of them once a turn", async () => {
    const { open, send, come, physical } = await shared();
    await open(4);
    for (const stream of [1, 2, 3, 4]) send(stream, subscribe("c"));
    await come();
    const before = physical.writes.length;
    send(1, publish(2, "c", "hello"));
    const came = await come();
    for (const stream of [1, 2, 3, 4]) expect(valuesOf(framesOf(came, stream))).toEqual(["hello"]);
    expect(physical.writes.length - before).toBe(1);
  });

  it("closes with 4501 at a text message and at what is no envelope [SHARE-1]", async () => {
    const one = await shared();
    one.raw(text.encode("{}"), false);
    expect(one.physical.closed?.code).toBe(4501);
    const other = await shared();
    other.raw(Uint8Array.of(0xff));
    expect(other.physical.closed?.code).toBe(4501);
  });

  it("skips a control message that it does not know [SHARE-1]", async () => {
    const { raw, open, physical } = await shared();
    raw(Uint8Array.of(0, 99, 1, 2, 3));
    expect(framesOf(await open(1), 1)).toHaveLength(1);
    expect(physical.closed).toBeUndefined();
  });

  it("ends one stream where a connection would be closed, and touches no other [SHARE-4]", async () => {
    const { open, say, send, come, physical, node } = await shared();
    await open(2);
    say({ kind: "message", stream: 1, message: Uint8Array.of(1) });
    const came = await come();
    expect(came).toContainEqual(expect.objectContaining({ kind: "close", stream: 1, code: 4501 }));
    expect(framesOf(came, 1)).toContainEqual(expect.objectContaining({ type: "error", code: "frame-malformed" }));
    send(2, { type: "ping", nonce: 7 });
    expect(framesOf(await come(), 2)).toEqual([{ type: "pong", nonce: 7 }]);
    expect(physical.closed).toBeUndefined();
    expect(node.connections).toBe(1);
  });

  it("ends a stream that the client closes without an answer, and drops what crosses its end [SHARE-2] [SHARE-4]", async () => {
    const { open, say, send, come, node, physical } = await shared();
    await open(2);
    say({ kind: "close", stream: 1, code: 1000, reason: "" });
    expect(node.connections).toBe(1);
    send(1, { type: "ping", nonce: 1 });
    say({ kind: "close", stream: 1, code: 1000, reason: "" });
    say({ kind: "confirm", stream: 1, mark: new Uint8Array(8) });
    expect(await come()).toEqual([]);
    expect(physical.closed).toBeUndefined();
  });

  it.each([
    ["a stream that is not the next", { kind: "message", stream: 3, message: new Uint8Array() }],
    ["a close of a stream that has not begun", { kind: "close", stream: 2, code: 1000, reason: "" }],
    ["a confirm for a stream that has not begun", { kind: "confirm", stream: 2, mark: new Uint8Array(8) }],
  ] as const)("is closed with 4500 at %s [SHARE-2]", async (_name, message) => {
    const { open, say, physical, node } = await shared();
    await open(1);
    say(message);
    expect(physical.closed?.code).toBe(4500);
    expect(node.connections).toBe(0);
  });

  it.each([
    ["mark", { kind: "mark", stream: 1, mark: new Uint8Array(8) }],
    ["streams", { kind: "streams", max: 1 }],
  ] as const)("is closed with 4500 by a client that sends %s [SHARE-11]", async (_name, message) => {
    const { open, say, physical } = await shared();
    await open(1);
    say(message);
    expect(physical.closed?.code).toBe(4500);
  });

  it("ends all streams with its code when it ends itself [SHARE-5]", async () => {
    const { open, physical, node, ended } = await shared();
    await open(3);
    physical.handlers?.onClose(1006, "");
    expect(node.connections).toBe(0);
    expect(ended()).toBe(1);
  });

  it("holds back one stream that confirms nothing, and goes on with the others [SHARE-6]", async () => {
    const { open, send, say, come } = await shared({
      node: {
        limits: { minUnconfirmedBytes: 2_000, maxUnconfirmedBytes: 2_000, framesPerSecond: 1e6, framesBurst: 1e6 },
      },
    });
    await open(2);
    for (const stream of [1, 2]) send(stream, subscribe("c"));
    await come();
    const got: Record<number, number> = { 1: 0, 2: 0 };
    let marks: Uint8Array[] = [];
    for (let id = 1; id <= 100; id += 1) {
      send(2, publish(id + 1, "c", "x".repeat(100)));
      const came = await come();
      for (const message of came) {
        if (message.kind !== "mark") continue;
        if (message.stream === 2) say({ kind: "confirm", stream: 2, mark: message.mark });
        else marks.push(message.mark);
      }
      for (const stream of [1, 2]) got[stream]! += valuesOf(framesOf(came, stream)).length;
    }
    for (const message of await come())
      if (message.kind === "message") got[message.stream]! += valuesOf(framesOf([message], message.stream)).length;
    expect(got[2]).toBe(100);
    expect(got[1]).toBeLessThan(40);
    expect(marks.length).toBeGreaterThan(0);
    // When it confirms at last, it gets the rest.
    for (let round = 0; round < 100 && got[1]! < 100; round += 1) {
      for (const mark of marks) say({ kind: "confirm", stream: 1, mark });
      const came = await come();
      marks = came.flatMap((message) => (message.kind === "mark" ? [message.mark] : []));
      got[1]! += valuesOf(framesOf(came, 1)).length;
    }
    expect(got[1]).toBe(100);
  });

  it("ends a stream that confirms nothing for two heartbeats, and no other [SHARE-6]", async () => {
    const { open, send, say, come, ports, physical, node } = await shared({ node: { limits: { heartbeatMs: 1_000 } } });
    await open(2);
    const closes: SharedMessage[] = [];
    for (let second = 0; second < 5; second += 1) {
      await ports.advance(900);
      send(1, { type: "ping", nonce: 1 });
      for (const message of await come()) {
        if (message.kind === "mark" && message.stream === 1) say({ kind: "confirm", stream: 1, mark: message.mark });
        if (message.kind === "close") closes.push(message);
      }
    }
    expect(closes).toEqual([expect.objectContaining({ stream: 2, code: 4001 })]);
    expect(node.connections).toBe(1);
    expect(physical.closed).toBeUndefined();
  });

  it("takes as many streams as its limit says, and closes the next with 4005 [SHARE-7]", async () => {
    const { open, say, come, connection } = await shared({ limits: { maxStreamsPerConnection: 2 } });
    const came = await open(3);
    expect(came.filter(({ kind }) => kind === "close")).toEqual([expect.objectContaining({ stream: 3, code: 4005 })]);
    expect(connection.streams).toBe(2);
    // Where one has ended there is room for the next.
    say({ kind: "close", stream: 1, code: 1000, reason: "" });
    say({ kind: "message", stream: 4, message: protobufCodec.encode(connect) });
    expect(framesOf(await come(), 4)).toHaveLength(1);
  });

  it("counts streams like connections: beyond the places that are free they are closed with 4005 [SHARE-3] [SHARE-7]", async () => {
    const { open, say, free } = await shared({ places: 1 });
    const came = await open(3);
    expect(came.filter(({ kind }) => kind === "close")).toEqual([expect.objectContaining({ stream: 3, code: 4005 })]);
    expect(free()).toBe(0);
    say({ kind: "close", stream: 1, code: 1000, reason: "" });
    expect(free()).toBe(1);
    say({ kind: "close", stream: 2, code: 1000, reason: "" });
    expect(free()).toBe(1);
  });

  it("gives all places back when it ends [SHARE-3]", async () => {
    const { open, physical, free } = await shared({ places: 5 });
    await open(4);
    expect(free()).toBe(2);
    physical.handlers?.onClose(1006, "");
    expect(free()).toBe(5);
  });

  it("takes no new stream while its node goes away; those that there are go on [SHARE-7]", async () => {
    const { open, send, come, connection } = await shared();
    await open(1);
    connection.leave();
    connection.leave();
    expect(await come()).toEqual([{ kind: "streams", max: 0 }]);
    send(2, connect);
    send(1, { type: "ping", nonce: 3 });
    const came = await come();
    expect(came).toContainEqual(expect.objectContaining({ kind: "close", stream: 2, code: 4000 }));
    expect(framesOf(came, 1)).toEqual([{ type: "pong", nonce: 3 }]);
  });

  it("is closed with 4008 when there is no stream in time, at the start and later [SHARE-8]", async () => {
    const none = await shared();
    await none.ports.advance(9_999);
    expect(none.physical.closed).toBeUndefined();
    await none.ports.advance(1);
    expect(none.physical.closed?.code).toBe(4008);
    const { open, say, ports, physical } = await shared();
    await open(1);
    await ports.advance(11_000);
    expect(physical.closed).toBeUndefined();
    say({ kind: "close", stream: 1, code: 1000, reason: "" });
    await ports.advance(10_000);
    expect(physical.closed?.code).toBe(4008);
  });

  it.each([
    [
      "messages of a stream that has ended",
      (): SharedMessage => ({ kind: "message", stream: 1, message: new Uint8Array() }),
    ],
    ["confirmations", (): SharedMessage => ({ kind: "confirm", stream: 2, mark: new Uint8Array(8) })],
    ["closes", (): SharedMessage => ({ kind: "close", stream: 1, code: 1000, reason: "" })],
    ["streams", (index: number): SharedMessage => ({ kind: "message", stream: index + 3, message: new Uint8Array() })],
  ])("is closed with 4009 by a flood of %s [SHARE-9]", async (_name, message) => {
    const { open, say, ports, physical } = await shared();
    await open(2);
    say({ kind: "close", stream: 1, code: 1000, reason: "" });
    await ports.advance(2_000);
    const flood = (from: number, to: number): void => {
      for (let index = from; index < to; index += 1) say(message(index) as never);
    };
    flood(0, 200);
    expect(physical.closed).toBeUndefined();
    flood(200, 201);
    expect(physical.closed?.code).toBe(4009);
  });

  it("counts no confirmation that it has asked for [SHARE-9]", async () => {
    const { open, send, say, come, ports, physical } = await shared({
      limits: { framesPerSecond: 1, framesBurst: 10 },
      node: { limits: { minUnconfirmedBytes: 100, maxUnconfirmedBytes: 100 } },
    });
    let marks = 0;
    const confirm = (came: readonly SharedMessage[]): void => {
      for (const message of came) {
        if (message.kind !== "mark") continue;
        marks += 1;
        say({ kind: "confirm", stream: 1, mark: message.mark });
      }
    };
    confirm(await open(1));
    send(1, subscribe("c"));
    confirm(await come());
    for (let index = 0; index < 50; index += 1) {
      await ports.advance(1);
      send(1, publish(index + 2, "c", "x".repeat(200)));
      confirm(await come());
    }
    expect(marks).toBeGreaterThan(20);
    expect(physical.closed).toBeUndefined();
  });

  it("holds what comes on a stream that is not read, up to its limit over all streams [SHARE-10]", async () => {
    let answer = (): void => {};
    const { send, say, come, physical, node } = await shared({
      limits: { maxHeldBytes: 100 },
      node: {
        authenticate: ({ token }) =>
          token === "slow" ? new Promise((resolve) => (answer = () => resolve({ user: "slow" }))) : { user: token },
      },
    });
    send(1, { ...connect, token: "slow" });
    send(2, { ...connect, token: "quick" });
    await come();
    const held = new Uint8Array(60).fill(0xff);
    say({ kind: "message", stream: 1, message: protobufCodec.encode({ type: "ping", nonce: 5 }) });
    say({ kind: "message", stream: 1, message: held });
    expect(await come()).toEqual([]);
    // With the ping's five bytes that is the limit; the next byte is past it.
    say({ kind: "message", stream: 1, message: held.subarray(0, 35) });
    expect(await come()).toEqual([]);
    say({ kind: "message", stream: 1, message: held.subarray(0, 1) });
    expect(await come()).toEqual([expect.objectContaining({ kind: "close", stream: 1, code: 4009 })]);
    send(2, { type: "ping", nonce: 1 });
    expect(framesOf(await come(), 2)).toEqual([{ type: "pong", nonce: 1 }]);
    expect(physical.closed).toBeUndefined();
    expect(node.connections).toBe(1);
    answer();
    // What was held is free again for another.
    send(3, { ...connect, token: "slow" });
    send(3, { type: "ping", nonce: 2 });
    say({ kind: "message", stream: 3, message: held.subarray(0, 90) });
    expect(await come()).toEqual([]);
    answer();
    expect(framesOf(await come(), 3).map(({ type }) => type)).toEqual(["connected", "pong", "error"]);
    // And what was held and then handed on is free as well.
    send(4, { ...connect, token: "slow" });
    say({ kind: "message", stream: 4, message: held });
    await come();
    answer();
    await come();
    send(5, { ...connect, token: "slow" });
    say({ kind: "message", stream: 5, message: held });
    expect(await come()).toEqual([]);
  });
});
