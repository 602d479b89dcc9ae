import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { closePayload, frame } from "./support/frames.ts";
import { holding } from "./support/held.ts";
import { ManualTime } from "./support/manual-time.ts";
import { closing, open, ProxyScene, RawTarget, WsTarget } from "./support/proxy-scene.ts";
import { ProcessTarget } from "./support/process-target.ts";
import { RawClient, upgradeRequest } from "./support/raw-client.ts";
import { RawEnds } from "./support/raw-ends.ts";

const held = holding();
const mask = Buffer.of(1, 2, 3, 4);
const restart = frame(8, closePayload(1012, "the server is gone: connect again"));

describe("a target that is lost", () => {
  it("is told to its clients as 1012 when its process is killed, and new ones go to another", async () => {
    const killed = held(await ProcessTarget.start());
    const living = held(await WsTarget.start(() => {}));
    const scene = held(await ProxyScene.start([killed.url, living.url]));
    const clients = [await open(scene.url), await open(scene.url), await open(scene.url)];
    const [first, second, third] = clients.map(closing);
    await killed.kill();
    expect([(await first!).code, (await third!).code]).toEqual([1012, 1012]);
    await open(scene.url);
    await open(scene.url);
    expect(living.server.clients.size).toBe(3);
    await scene.proxy.drain(1_000);
    expect((await second!).code).toBe(1001);
  });

  it("is told as 1012 when it cuts its connections", async () => {
    const target = held(await WsTarget.start(() => {}));
    const scene = held(await ProxyScene.start([target.url]));
    const clients = [await open(scene.url), await open(scene.url)];
    const closed = clients.map(closing);
    for (const socket of target.server.clients) socket.terminate();
    for (const { code } of await Promise.all(closed)) expect(code).toBe(1012);
    expect(await scene.record()).toMatchObject({ end: "upstream-lost", fromUpstream: { closeCode: undefined } });
    expect(scene.pool.leases).toBe(0);
  });

  it("is told as 1012 when it resets", async () => {
    const ends = held(await RawEnds.open());
    ends.upstream.socket.resetAndDestroy();
    expect((await ends.client.end()).equals(restart)).toBe(true);
    ends.client.socket.end();
    expect(await ends.scene.record()).toMatchObject({ end: "upstream-lost" });
  });

  it("is told behind all that it sent before", async () => {
    const ends = held(await RawEnds.open());
    const bytes = Buffer.concat([frame(1, "one", { fin: false }), frame(0, "two", { fin: false })]);
    ends.upstream.socket.end(bytes);
    expect((await ends.client.end()).equals(Buffer.concat([bytes, restart]))).toBe(true);
  });

  it("ends the socket where it stopped within a frame", async () => {
    const ends = held(await RawEnds.open());
    const cut = frame(1, "not all of this").subarray(0, -3);
    ends.upstream.socket.end(cut);
    expect((await ends.client.end()).equals(cut)).toBe(true);
  });

  it("ends the socket where it stopped within a header", async () => {
    const ends = held(await RawEnds.open());
    ends.upstream.socket.end(Buffer.of(0x82));
    expect(await ends.client.end()).toEqual(Buffer.of(0x82));
  });

  it("leaves a client that has closed without an answer", async () => {
    const ends = held(await RawEnds.open());
    const close = frame(8, closePayload(1000), { mask });
    ends.client.socket.write(close);
    await ends.atUpstream(close.length);
    ends.upstream.socket.destroy();
    expect(await ends.client.end()).toHaveLength(0);
    ends.client.socket.end();
    expect(await ends.scene.record()).toMatchObject({ end: "client" });
  });
});

describe("a target that the pool finds down", () => {
  it("closes its clients with 1012, is told so itself, and the others stay", async () => {
    const down = held(await WsTarget.start(() => {}));
    const up = held(await WsTarget.start((socket) => socket.on("message", (data) => socket.send(data))));
    const scene = held(await ProxyScene.start([down.url, up.url]));
    const [first, second] = [await open(scene.url), await open(scene.url)];
    const atTarget = closing([...down.server.clients][0]!);
    scene.pool.down(scene.pool.targets[0]!);
    expect(await closing(first)).toEqual({ code: 1012, reason: "the server is gone: connect again" });
    expect(await atTarget).toEqual({ code: 1012, reason: "the server is gone: connect again" });
    second.send("still here");
    expect(String((await once(second, "message"))[0])).toBe("still here");
    expect(await scene.record()).toMatchObject({ end: "target-down" });
  });

  it("gets its close frame between frames: behind the one that is under way", async () => {
    const ends = held(await RawEnds.open());
    const upward = frame(2, "upward", { mask });
    const downward = frame(2, "downward");
    ends.client.socket.write(upward.subarray(0, 4));
    ends.upstream.socket.write(downward.subarray(0, 5));
    await Promise.all([ends.atUpstream(4), ends.atClient(5)]);
    ends.scene.pool.down(ends.scene.pool.targets[0]!);
    // What follows the frame under way is not passed.
    ends.upstream.socket.write(Buffer.concat([downward.subarray(5), frame(2, "later")]));
    ends.client.socket.write(Buffer.concat([upward.subarray(4), frame(2, "later", { mask })]));
    const expected = Buffer.concat([downward, restart]);
    expect((await ends.atClient(expected.length)).equals(expected)).toBe(true);
    const got = await ends.atUpstream(upward.length + restart.length + 4);
    expect(got.subarray(0, upward.length).equals(upward)).toBe(true);
    expect([got[upward.length], got[upward.length + 1]! & 0x80]).toEqual([0x88, 0x80]);
    // Each side answers, and is let go.
    ends.client.socket.write(frame(8, closePayload(1012), { mask }));
    ends.upstream.socket.write(frame(8, closePayload(1012)));
    await ends.client.end();
    expect(ends.client.received.equals(expected)).toBe(true);
  });

  it("is cut off where the frame under way does not end in time", async () => {
    const time = new ManualTime();
    const ends = held(await RawEnds.open({ ports: time }));
    const begun = frame(2, "begun").subarray(0, 3);
    ends.upstream.socket.write(begun);
    await ends.atClient(3);
    ends.scene.pool.down(ends.scene.pool.targets[0]!);
    time.advance(4_999);
    expect(ends.scene.records).toHaveLength(0);
    time.advance(1);
    expect((await ends.client.end()).equals(begun)).toBe(true);
    expect(await ends.scene.record()).toMatchObject({ end: "target-down" });
    expect(time.pending).toBe(0);
  });

  it("is cut off where the tracker has lost the boundaries", async () => {
    const time = new ManualTime();
    const ends = held(await RawEnds.open({ ports: time }));
    const huge = Buffer.of(0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3);
    ends.upstream.socket.write(huge);
    await ends.atClient(huge.length);
    ends.scene.pool.down(ends.scene.pool.targets[0]!);
    time.advance(5_000);
    expect((await ends.client.end()).equals(huge)).toBe(true);
  });
});

describe("the gateway closes", () => {
  it("with 1001 when it drains, both ways, and lets nobody in any more", async () => {
    const target = held(await WsTarget.start(() => {}));
    const scene = held(await ProxyScene.start([target.url]));
    const clients = [await open(scene.url), await open(scene.url), await open(scene.url)];
    const closed = clients.map(closing);
    const atTarget = [...target.server.clients].map(closing);
    await scene.proxy.drain(1_000);
    for (const { code } of await Promise.all([...closed, ...atTarget])) expect(code).toBe(1001);
    expect(scene.proxy.connections).toBe(0);
    await expect(open(scene.url)).rejects.toThrow("503");
    expect(scene.records.map(({ end, code }) => code ?? end)).toEqual(["drain", "drain", "drain", "draining"]);
  });

  it("spreads them over a drain's time, and cuts at its end those that do not answer", async () => {
    const time = new ManualTime();
    const ends = held(await RawEnds.open({ ports: time, limits: { closeTimeoutMs: 1_000 } }));
    const target = held(await WsTarget.start(() => {}));
    ends.scene.pool.targets.splice(0, 1, { name: "ws", url: new URL(target.url) });
    const second = await open(ends.scene.url);
    const drained = ends.scene.proxy.drain(5_000);
    const silent = frame(8, closePayload(1001, "the gateway is going away: connect again"));
    time.advance(0);
    expect((await ends.atClient(silent.length)).equals(silent)).toBe(true);
    expect(second.readyState).toBe(second.OPEN);
    time.advance(2_000);
    expect((await closing(second)).code).toBe(1001);
    time.advance(3_000);
    await drained;
    expect(ends.scene.records.map(({ end }) => end)).toEqual(["drain", "drain"]);
    expect(time.pending).toBe(0);
  });

  it("with 1001 when nothing passes for the idle timeout, and not while something does", async () => {
    const time = new ManualTime();
    const ends = held(await RawEnds.open({ ports: time, routes: [{ pool: "p", idleTimeoutMs: 4_000 }] }));
    for (let turn = 0; turn < 3; turn += 1) {
      time.advance(3_999);
      ends.client.socket.write(frame(9, "", { mask }));
      await ends.atUpstream((turn + 1) * 6);
    }
    expect(ends.client.received).toHaveLength(0);
    time.advance(5_000);
    const close = frame(8, closePayload(1001, "nothing passed for too long"));
    expect((await ends.atClient(close.length)).equals(close)).toBe(true);
    expect(await ends.atUpstream(18 + close.length + 4)).toHaveLength(18 + close.length + 4);
  });

  it("with 1008 when the right expires, or is taken away", async () => {
    const time = new ManualTime();
    const target = held(await WsTarget.start(() => {}));
    const scene = held(
      await ProxyScene.start([target.url], {
        ports: time,
        authorize: ({ url }) => ({ user: url.slice(2), ...(url === "/?ada" ? { expiresAt: 10_000 } : {}) }),
      }),
    );
    const [ada, bob] = [await open(`${scene.url}/?ada`), await open(`${scene.url}/?bob`)];
    time.advance(9_999);
    scene.proxy.closeUser("nobody");
    expect([ada.readyState, bob.readyState]).toEqual([1, 1]);
    time.advance(1);
    expect((await closing(ada)).code).toBe(1008);
    expect(bob.readyState).toBe(1);
    scene.proxy.closeUser("bob");
    expect((await closing(bob)).code).toBe(1008);
    await scene.record(2);
    expect(scene.records.map(({ user, end }) => [user, end])).toEqual([
      ["ada", "right-gone"],
      ["bob", "right-gone"],
    ]);
  });
});

describe("one side's end", () => {
  it("is passed on, and the other direction goes on", async () => {
    const ends = held(await RawEnds.open());
    ends.client.socket.end(frame(1, "last words", { mask }));
    await once(ends.upstream.socket, "end");
    expect(ends.upstream.received()).toHaveLength(16);
    ends.upstream.socket.write(frame(1, "heard"));
    expect((await ends.atClient(7)).equals(frame(1, "heard"))).toBe(true);
    ends.upstream.socket.end(frame(1, "you"));
    expect(await ends.client.end()).toHaveLength(12);
    expect(await ends.scene.record()).toMatchObject({ end: "client", fromUpstream: { messages: 2 } });
  });

  it("of a client that vanishes ends the target's too", async () => {
    const ends = held(await RawEnds.open());
    ends.client.socket.write(frame(1, "last words", { mask }));
    await ends.atUpstream(16);
    ends.client.socket.resetAndDestroy();
    await once(ends.upstream.socket, "end");
    ends.upstream.socket.end();
    expect(await ends.scene.record()).toMatchObject({ end: "client" });
  });

  it("of a client that ends without a word is final, though the target never ends", async () => {
    const time = new ManualTime();
    const ends = held(await RawEnds.open({ ports: time }));
    ends.client.socket.end();
    await once(ends.upstream.socket, "end");
    time.advance(30_000);
    expect(await ends.scene.record()).toMatchObject({ end: "client" });
    expect(time.pending).toBe(0);
  });

  it("of a client that vanishes is final, though the target goes on and never ends", async () => {
    const time = new ManualTime();
    const ends = held(await RawEnds.open({ ports: time }));
    ends.client.socket.resetAndDestroy();
    await once(ends.upstream.socket, "end");
    ends.upstream.socket.write(Buffer.alloc(1_000_000));
    time.advance(29_999);
    expect(ends.scene.records).toHaveLength(0);
    time.advance(1);
    expect(await ends.scene.record()).toMatchObject({ end: "client" });
  });
});

describe("bytes around the handshake", () => {
  it("that the client sends before the answer reach the target behind it", async () => {
    const early = frame(1, "early", { mask });
    let onGot: (bytes: Buffer) => void = () => {};
    const got = new Promise<Buffer>((resolve) => (onGot = resolve));
    const target = held(
      await RawTarget.start((socket) => {
        let bytes = Buffer.alloc(0);
        socket.on("data", (chunk: Buffer) => {
          bytes = Buffer.concat([bytes, chunk]);
          const end = bytes.indexOf("\r\n\r\n") + 4;
          if (end < 4) return;
          if (bytes.length === end)
            socket.write("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
          else if (bytes.length >= end + early.length) onGot(bytes.subarray(end));
        });
      }),
    );
    const scene = held(await ProxyScene.start([target.url]));
    const client = held(new RawClient(scene.port));
    client.socket.write(Buffer.concat([Buffer.from(upgradeRequest()), early]));
    expect((await got).equals(early)).toBe(true);
  });

  it("that the target sends with its answer reach the client", async () => {
    const greeting = frame(1, "welcome");
    const target = held(
      await RawTarget.start((socket) => {
        socket.once("data", () => {
          const head = "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
          socket.write(Buffer.concat([Buffer.from(head), greeting]));
        });
      }),
    );
    const scene = held(await ProxyScene.start([target.url]));
    const client = held(await RawClient.open(scene.port));
    expect((await client.until(({ length }) => length >= greeting.length)).equals(greeting)).toBe(true);
  });
});
