import { describe, expect, it } from "vitest";
import { a, b, c, PoolScene, settingsOf, three } from "./pool-scene.ts";

const health = { intervalMs: 100, failures: 1, successes: 1 };

async function sceneOf(panicShare?: number | false): Promise<PoolScene> {
  const scene = new PoolScene({ ...three, health, ...(panicShare === undefined ? {} : { panicShare }) });
  await scene.ports.advance(250);
  return scene;
}

/** These no longer answer who asks whether they are well. */
async function lose(scene: PoolScene, ...names: string[]): Promise<void> {
  for (const name of names) scene.unwell.add(name);
  await scene.ports.advance(250);
}

describe("a pool whose targets do not answer their health checks", () => {
  it("gives none that is down a socket as long as one is up", async () => {
    const scene = await sceneOf();
    await lose(scene, a, b);
    expect([scene.pool.panics, await scene.names(4)]).toEqual([false, [c, c, c, c]]);
  });

  it("does not believe the check when none is up, and takes all", async () => {
    const scene = await sceneOf();
    await lose(scene, a, b, c);
    expect(scene.pool.panics).toBe(true);
    expect(new Set(await scene.names(6))).toEqual(new Set([a, b, c]));
    expect(scene.pool.figures.map(({ state }) => state)).toEqual(["down", "down", "down"]);
  });

  it("gives them sockets from panicShare on, as Envoy does, and no more when enough are back", async () => {
    const scene = await sceneOf(0.5);
    await lose(scene, a);
    expect([scene.pool.panics, new Set(await scene.names(6))]).toEqual([false, new Set([b, c])]);
    await lose(scene, b);
    expect([scene.pool.panics, new Set(await scene.names(6))]).toEqual([true, new Set([a, b, c])]);
    scene.unwell.delete(b);
    await scene.ports.advance(250);
    expect([scene.pool.panics, new Set(await scene.names(6))]).toEqual([false, new Set([b, c])]);
  });

  it("gives them none at all when panicShare is false", async () => {
    const scene = await sceneOf(false);
    await lose(scene, a, b, c);
    expect(scene.pool.panics).toBe(false);
    await expect(scene.connect()).rejects.toMatchObject({ code: "upstream-unavailable" });
  });

  it("leaves who is drained out of the count, and gives it nothing in a panic either", async () => {
    const scene = await sceneOf();
    scene.pool.drain(c, 60_000);
    await lose(scene, a, b);
    expect(scene.pool.panics).toBe(true);
    expect(new Set(await scene.names(6))).toEqual(new Set([a, b]));
  });

  it("tries another one in a panic, and fails when all refuse", async () => {
    const scene = await sceneOf();
    await lose(scene, a, b, c);
    scene.refusing.add(a).add(b);
    expect(new Set(await scene.names(3))).toEqual(new Set([c]));
    scene.refusing.add(c);
    await expect(scene.connect()).rejects.toMatchObject({ code: "upstream-unavailable", retry: true });
  });

  it("does not panic when nobody asks", () => {
    expect(new PoolScene({ ...three, panicShare: 1 }).pool.panics).toBe(false);
  });

  it.each([-0.1, 1.1, "all", true])("is not made with a panicShare of %j", (panicShare) => {
    expect(() => settingsOf({ ...three, panicShare: panicShare as number })).toThrow("pools.p.panicShare");
  });
});
