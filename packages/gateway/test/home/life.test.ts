import { describe, expect, it } from "vitest";
import { encodeText } from "@hawser/protocol";
import type { SocketCloseFrame } from "@hawser/protocol";
import type { SocketRecord } from "../../src/home/socket-record.ts";
import { FakeConnection } from "../support/fake-connection.ts";
import { attachFrame, ClientEnd, homeScene, opened, openFrame } from "../support/home-scene.ts";

const close = (code: number, reason = ""): SocketCloseFrame => ({
  type: "socket-close",
  number: 1,
  from: 0,
  code,
  reason,
});

describe("the close of a virtual socket", () => {
  it.each([
    [1000, "", 1000],
    [4000, "bye", 4000],
    [0, "", undefined],
  ])("with %i %s goes to the upstream, and its answer comes back [SOCK-10]", async (code, reason, told) => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    const frames = await connection.ask(close(code, reason));
    expect(upstreams.newest.closed).toEqual({ code: told, reason });
    expect(frames).toContainEqual({ type: "socket-close", number: 1, from: 0, code, reason });
    expect(home.size).toBe(1);
    connection.send({ type: "socket-window", number: 1, received: 1, credit: 262_144 });
    expect(home.size).toBe(0);
  });

  it.each([
    [1005, 0],
    [1006, 1006],
    [1012, 1012],
    [4999, 4999],
  ])("by the upstream with %i comes behind all that it said, as %i [SOCK-10]", async (code, told) => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    const end = new ClientEnd(await opened(connection), 262_144);
    upstreams.newest.say("last words");
    upstreams.newest.handlers?.onClose(code, "over");
    end.take(await connection.frames());
    expect(end.got).toHaveLength(1);
    expect(end.closed).toEqual({ code: told, reason: "over" });
  });

  it.each([
    [1005, ""],
    [1006, ""],
    [999, ""],
    [2999, ""],
    [5000, ""],
    [0, "reason without a code"],
    [1000, "x".repeat(124)],
  ])("with %i and a reason that no WebSocket may have breaks the stream [SOCK-7]", async (code, reason) => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    expect((await connection.ask(close(code, reason))).at(-1)).toMatchObject({ type: "socket-close", code: 4410 });
    expect(upstreams.newest.closed?.code).toBe(1008);
  });

  it("leaves out what the upstream says behind it beyond the window, and nothing before [SOCK-10] [SOCK-17]", async () => {
    const { home, upstreams } = homeScene({ limits: { socketWindowBytes: 1_000 } });
    const connection = new FakeConnection(home);
    const end = new ClientEnd(await opened(connection), 100_000);
    const { newest } = upstreams;
    newest.answersClose = false;
    newest.say(new Uint8Array(500));
    connection.send(close(1000));
    for (let said = 0; said < 50; said += 1) newest.say(new Uint8Array(500));
    newest.handlers?.onClose(1000, "");
    end.take(await connection.frames());
    expect(end.got).toHaveLength(2);
    expect(end.closed).toEqual({ code: 1000, reason: "" });
  });

  it("is sent again over another connection until it is confirmed [SOCK-9] [SOCK-10]", async () => {
    const { home, upstreams } = homeScene();
    const first = new FakeConnection(home);
    const answer = await opened(first);
    upstreams.newest.handlers?.onClose(1000, "over");
    expect(await first.frames()).toMatchObject([{ type: "socket-close" }]);
    first.cut();
    const second = new FakeConnection(home);
    expect(await second.ask(attachFrame(answer))).toMatchObject([
      { type: "socket-attached" },
      { type: "socket-close", code: 1000, reason: "over" },
    ]);
  });
});

describe("a virtual socket on other connections", () => {
  it("is listened to on its newest connection alone [SOCK-11] [SOCK-15]", async () => {
    const { home, upstreams } = homeScene();
    const first = new FakeConnection(home);
    const answer = await opened(first);
    const second = new FakeConnection(home);
    await second.ask(attachFrame(answer));
    first.send(close(1000));
    upstreams.newest.say("here");
    expect(upstreams.newest.closed).toBeUndefined();
    expect(await first.frames()).toEqual([]);
    expect(await second.frames()).toMatchObject([{ type: "socket-data" }]);
    first.cut();
    upstreams.newest.say("still");
    expect(await second.frames()).toMatchObject([{ type: "socket-data" }]);
  });

  it("may be attached again where it is [SOCK-11]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    const answer = await opened(connection);
    await connection.ask(attachFrame(answer));
    connection.send(close(1000));
    expect(upstreams.newest.closed?.code).toBe(1000);
  });

  it("is not attached with a generation that has passed [SOCK-11]", async () => {
    const { home } = homeScene();
    const answer = await opened(new FakeConnection(home));
    const connection = new FakeConnection(home);
    await connection.ask(attachFrame(answer, { generation: 5 }));
    for (const generation of [5, 4, 1]) {
      const frames = await new FakeConnection(home).ask(attachFrame(answer, { generation }));
      expect(frames).toMatchObject([{ type: "error", id: 2, code: "generation-stale" }]);
    }
  });

  it("is gone for who does not name it right [SOCK-12]", async () => {
    const { home } = homeScene();
    const answer = await opened(new FakeConnection(home));
    const tries = [
      [new FakeConnection(home), attachFrame({ ...answer, token: new Uint8Array(16) })],
      [new FakeConnection(home), attachFrame({ ...answer, token: answer.token.slice(0, 15) })],
      [new FakeConnection(home), attachFrame({ ...answer, instance: "another" })],
      [new FakeConnection(home), attachFrame(answer, { number: 2 })],
      [new FakeConnection(home, "s2"), attachFrame(answer)],
      [new FakeConnection(home, "s1", "bob"), attachFrame(answer)],
    ] as const;
    for (const [connection, frame] of tries)
      expect(await connection.ask(frame)).toMatchObject([{ type: "error", code: "socket-gone", retry: false }]);
    expect(await new FakeConnection(home).ask(attachFrame(answer))).toMatchObject([{ type: "socket-attached" }]);
  });

  it("of another node is gone as far as this one knows, and may be reached elsewhere [SOCK-24]", async () => {
    const { home } = homeScene();
    const answer = await opened(new FakeConnection(home));
    const frames = await new FakeConnection(home).ask(attachFrame({ ...answer, home: "node-b" }));
    expect(frames).toMatchObject([{ type: "error", id: 2, code: "socket-gone", retry: true }]);
  });

  it("is gone when the client says that it has what was never sent, and the upstream is let go", async () => {
    const { home, upstreams } = homeScene();
    const answer = await opened(new FakeConnection(home));
    const frames = await new FakeConnection(home).ask(attachFrame(answer, { received: 1 }));
    expect(frames).toMatchObject([{ code: "socket-gone" }]);
    expect(upstreams.newest.closed?.code).toBe(1008);
    expect(home.size).toBe(0);
  });

  it("is kept for socketResumeMs without a connection, and not longer [SOCK-14]", async () => {
    const { home, ports, upstreams } = homeScene({ limits: { socketResumeMs: 5_000 } });
    const first = new FakeConnection(home);
    const answer = await opened(first);
    first.cut();
    await ports.advance(4_999);
    const second = new FakeConnection(home);
    expect(await second.ask(attachFrame(answer))).toMatchObject([{ type: "socket-attached" }]);
    await ports.advance(10_000);
    expect(upstreams.newest.closed).toBeUndefined();
    second.cut();
    await ports.advance(5_000);
    expect(upstreams.newest.closed?.code).toBe(1001);
    expect(home.size).toBe(0);
    const third = await new FakeConnection(home).ask(attachFrame(answer, { generation: 3 }));
    expect(third).toMatchObject([{ code: "socket-gone" }]);
    expect(ports.pending).toBe(0);
  });
});

describe("whoever counts the sockets of a home", () => {
  it("is told of each that opens, is refused, goes to another connection, and is over", async () => {
    const told: string[] = [];
    const { home } = homeScene({
      observer: {
        opened: (upstream) => told.push(`${upstream} opened`),
        refused: (upstream, code) => told.push(`${upstream} ${code}`),
        attached: (upstream) => told.push(`${upstream} attached`),
        over: ({ pool }) => told.push(`${pool} over`),
      },
    });
    const connection = new FakeConnection(home);
    const answer = await opened(connection);
    await connection.ask(openFrame({ number: 2, upstream: "full" }));
    await new FakeConnection(home).ask(attachFrame(answer));
    home.close();
    expect(told).toEqual(["quotes opened", "full upstream-unavailable", "quotes attached", "quotes over"]);
  });
});

describe("the record of a virtual socket", () => {
  it("says what passed each way, how often it moved, and the code that it ended with", async () => {
    const records: SocketRecord[] = [];
    const ignore = (): void => {};
    const observer = {
      opened: ignore,
      refused: ignore,
      attached: ignore,
      over: (one: SocketRecord) => void records.push(one),
    };
    const { home, ports, upstreams } = homeScene({ observer });
    const first = new FakeConnection(home);
    const answer = await opened(first);
    await first.ask({ type: "socket-data", number: 1, from: 0, text: true, last: true, data: encodeText("hello") });
    upstreams.newest.say("hi");
    upstreams.newest.say("there");
    expect(home.keptBytes).toBeGreaterThan(7);
    await ports.advance(1_500);
    await new FakeConnection(home).ask(attachFrame(answer));
    home.close();
    expect(records).toEqual([
      expect.objectContaining({
        pool: "quotes",
        moves: 1,
        code: 4400,
        durationMs: 1_500,
        fromClient: { bytes: 5, messages: 1 },
        fromUpstream: { bytes: 7, messages: 2 },
      }),
    ]);
    expect(home.keptBytes).toBe(0);
  });

  it("has the code of the upstream's close, and that of a client that did not come back", async () => {
    const codes: number[] = [];
    const ignore = (): void => {};
    const observer = {
      opened: ignore,
      refused: ignore,
      attached: ignore,
      over: ({ code }: SocketRecord) => void codes.push(code),
    };
    const { home, ports, upstreams } = homeScene({ observer });
    const connection = new FakeConnection(home);
    await opened(connection);
    connection.cut();
    await ports.advance(60_000);
    expect(codes).toEqual([4401]);
    const other = new FakeConnection(home);
    await opened(other);
    upstreams.newest.handlers?.onClose(3_000, "");
    other.cut();
    await ports.advance(60_000);
    expect(codes).toEqual([4401, 3_000]);
  });
});

describe("rights to a virtual socket", () => {
  it("that are revoked end it at once, here and at the upstream [SOCK-13] [SOCK-20]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    await connection.recheck();
    expect(home.size).toBe(1);
    upstreams.newest.say("secret");
    connection.forbidden.add("quotes");
    await connection.recheck();
    expect(await connection.frames()).toEqual([
      {
        type: "detach-socket",
        number: 1,
        generation: 1,
        code: "forbidden",
        message: expect.any(String),
        retry: false,
      },
    ]);
    expect(upstreams.newest.closed?.code).toBe(1008);
    expect(home.size).toBe(0);
  });

  it("that are revoked while the upstream is waited for open nothing [SOCK-20]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    upstreams.late = () => {};
    connection.send(openFrame());
    await connection.frames();
    connection.forbidden.add("quotes");
    await connection.recheck();
    upstreams.late();
    expect(await connection.frames()).toMatchObject([{ type: "error", id: 1, code: "forbidden" }]);
    expect(upstreams.newest.terminated).toBe(true);
    expect(home.size).toBe(0);
  });

  it("that are revoked while an attach is considered give it nothing [SOCK-20]", async () => {
    const { home } = homeScene();
    const answer = await opened(new FakeConnection(home));
    const connection = new FakeConnection(home);
    let found = (): void => {};
    connection.hold = new Promise((resolve) => (found = resolve));
    connection.send(attachFrame(answer));
    connection.forbidden.add("quotes");
    await connection.recheck();
    found();
    expect(await connection.frames()).toMatchObject([{ code: "forbidden" }]);
  });

  it("are asked for at an attach, too", async () => {
    const { home } = homeScene();
    const answer = await opened(new FakeConnection(home));
    const connection = new FakeConnection(home);
    connection.forbidden.add("quotes");
    expect(await connection.ask(attachFrame(answer))).toMatchObject([{ code: "forbidden" }]);
  });
});

describe("a home that goes", () => {
  it("opens no sockets, keeps those that it has, and is drained when they are gone [SOCK-21]", async () => {
    const { home, upstreams } = homeScene();
    const first = new FakeConnection(home);
    const answer = await opened(first);
    let drained = false;
    void home.drain(60_000).then(() => (drained = true));
    const frames = await first.ask(openFrame({ number: 2 }));
    expect(frames).toMatchObject([{ code: "upstream-unavailable", retry: true }]);
    const second = new FakeConnection(home);
    await second.ask(attachFrame(answer));
    upstreams.newest.say("on");
    expect(await second.frames()).toMatchObject([{ type: "socket-data" }]);
    expect(drained).toBe(false);
    second.send({ type: "socket-window", number: 1, received: 34, credit: 262_144 }, close(1000));
    await second.frames();
    second.send({ type: "socket-window", number: 1, received: 35, credit: 262_144 });
    await second.frames();
    expect(drained).toBe(true);
  });

  it("ends what is left at the deadline with 4402, and waits no longer than a second for clients to hear it [SOCK-21]", async () => {
    const { home, ports, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    let drained = false;
    void home.drain(60_000).then(() => (drained = true));
    void home.drain(5_000);
    await ports.advance(4_999);
    expect(upstreams.newest.closed).toBeUndefined();
    await ports.advance(1);
    expect(upstreams.newest.closed?.code).toBe(1001);
    expect(await connection.frames()).toMatchObject([{ type: "socket-close", code: 4402 }]);
    expect(drained).toBe(false);
    await ports.advance(1_000);
    expect(drained).toBe(true);
    expect(home.size).toBe(0);
  });

  it("is drained at once when it has none", async () => {
    await expect(homeScene().home.drain(60_000)).resolves.toBeUndefined();
  });

  it("closes every upstream when it is closed, and leaves no timer", async () => {
    const { home, ports, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    await opened(connection);
    await opened(connection, { number: 2 });
    connection.cut();
    home.close();
    expect(upstreams.sockets.map(({ closed }) => closed?.code)).toEqual([1001, 1001]);
    expect(ports.pending).toBe(0);
    expect(await new FakeConnection(home).ask(openFrame())).toMatchObject([{ code: "upstream-unavailable" }]);
  });
});
