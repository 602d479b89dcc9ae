import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SocketDataFrame } from "@hawser/protocol";
import { maxDials, redialMs } from "../../src/relay/home-line.ts";
import { FakeConnection } from "../support/fake-connection.ts";
import { attachFrame, ClientEnd, opened, openFrame } from "../support/home-scene.ts";
import { relayScene } from "../support/relay-scene.ts";

const hello: SocketDataFrame = {
  type: "socket-data",
  number: 1,
  from: 0,
  text: true,
  last: true,
  data: new TextEncoder().encode("hello"),
};

describe("a virtual socket whose home is another node", () => {
  it("is attached through the node that was reached, and goes on both ways [SOCK-16]", async () => {
    const { a, b, relays } = relayScene();
    const first = new FakeConnection(a.relay);
    const answer = await opened(first);
    first.cut();
    a.upstreams.newest.say("missed");
    const second = new FakeConnection(b.relay);
    const frames = await second.ask(attachFrame(answer));
    expect(frames).toMatchObject([
      { type: "socket-attached", id: 2, received: 0, credit: 262_144 },
      { type: "socket-data", number: 1, from: 0, text: true, last: true },
    ]);
    expect(await second.ask(hello)).toEqual([]);
    expect(a.upstreams.newest.got).toEqual([{ text: true, data: hello.data }]);
    a.upstreams.newest.handlers?.onClose(4001, "over");
    expect(await second.frames()).toMatchObject([{ type: "socket-window" }, { type: "socket-close", code: 4001 }]);
    expect(relays.dialed).toEqual(["ws://node-a"]);
  });

  it("is opened at the node that was reached", async () => {
    const { a, b } = relayScene();
    expect((await opened(new FakeConnection(b.relay))).home).toBe("node-b");
    expect([a.home.size, b.home.size]).toEqual([0, 1]);
  });

  it("shares one line with the others of that home, in whatever session, and is not mixed up with them", async () => {
    const { a, b, relays } = relayScene();
    const sessions = ["s1", "s2", "s3"];
    const ends = await Promise.all(
      sessions.map(async (session) => {
        const direct = new FakeConnection(a.relay, session);
        const answer = await opened(direct);
        direct.cut();
        const connection = new FakeConnection(b.relay, session);
        connection.send(attachFrame(answer));
        return connection;
      }),
    );
    for (const end of ends) expect(await end.frames()).toMatchObject([{ type: "socket-attached" }]);
    for (const [index, upstream] of a.upstreams.sockets.entries()) upstream.say(`for ${index}`);
    for (const [index, end] of ends.entries()) {
      const [frame] = await end.frames();
      expect(new TextDecoder().decode((frame as SocketDataFrame).data)).toBe(`for ${index}`);
    }
    expect(relays.dialed).toHaveLength(1);
  });

  it("is gone at once when no node of that name is known, and when it is another life [SOCK-12] [SOCK-24]", async () => {
    const { a, b, start } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const unknown = new FakeConnection(b.relay);
    const elsewhere = await unknown.ask(attachFrame({ ...answer, home: "elsewhere" }));
    expect(elsewhere).toMatchObject([{ code: "socket-gone", retry: true }]);
    a.relay.close();
    start("node-a");
    const another = await new FakeConnection(b.relay).ask(attachFrame(answer));
    expect(another).toMatchObject([{ code: "socket-gone", retry: false }]);
  });

  it("is not reached once its home has refused four links, 200 ms apart: it may be by another way [SOCK-24]", async () => {
    const { a, b, relays, ports, reported } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    relays.nodes.delete("ws://node-a");
    const connection = new FakeConnection(b.relay);
    expect(await connection.ask(attachFrame(answer))).toEqual([]);
    await ports.advance((maxDials - 1) * redialMs - 1);
    expect(await connection.frames()).toEqual([]);
    await ports.advance(1);
    expect(await connection.frames()).toMatchObject([{ type: "error", id: 2, code: "socket-gone", retry: true }]);
    expect(relays.dialed).toHaveLength(maxDials);
    expect(reported).toHaveLength(1);
  });

  it("is attached when its home takes links again a moment later", async () => {
    const { a, b, relays, ports } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    relays.nodes.delete("ws://node-a");
    const connection = new FakeConnection(b.relay);
    expect(await connection.ask(attachFrame(answer))).toEqual([]);
    relays.nodes.set("ws://node-a", a.relay);
    await ports.advance(redialMs);
    expect(await connection.frames()).toMatchObject([{ type: "socket-attached", id: 2 }]);
  });

  it("is not reached when its home does not answer in time, and is told so no later [SOCK-12] [SOCK-24]", async () => {
    const { a, b, relays, ports } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    relays.silent.add("ws://node-a");
    const connection = new FakeConnection(b.relay);
    expect(await connection.ask(attachFrame(answer))).toEqual([]);
    await ports.advance(3_000);
    expect(await connection.frames()).toMatchObject([{ type: "error", id: 2, code: "socket-gone", retry: true }]);
  });

  it("is taken off the connection when the link is cut, and attached anew [SOCK-13] [SOCK-16]", async () => {
    const { a, b, relays } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    relays.cut();
    expect(await connection.frames()).toMatchObject([
      { type: "detach-socket", number: 1, generation: 2, code: "socket-unavailable", retry: true },
    ]);
    a.upstreams.newest.say("kept");
    expect(await connection.ask(attachFrame(answer, { id: 3, generation: 3 }))).toMatchObject([
      { type: "socket-attached", id: 3 },
      { type: "socket-data" },
    ]);
  });

  it("whose attach was under way when the link was cut is to be attached again", async () => {
    const { a, b, relays } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    connection.send(attachFrame(answer, { id: 3, generation: 3 }));
    relays.cut();
    expect(await connection.frames()).toContainEqual(
      expect.objectContaining({ type: "error", id: 3, code: "socket-unavailable", retry: true }),
    );
  });

  it("is told that its home is dead when that dies in mid-stream: detached, then gone [SOCK-12] [SOCK-13]", async () => {
    const { a, b, relays, ports } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    relays.nodes.delete("ws://node-a");
    relays.cut();
    expect(await connection.frames()).toMatchObject([{ type: "detach-socket", retry: true }]);
    connection.send(attachFrame(answer, { id: 3, generation: 3 }));
    await ports.advance(maxDials * redialMs);
    expect(await connection.frames()).toMatchObject([{ type: "error", id: 3, code: "socket-gone" }]);
  });

  it("is judged by the rights that the client has at its own node [SOCK-1] [SOCK-20]", async () => {
    const { a, b } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    connection.forbidden.add("quotes");
    expect(await connection.ask(attachFrame(answer))).toMatchObject([{ code: "forbidden" }]);
    connection.forbidden.clear();
    await connection.ask(attachFrame(answer, { id: 3 }));
    connection.forbidden.add("quotes");
    await connection.recheck();
    expect(await connection.frames()).toMatchObject([{ type: "detach-socket", code: "forbidden", retry: false }]);
    expect(a.home.size).toBe(0);
  });

  it("is not taken for forbidden when the link is cut while its rights are asked for", async () => {
    const { a, b, relays } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    void connection.recheck();
    relays.cut();
    await connection.frames();
    expect(a.home.size).toBe(1);
    expect(a.upstreams.newest.closed).toBeUndefined();
  });

  it("waits for its client when the connection at the other node is gone [SOCK-14]", async () => {
    const { a, b, ports } = relayScene({ socketResumeMs: 5_000 });
    const direct = new FakeConnection(a.relay);
    const answer = await opened(direct);
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    connection.cut();
    await ports.advance(5_000);
    expect(a.upstreams.newest.closed?.code).toBe(1001);
  });

  it("is let go of here when it is attached elsewhere", async () => {
    const { a, b } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const relayed = new FakeConnection(b.relay);
    await relayed.ask(attachFrame(answer));
    const direct = new FakeConnection(a.relay);
    await direct.ask(attachFrame(answer, { generation: 3 }));
    a.upstreams.newest.say("here");
    expect(await relayed.frames()).toEqual([]);
    expect(await direct.frames()).toMatchObject([{ type: "socket-data" }]);
  });

  it("goes by its lane on the connection of the other node, too [SOCK-18]", async () => {
    const { a, b } = relayScene();
    const direct = new FakeConnection(a.relay);
    const bulk = await opened(direct, { number: 1, lane: "bulk" });
    const urgent = await opened(direct, { number: 2, lane: "interactive" });
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(bulk), attachFrame(urgent, { id: 3, number: 2 }));
    a.upstreams.sockets[0]!.say(new Uint8Array(40_000));
    a.upstreams.sockets[1]!.say("now");
    const data = (await connection.frames()).filter((frame) => frame.type === "socket-data");
    expect(data.map(({ number }) => number)).toEqual([2, 1, 1, 1]);
  });

  it("lives while its home is drained, wherever its client is [SOCK-21]", async () => {
    const { a, b } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    void a.relay.drain(60_000);
    const connection = new FakeConnection(b.relay);
    expect(await connection.ask(attachFrame(answer))).toMatchObject([{ type: "socket-attached" }]);
    expect(await new FakeConnection(a.relay).ask(openFrame({ number: 2 }))).toMatchObject([
      { code: "upstream-unavailable" },
    ]);
  });

  it("stays byte-exact and in order while links are cut and its client goes from node to node [SOCK-11] [SOCK-16]", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom("client" as const, "upstream" as const), length: fc.nat(2_000) }),
      fc.record({ kind: fc.constantFrom("put" as const, "read" as const, "wait" as const, "link" as const) }),
      fc.record({ kind: fc.constant("move" as const), relayed: fc.boolean(), cut: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const { a, b, relays, ports } = relayScene({ socketWindowBytes: 1_000, maxPieceBytes: 300 });
        let connection = new FakeConnection(a.relay);
        const answer = await opened(connection, { credit: 700 });
        const end = new ClientEnd(answer, 700);
        const upstream = a.upstreams.newest;
        let generation = 1;
        const attach = async (relayed: boolean): Promise<void> => {
          connection = new FakeConnection((relayed ? b : a).relay);
          generation += 1;
          const { received, credit } = end.receiver.tell();
          const frames = await connection.ask(attachFrame(answer, { generation, received, credit }));
          expect(frames[0]?.type).toBe("socket-attached");
          end.take(frames);
        };
        const sent: Uint8Array[] = [];
        const said: Uint8Array[] = [];
        let salt = 0;
        for (const one of steps) {
          if (one.kind === "client" || one.kind === "upstream") {
            const data = Uint8Array.from({ length: one.length }, (_, index) => (index * 13 + (salt += 1)) & 255);
            if (one.kind === "client") {
              sent.push(data);
              end.sender.push(data, false, true);
            } else if (!upstream.paused) {
              said.push(data);
              upstream.say(data);
            }
          }
          if (one.kind === "put") end.put(connection);
          if (one.kind === "wait") await ports.advance(25);
          if (one.kind === "read" || one.kind === "link") {
            if (one.kind === "link") relays.cut();
            const frames = await connection.frames();
            end.take(frames);
            if (frames.some(({ type }) => type === "detach-socket")) await attach(true);
          }
          if (one.kind === "move") {
            if (one.cut) connection.cut();
            await attach(one.relayed);
          }
        }
        await attach(true);
        end.sender.close(4321, "done");
        for (let turn = 0; turn < 1_000 && a.home.size > 0; turn += 1) {
          end.put(connection);
          end.take(await connection.frames());
          if (turn % 4 === 3) await ports.advance(25);
        }
        expect(upstream.got.map(({ data }) => data)).toEqual(sent);
        expect(end.got.map(({ data }) => data)).toEqual(said);
        expect(end.closed).toEqual({ code: 4321, reason: "done" });
        expect(a.home.size).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a link between nodes", () => {
  it("that nobody uses is closed after a while, and opened again when it is needed", async () => {
    const { a, b, relays, ports } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    await ports.advance(70_000);
    expect(a.home.size).toBe(1);
    connection.cut();
    await ports.advance(1_000);
    const again = new FakeConnection(b.relay);
    await again.ask(attachFrame(answer, { generation: 3 }));
    expect(relays.dialed).toHaveLength(1);
    again.cut();
    await ports.advance(59_999 + 1);
    await new FakeConnection(b.relay).ask(attachFrame(answer, { generation: 4 }));
    expect(relays.dialed).toHaveLength(2);
  });

  it.each([
    (link: { sendWord(word: string): void }) => link.sendWord("no word"),
    (link: { sendWord(word: string): void }) => link.sendWord('{"word":"other"}'),
    (link: { sendFrames(message: Uint8Array): void }) => link.sendFrames(new Uint8Array([0, 9])),
    (link: { sendFrames(message: Uint8Array): void }) => link.sendFrames(new Uint8Array([1, 255])),
  ])("over which something else is said is closed, and reported (%#)", async (say) => {
    const { a, b, relays, reported } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    say(relays.links[0]!);
    expect(await connection.frames()).toMatchObject([{ type: "detach-socket", retry: true }]);
    expect(reported).toHaveLength(1);
  });

  it("gets no more while it is full, and goes on when there is room", async () => {
    const { a, b, relays } = relayScene();
    const answer = await opened(new FakeConnection(a.relay));
    const connection = new FakeConnection(b.relay);
    await connection.ask(attachFrame(answer));
    const far = relays.links[0]!.other!;
    far.full = true;
    a.upstreams.newest.say("later");
    expect(await connection.frames()).toEqual([]);
    far.full = false;
    far.handlers?.onRoom();
    expect(await connection.frames()).toMatchObject([{ type: "socket-data" }]);
  });
});
