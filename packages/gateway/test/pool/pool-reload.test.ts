import { describe, expect, it } from "vitest";
import type { Found } from "../../src/pool/discovery/dns-targets.ts";
import { a, b, c, PoolScene, settingsOf, three } from "./pool-scene.ts";

describe("a pool that is reloaded", () => {
  it("takes a target back that was down when the way of asking changed", async () => {
    const scene = new PoolScene({ ...three, health: { intervalMs: 1_000 } });
    scene.unwell.add(a);
    await scene.ports.advance(3_500);
    expect(scene.state(a)).toBe("down");
    scene.pool.reconfigure(settingsOf({ ...three, health: { intervalMs: 500 } }));
    expect(scene.state(a)).toBe("down");
    scene.unwell.delete(a);
    await scene.ports.advance(2_000);
    expect(scene.state(a)).toBe("up");
  });

  it("leaves targets out by the new rules", async () => {
    const options = { targets: ["ws://a:1"], maxEjectedShare: 1, retries: 0 };
    const scene = new PoolScene({ ...options, ejectAfter: 100 });
    scene.refusing.add(a);
    await scene.connect().catch(() => {});
    expect(scene.state(a)).toBe("up");
    scene.pool.reconfigure(settingsOf({ ...options, ejectAfter: 1, ejectMs: 500 }));
    await scene.connect().catch(() => {});
    expect(scene.state(a)).toBe("ejected");
    await scene.ports.advance(500);
    expect(scene.state(a)).toBe("up");
  });

  it("connects by the new TLS options of a target that stays", async () => {
    const target = { url: "wss://a:1", tls: { servername: "old" } };
    const scene = new PoolScene({ targets: [target] });
    const held = await scene.connect();
    scene.pool.reconfigure(settingsOf({ targets: [{ ...target, tls: { servername: "new" } }] }));
    expect((await scene.connect()).target.tls).toEqual({ servername: "new" });
    expect(held.signal.aborted).toBe(false);
    scene.pool.reconfigure(settingsOf({ targets: ["wss://a:1"] }));
    expect((await scene.connect()).target.tls).toBeUndefined();
  });

  it("shows a target that went for as long as it has sockets, and no longer", async () => {
    const scene = new PoolScene({ ...three, drainTimeoutMs: 60_000 });
    const [first, second] = [await scene.connect(), await scene.connect()];
    scene.pool.drain(b, 1_000);
    await scene.ports.advance(1_000);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
    scene.pool.reconfigure(settingsOf({ ...three, targets: ["ws://c:1/"], drainTimeoutMs: 60_000 }));
    const names = (): string[] => scene.pool.figures.map(({ name }) => name);
    expect(names()).toEqual([c, a, b]);
    second.end();
    expect(names()).toEqual([c, a]);
    first.end();
    expect(names()).toEqual([c]);
    expect(scene.ports.pending).toBe(0);
  });

  describe("whose targets are found by name", () => {
    const address = (host: string): Found => ({ host, port: undefined, weight: undefined, priority: undefined });
    const dns = { url: "ws://service:9/", refreshMs: 1_000 };

    async function found(): Promise<PoolScene> {
      const scene = new PoolScene({ dns, drainTimeoutMs: 100 });
      scene.found = [address("192.0.2.1")];
      await scene.ports.advance(10_000);
      return scene;
    }

    it("keeps them, and who is connected, when only the way of asking for them changes", async () => {
      const scene = await found();
      const held = await scene.connect();
      scene.pool.reconfigure(settingsOf({ dns: { ...dns, refreshMs: 2_000 }, drainTimeoutMs: 100 }));
      expect((await scene.connect()).target).toBe(held.target);
      await scene.ports.advance(10_000);
      expect(held.signal.aborted).toBe(false);
      expect((await scene.connect()).target).toBe(held.target);
    });

    it("has those of the former name until the new one is answered for", async () => {
      const scene = await found();
      const held = await scene.connect();
      scene.found = undefined;
      scene.pool.reconfigure(settingsOf({ dns: { ...dns, url: "ws://other:9/" }, drainTimeoutMs: 100 }));
      await scene.ports.advance(10_000);
      expect((await scene.connect()).target).toBe(held.target);
      scene.found = [address("192.0.2.2")];
      await scene.ports.advance(10_000);
      expect((await scene.connect()).target.name).toBe("192.0.2.2:9");
      expect(held.signal.aborted).toBe(true);
    });

    it("has none of them any more when there is no name", async () => {
      const scene = await found();
      scene.pool.reconfigure(settingsOf({ targets: ["ws://a:1"], drainTimeoutMs: 100 }));
      expect(await scene.names(2)).toEqual([a, a]);
      await scene.ports.advance(10_000);
      expect(scene.ports.pending).toBe(0);
    });

    it("asks for the last of several names", async () => {
      const scene = await found();
      scene.pool.reconfigure(settingsOf({ dns: { ...dns, url: "ws://other:8/" } }));
      scene.pool.reconfigure(settingsOf({ dns: { ...dns, url: "ws://third:7/" } }));
      await scene.ports.advance(10_000);
      expect(scene.pool.figures.map(({ name }) => name)).toEqual(["192.0.2.1:7"]);
      scene.pool.close();
      expect(scene.ports.pending).toBe(0);
    });
  });
});
