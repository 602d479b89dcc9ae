import { describe, expect, it } from "vitest";
import { FakeConnection } from "../support/fake-connection.ts";
import { homeScene, opened, openFrame } from "../support/home-scene.ts";

describe("open-socket", () => {
  it("asks the upstream for what the client asks for, and says what it chose [SOCK-3]", async () => {
    const { home, upstreams } = homeScene({ endpoints: ["wss://a.example.org/hawser"] });
    const connection = new FakeConnection(home);
    const answer = await opened(connection, { path: "/v2?depth=5", protocols: ["v2", "v1"] });
    expect(upstreams.requests).toEqual([
      {
        upstream: "quotes",
        path: "/v2?depth=5",
        protocols: ["v2", "v1"],
        identity: { user: "ann" },
        session: "s1",
        address: "192.0.2.1",
      },
    ]);
    expect(answer).toMatchObject({
      home: "node-a",
      instance: home.instance,
      endpoints: ["wss://a.example.org/hawser"],
      protocol: "v2",
      credit: 262_144,
      resumeMs: 30_000,
    });
    expect(answer.token).toHaveLength(16);
  });

  it("is refused without the right, and the upstream not asked [SOCK-1]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    connection.forbidden.add("quotes");
    expect(await connection.ask(openFrame())).toMatchObject([{ type: "error", id: 1, code: "forbidden" }]);
    expect(upstreams.requests).toEqual([]);
    expect(home.size).toBe(0);
  });

  it.each([
    ["full", "upstream-unavailable", true],
    ["none", "upstream-refused", false],
    ["other", "upstream-unknown", false],
  ])("of the upstream %s is answered %s [SOCK-3]", async (upstream, code, retry) => {
    const { home } = homeScene();
    expect(await new FakeConnection(home).ask(openFrame({ upstream }))).toMatchObject([{ type: "error", code, retry }]);
    expect(home.size).toBe(0);
  });

  it("is answered when the upstream says nothing for socketOpenTimeoutMs, and not before [SOCK-3]", async () => {
    const { home, ports, upstreams } = homeScene({ limits: { socketOpenTimeoutMs: 400 } });
    upstreams.hangs = true;
    const connection = new FakeConnection(home);
    connection.send(openFrame());
    await ports.advance(399);
    expect(await connection.frames()).toEqual([]);
    await ports.advance(1);
    expect(await connection.frames()).toMatchObject([{ type: "error", code: "upstream-unavailable", retry: true }]);
    expect(home.size).toBe(0);
  });

  it("ends with its connection, and a socket that comes too late is closed [SOCK-3]", async () => {
    const { home, upstreams } = homeScene();
    const connection = new FakeConnection(home);
    connection.send(openFrame());
    connection.cut();
    await connection.frames();
    expect(home.size).toBe(0);
    expect(upstreams.sockets.every(({ terminated }) => terminated)).toBe(true);
  });

  it("that waits for its upstream ends with its connection, and leaves nothing [SOCK-3]", async () => {
    const { home, ports, upstreams } = homeScene();
    upstreams.hangs = true;
    const connection = new FakeConnection(home);
    for (let number = 1; number <= 20; number += 1) connection.send(openFrame({ id: number, number }));
    await connection.frames();
    expect([home.size, upstreams.requests.length]).toEqual([20, 20]);
    connection.cut();
    await connection.frames();
    expect([home.size, ports.pending]).toEqual([0, 0]);
  });

  it("in place of one whose answer was lost ends that one, which heard nothing, although its connection seems to stand [SOCK-25]", async () => {
    const { home, upstreams } = homeScene();
    const lost = new FakeConnection(home);
    await opened(lost);
    await opened(new FakeConnection(home), { number: 2, instead: 1 });
    expect(upstreams.sockets).toMatchObject([
      { closed: { code: 1001 }, got: [] },
      { closed: undefined, terminated: false },
    ]);
    expect(home.size).toBe(1);
    lost.cut();
    expect(home.size).toBe(1);
  });

  it("in place of one that is still being opened gives that up, and says nothing of it [SOCK-25]", async () => {
    const { home, upstreams } = homeScene();
    upstreams.hangs = true;
    const lost = new FakeConnection(home);
    expect(await lost.ask(openFrame())).toEqual([]);
    upstreams.hangs = false;
    await opened(new FakeConnection(home), { number: 2, instead: 1 });
    expect(await lost.frames()).toEqual([]);
    expect(home.size).toBe(1);
  });

  it.each([
    ["a number that its own does not pass", "s1", { number: 2, instead: 3 }],
    ["a number of another session", "s2", { number: 9, instead: 3 }],
  ])("in place of %s ends nothing [SOCK-25]", async (_, session, more) => {
    const { home, upstreams } = homeScene();
    await opened(new FakeConnection(home), { number: 3 });
    await opened(new FakeConnection(home, session), more);
    expect(home.size).toBe(2);
    expect(upstreams.sockets[0]?.closed).toBeUndefined();
  });

  it.each([0, 1])("with the number %i, which is none or in use, is refused [SOCK-2]", async (number) => {
    const { home, upstreams } = homeScene();
    await opened(new FakeConnection(home));
    const other = new FakeConnection(home);
    expect(await other.ask(openFrame({ number }))).toMatchObject([{ type: "error", code: "generation-stale" }]);
    expect(upstreams.requests).toHaveLength(1);
  });

  it("with a number of another session, or of another user's session of that name, is another socket [SOCK-2]", async () => {
    const { home } = homeScene();
    await opened(new FakeConnection(home));
    await opened(new FakeConnection(home, "s2"));
    await opened(new FakeConnection(home, "s1", "bob"));
    expect(home.size).toBe(3);
  });

  it("is taken up to maxSockets of a session, and refused beyond [SOCK-4]", async () => {
    const { home } = homeScene({ limits: { maxSockets: 2 } });
    const connection = new FakeConnection(home);
    await opened(connection, { number: 1 });
    await opened(new FakeConnection(home), { number: 2 });
    expect(await connection.ask(openFrame({ number: 3 }))).toMatchObject([{ code: "too-many-sockets" }]);
    await opened(new FakeConnection(home, "s2"), { number: 3 });
  });

  it("is taken up to maxNodeSockets of all sessions, and refused beyond", async () => {
    const { home } = homeScene({ limits: { maxNodeSockets: 2 } });
    await opened(new FakeConnection(home, "s1"));
    await opened(new FakeConnection(home, "s2"));
    const third = new FakeConnection(home, "s3");
    expect(await third.ask(openFrame())).toMatchObject([{ code: "overloaded", retry: true }]);
  });

  it.each([
    { path: "v2" },
    { path: "/a b" },
    { path: "/a#b" },
    { path: "/a\\b" },
    { path: "/../admin" },
    { path: "/x/%2E%2e/admin" },
    { path: "/x/.." },
    { path: `/${"x".repeat(2_048)}` },
    { protocols: ["a b"] },
    { protocols: [""] },
    { protocols: ["a", "a"] },
    { lane: "fast" },
  ])("with %o is refused, and the upstream not asked", async (more) => {
    const { home, upstreams } = homeScene();
    expect(await new FakeConnection(home).ask(openFrame(more))).toMatchObject([{ code: "payload-invalid" }]);
    expect(upstreams.requests).toEqual([]);
  });

  it.each(["", "/", "/a..b/c?x=../y", `/${"x".repeat(2_047)}`, "?a=1"])("takes the path %s", async (path) => {
    const { home, upstreams } = homeScene();
    await opened(new FakeConnection(home), { path });
    expect(upstreams.requests[0]?.path).toBe(path);
  });
});
