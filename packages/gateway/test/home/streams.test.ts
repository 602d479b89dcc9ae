import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonCodec } from "@hawser/protocol";
import type { SocketDataFrame } from "@hawser/protocol";
import { FakeConnection } from "../support/fake-connection.ts";
import { attachFrame, ClientEnd, homeScene, opened } from "../support/home-scene.ts";

const text = (data: string): Uint8Array => new TextEncoder().encode(data);
const piece = (from: number, length: number, last = true): SocketDataFrame => ({
  type: "socket-data",
  number: 1,
  from,
  text: false,
  last,
  data: new Uint8Array(length).fill(from),
});

describe("the streams of a virtual socket", () => {
  it("carry text and bytes both ways", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    const end = new ClientEnd(await opened(connection), 262_144);
    end.sender.push(text("hello"), true, true);
    end.sender.push(new Uint8Array([1, 2]), false, true);
    end.put(connection);
    expect(upstreams.newest.got).toEqual([
      { text: true, data: text("hello") },
      { text: false, data: new Uint8Array([1, 2]) },
    ]);
    upstreams.newest.say("hello to you");
    upstreams.newest.say(new Uint8Array(0));
    end.take(await connection.frames());
    expect(end.got).toEqual([
      { text: true, data: text("hello to you") },
      { text: false, data: new Uint8Array(0) },
    ]);
  });

  it("join pieces that are small while the upstream takes none: not one waits for each byte", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    const upstream = upstreams.newest;
    upstream.takes = false;
    const bytes = Uint8Array.from({ length: 10_000 }, (_, index) => index & 255);
    bytes.forEach((byte, from) => connection.send({ ...piece(from, 1, false), data: Uint8Array.of(byte) }));
    expect(upstream.waiting).toBeLessThan(100);
    upstream.takeAll();
    connection.send({ ...piece(10_000, 1), data: Uint8Array.of(7) });
    connection.send({ ...piece(10_033, 1), data: Uint8Array.of(8) });
    expect(home.keptBytes).toBeGreaterThan(9_000);
    upstream.takeAll();
    expect(home.keptBytes).toBe(0);
    expect(upstream.got.map(({ data }) => [...data])).toEqual([[...bytes, 7], [8]]);
  });

  it("reach the upstream as far as the client sent them, ahead of its close", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    const upstream = upstreams.newest;
    upstream.takes = false;
    for (let from = 0; from < 1_000; from += 1) connection.send(piece(from, 1, false));
    connection.send({ type: "socket-close", number: 1, from: 1_000, code: 1000, reason: "" });
    expect(upstream.closed).toEqual({ code: 1000, reason: "" });
    expect(upstream.partBytes).toBe(1_000);
    upstream.takeAll();
    expect(home.keptBytes).toBe(0);
  });

  it("are the same in the JSON form, where pieces that belong together are lines of one message", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home, "s1", "ann", jsonCodec);
    const end = new ClientEnd(await opened(connection), 262_144);
    upstreams.newest.say("é".repeat(10));
    upstreams.newest.say(Uint8Array.from({ length: 40_000 }, (_, index) => index & 255));
    connection.send(piece(0, 70_000));
    end.take(await connection.frames());
    expect(end.got).toEqual([
      { text: true, data: text("é".repeat(10)) },
      { text: false, data: Uint8Array.from({ length: 40_000 }, (_, index) => index & 255) },
    ]);
  });

  it("tell the client soon how far its stream came, by one frame for many pieces [SOCK-8]", async () => {
    const { home, ports } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    connection.send(piece(0, 10), piece(42, 10));
    expect(await connection.frames()).toEqual([]);
    await ports.advance(20);
    expect(await connection.frames()).toEqual([
      { type: "socket-window", number: 1, received: 84, credit: 262_144 + 84 },
    ]);
  });

  it("give the client no credit for what the upstream does not take [SOCK-17]", async () => {
    const { home, upstreams } = homeScene({ limits: { socketWindowBytes: 400 } });
    const connection = new FakeConnection(home);
    await opened(connection);
    upstreams.newest.takes = false;
    expect(await connection.ask(piece(0, 368))).toEqual([
      { type: "socket-window", number: 1, received: 400, credit: 400 },
    ]);
    upstreams.newest.takeAll();
    expect(await connection.frames()).toEqual([{ type: "socket-window", number: 1, received: 400, credit: 800 }]);
  });

  it("end with 4410 when the client goes beyond its credit, and no other does [SOCK-7]", async () => {
    const { home, upstreams } = homeScene({ limits: { socketWindowBytes: 400 } });
    const connection = new FakeConnection(home);
    await opened(connection);
    await opened(connection, { id: 2, number: 2 });
    const [one, other] = upstreams.sockets;
    one!.takes = false;
    connection.send(piece(0, 400, false));
    expect(one!.closed).toBeUndefined();
    const frames = await connection.ask(piece(400, 1, false));
    expect(frames.at(-1)).toMatchObject({ type: "socket-close", number: 1, from: 0, code: 4410 });
    expect(one!.closed?.code).toBe(1008);
    expect(other!.closed).toBeUndefined();
  });

  it("end with 4410 when the client confirms what it was not sent [SOCK-7]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    upstreams.newest.say("x");
    const frames = await connection.ask({ type: "socket-window", number: 1, received: 33, credit: 400 });
    expect(frames.at(-1)).toMatchObject({ type: "socket-close", code: 4410 });
  });

  it("stop the reading of the upstream at a full window, and let it go on at half of one [SOCK-17]", async () => {
    const { home, upstreams } = homeScene({ limits: { socketWindowBytes: 400 } });
    const connection = new FakeConnection(home);
    await opened(connection);
    const { newest } = upstreams;
    newest.say(new Uint8Array(367));
    expect(newest.paused).toBe(false);
    newest.say(new Uint8Array(0));
    expect(newest.paused).toBe(true);
    await connection.frames();
    connection.send({ type: "socket-window", number: 1, received: 230, credit: 262_144 });
    expect(newest.paused).toBe(true);
    connection.send({ type: "socket-window", number: 1, received: 231, credit: 262_144 });
    expect(newest.paused).toBe(false);
  });

  it("go no further than the client's credit, and hold up no other socket [SOCK-18]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection, { credit: 100 });
    await opened(connection, { id: 2, number: 2 });
    upstreams.sockets[0]!.say(new Uint8Array(1_000));
    upstreams.sockets[1]!.say("free");
    const frames = (await connection.frames()).filter((frame) => frame.type === "socket-data");
    expect(frames.map(({ number, data }) => [number, data.length])).toEqual([
      [2, 4],
      [1, 100],
    ]);
  });

  it("are written in pieces in turn, by lane: a large message stands between others [SOCK-5] [SOCK-18]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection, { number: 1, lane: "normal" });
    await opened(connection, { number: 2, lane: "normal" });
    await opened(connection, { number: 3, lane: "interactive" });
    upstreams.sockets[0]!.say(new Uint8Array(60_000));
    upstreams.sockets[1]!.say(new Uint8Array(20_000));
    upstreams.sockets[2]!.say("now");
    const frames = (await connection.frames()).filter((frame) => frame.type === "socket-data");
    expect(frames.map(({ number }) => number)).toEqual([3, 2, 1, 2, 1, 1, 1]);
    expect(Math.max(...frames.map(({ data }) => data.length))).toBe(16_384);
  });

  it("end with 1009 at a message of the upstream above maxSocketMessageBytes, and take one of that size [SOCK-19]", async () => {
    const { home, upstreams } = homeScene({ limits: { maxSocketMessageBytes: 50 } });
    const connection = new FakeConnection(home);
    const end = new ClientEnd(await opened(connection), 1_000);
    upstreams.newest.say(new Uint8Array(50));
    upstreams.newest.say(new Uint8Array(51));
    end.take(await connection.frames());
    expect(end.got).toHaveLength(1);
    expect(end.closed?.code).toBe(1009);
    expect(upstreams.newest.closed?.code).toBe(1009);
  });

  it("ignore frames of numbers that are not on the connection [SOCK-15]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    const other = new FakeConnection(home);
    other.send(piece(0, 5), { type: "socket-close", number: 1, from: 0, code: 1000, reason: "" });
    connection.send({ ...piece(0, 5), number: 9 });
    expect(upstreams.newest).toMatchObject({ got: [], closed: undefined });
  });

  it("arrive byte-exact and in order over connections that are cut and changed all the time [SOCK-10] [SOCK-11] [SOCK-17]", async () => {
    const message = fc.record({ text: fc.boolean(), length: fc.oneof(fc.nat(40), fc.nat(3_000)) });
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom("client" as const, "upstream" as const), message }),
      fc.record({ kind: fc.constant("read" as const), messages: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constantFrom("put" as const, "cut" as const, "move" as const, "wait" as const) }),
      fc.record({ kind: fc.constant("drain" as const), takes: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const socketWindowBytes = 1_000;
        const { home, upstreams, ports } = homeScene({ limits: { socketWindowBytes, maxPieceBytes: 300 } });
        let connection = new FakeConnection(home);
        const first = await opened(connection, { credit: 700 });
        const end = new ClientEnd(first, 700);
        const upstream = upstreams.newest;
        let generation = 1;
        const attach = async (): Promise<void> => {
          const { offset: received, unconsumed } = end.receiver;
          connection = new FakeConnection(home);
          generation += 1;
          const credit = received - unconsumed + 700;
          end.receiver.tell();
          const frames = await connection.ask(attachFrame(first, { generation, received, credit }));
          expect(frames[0]?.type).toBe("socket-attached");
          end.take(frames);
        };
        const sent: { text: boolean; data: Uint8Array }[] = [];
        const said: { text: boolean; data: Uint8Array }[] = [];
        let salt = 0;
        for (const one of steps) {
          if (one.kind === "client" || one.kind === "upstream") {
            salt += 1;
            const data = Uint8Array.from({ length: one.message.length }, (_, index) => (index * 7 + salt) & 127);
            if (one.kind === "client") {
              sent.push({ text: one.message.text, data });
              end.sender.push(data, one.message.text, true);
            } else if (!upstream.paused) {
              said.push({ text: one.message.text, data });
              upstream.handlers?.onMessage(data, one.message.text);
            }
          }
          if (one.kind === "read") end.take(await connection.frames(one.messages));
          if (one.kind === "put") end.put(connection);
          if (one.kind === "wait") await ports.advance(25);
          if (one.kind === "drain") {
            upstream.takes = one.takes;
            if (one.takes) upstream.takeAll();
          }
          if (one.kind === "cut") connection.cut();
          if (one.kind === "cut" || one.kind === "move") await attach();
        }
        upstream.takes = true;
        upstream.takeAll();
        upstream.answersClose = true;
        end.sender.close(4321, "done");
        for (let turn = 0; turn < 1_000 && home.size > 0; turn += 1) {
          end.put(connection);
          end.take(await connection.frames());
          if (turn % 4 === 3) await ports.advance(25);
        }
        expect(upstream.got).toEqual(sent);
        expect(end.got).toEqual(said);
        expect(upstream.closed).toEqual({ code: 4321, reason: "done" });
        expect(end.closed).toEqual({ code: 4321, reason: "done" });
        expect(home.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
