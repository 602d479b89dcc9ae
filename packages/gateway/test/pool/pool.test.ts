import { describe, expect, it } from "vitest";
import { a, b, c, PoolScene, settingsOf, three } from "./pool-scene.ts";

describe("a pool", () => {
  it("tries another target when one refuses, and no more than `retries`", async () => {
    const scene = new PoolScene({ ...three, retries: 1 });
    scene.refusing.add(a);
    expect((await scene.connect()).target.name).toBe(b);
    expect(scene.dialed).toEqual([a, b]);
    for (const name of [b, c]) scene.refusing.add(name);
    await expect(scene.connect()).rejects.toMatchObject({ code: "upstream-unavailable", retry: true });
    expect(scene.dialed.length).toBe(4);
    expect(scene.pool.figures.map(({ open }) => open)).toEqual([0, 1, 0]);
  });

  it("gives a target up that does not answer in time, and tries another", async () => {
    const scene = new PoolScene({ ...three, connectTimeoutMs: 100 });
    scene.silent.add(a);
    const connecting = scene.connect();
    await scene.ports.advance(99);
    expect(scene.dialed).toEqual([a]);
    await scene.ports.advance(1);
    expect((await connecting).target.name).toBe(b);
    expect(scene.pool.figures[0]!.failures).toEqual({ timeout: 1 });
  });

  it("retries a fifth of all connections at most, once the first ten are used up", async () => {
    const scene = new PoolScene({ ...three, maxEjectedShare: 0 });
    for (const name of [a, b, c]) scene.refusing.add(name);
    for (let turn = 0; turn < 100; turn += 1) await scene.connect().catch(() => {});
    const retries = scene.dialed.length - 100;
    expect(retries).toBeLessThanOrEqual(10 + 100 / 5);
    expect(retries).toBeGreaterThanOrEqual(25);
  });

  it("refuses what is above `maxPoolConnections`, and takes one when one ends", async () => {
    const scene = new PoolScene({ ...three, maxPoolConnections: 2 });
    const first = await scene.connect();
    await scene.connect();
    await expect(scene.connect()).rejects.toMatchObject({ code: "overloaded", retry: true });
    first.end();
    first.end();
    await scene.connect();
    await expect(scene.connect()).rejects.toMatchObject({ code: "overloaded" });
  });

  it("takes as many a second as `connectionsPerSecond`, and says when there will be room", async () => {
    const scene = new PoolScene({ ...three, connectionsPerSecond: 2 });
    await scene.names(2);
    await expect(scene.connect()).rejects.toMatchObject({ code: "rate-limited", retryAfterMs: 500 });
    await scene.ports.advance(500);
    await scene.connect();
    await expect(scene.connect()).rejects.toMatchObject({ code: "rate-limited" });
  });

  it("sends none to a target that does not answer when asked, tells those who hold it, and gives it its share again", async () => {
    const scene = new PoolScene({ ...three, health: { intervalMs: 1_000 } });
    const held = await scene.connect();
    expect(held.target.name).toBe(a);
    scene.unwell.add(a);
    await scene.ports.advance(3_500);
    expect(scene.state(a)).toBe("down");
    expect(held.signal.aborted).toBe(true);
    expect(await scene.names(4)).not.toContain(a);
    scene.unwell.delete(a);
    await scene.ports.advance(3_500);
    expect(scene.state(a)).toBe("up");
    expect((await scene.names(9)).filter((name) => name === a)).toHaveLength(3);
  });

  it("leaves out a target that failed so often in a row, for longer each time, and never more than a part of all", async () => {
    const options = { ejectAfter: 2, ejectMs: 1_000, maxEjectMs: 60_000, maxEjectedShare: 0.34, retries: 0 };
    const scene = new PoolScene({ ...three, ...options });
    scene.refusing.add(a).add(b);
    for (let turn = 0; turn < 12; turn += 1) await scene.connect().catch(() => {});
    expect([a, b, c].filter((name) => scene.state(name) === "ejected")).toHaveLength(1);
    scene.refusing.clear();
    await scene.ports.advance(1_000);
    expect([a, b, c].map((name) => scene.state(name))).toEqual(["up", "up", "up"]);
    scene.refusing.add(a);
    for (let turn = 0; turn < 9; turn += 1) await scene.connect().catch(() => {});
    expect(scene.state(a)).toBe("ejected");
    await scene.ports.advance(1_000);
    expect(scene.state(a)).toBe("ejected");
    await scene.ports.advance(1_000);
    expect(scene.state(a)).toBe("up");
  });

  it("uses those that were left out when there is nobody else", async () => {
    const scene = new PoolScene({ targets: ["ws://a:1"], ejectAfter: 1, maxEjectedShare: 1 });
    scene.refusing.add(a);
    await expect(scene.connect()).rejects.toThrow("The pool p is not available: refused.");
    expect(scene.state(a)).toBe("ejected");
    scene.refusing.clear();
    await scene.connect();
  });

  it("lets the share of a new target grow from a twentieth", async () => {
    const scene = new PoolScene({ ...three, slowStartMs: 10_000 });
    const weights = () => scene.pool.figures.map(({ weight }) => weight);
    expect(weights()).toEqual([1, 1, 1]);
    const targets = [...three.targets, "ws://d:1"];
    scene.pool.reconfigure(settingsOf({ ...three, targets, slowStartMs: 10_000 }));
    expect(weights()).toEqual([1, 1, 1, 0.05]);
    await scene.ports.advance(5_000);
    expect(weights()).toEqual([1, 1, 1, 0.5]);
    await scene.ports.advance(50_000);
    expect(weights()).toEqual([1, 1, 1, 1]);
  });

  it("keeps connections and figures of targets that stay when it is reloaded, and drains those that go", async () => {
    const scene = new PoolScene({ ...three, drainTimeoutMs: 1_000 });
    const [first, second] = [await scene.connect(), await scene.connect()];
    scene.pool.reconfigure(settingsOf({ ...three, targets: ["ws://b:1/", "ws://c:1/"], drainTimeoutMs: 1_000 }));
    expect(scene.state(a)).toBe("draining");
    expect(scene.pool.figures.find(({ name }) => name === b)).toMatchObject({ connects: 1, open: 1 });
    await scene.ports.advance(1_000);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([true, false]);
    expect(new Set(await scene.names(4))).toEqual(new Set([b, c]));
    scene.pool.close();
    expect(second.signal.aborted).toBe(true);
    expect(scene.ports.pending).toBe(0);
  });

  it("follows a name: what it stands for comes and goes, and an answer that fails changes nothing", async () => {
    const address = { port: undefined, weight: undefined, priority: undefined };
    const scene = new PoolScene({ dns: { url: "wss://service:9/x", refreshMs: 1_000 } });
    await expect(scene.connect()).rejects.toMatchObject({ code: "upstream-unavailable" });
    scene.found = [
      { host: "10.0.0.1", ...address },
      { host: "::1", ...address },
    ];
    await scene.ports.advance(1_200);
    expect(scene.pool.figures.map(({ url }) => url)).toEqual(["wss://10.0.0.1:9/x", "wss://[::1]:9/x"]);
    const lease = await scene.connect();
    expect(lease.target.tls).toEqual({ servername: "service" });
    scene.found = undefined;
    await scene.ports.advance(5_000);
    expect(scene.pool.figures).toHaveLength(2);
    scene.found = [{ host: "10.0.0.2", ...address }];
    await scene.ports.advance(1_200);
    expect(scene.pool.figures.filter(({ state }) => state === "up").map(({ name }) => name)).toEqual(["10.0.0.2:9"]);
  });

  it("takes of SRV records those of the best priority, with their ports and weights", async () => {
    const scene = new PoolScene({ dns: { url: "ws://ignored/", srv: "_ws._tcp.service" } });
    scene.found = [
      { host: "one", port: 7, weight: 30, priority: 1 },
      { host: "two", port: 8, weight: 0, priority: 1 },
      { host: "spare", port: 9, weight: 10, priority: 2 },
    ];
    await scene.ports.advance(40_000);
    expect(scene.pool.figures.map(({ name, weight }) => [name, weight])).toEqual([
      ["one:7", 30],
      ["two:8", 1],
    ]);
  });
});
