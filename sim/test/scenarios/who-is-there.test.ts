import { describe, expect, it } from "vitest";
import { calm, pass, settle } from "../support/scenario.ts";

describe("who is there, over two nodes", () => {
  it("does not flap when nodes are drained one after the other, and when a connection is lost and made again [PRES-4]", async () => {
    const world = await calm({
      nodes: 2,
      connections: 2,
      users: ["ann", "ben"],
      clients: ["ann", "ben"],
      presence: true,
    });
    const [ann, ben] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
    await pass(world, 3_000);
    expect(ann.sees).toEqual(["c0.1", "c1.1"]);
    expect(ben.sees).toEqual(["c0.1", "c1.1"]);
    const before = [ann.comings.length, ben.comings.length];
    for (const node of world.nodes) {
      void node.stop(500, 300);
      await pass(world, 4_000);
    }
    for (const connection of world.network.connections.filter(({ client }) => client === ann.process))
      connection.cut(0, 0);
    await pass(world, 6_000);
    expect([ann.comings.length, ben.comings.length]).toEqual(before);
    // A page that is loaded again is another member; the former one goes when its grace has passed.
    ann.reload();
    await pass(world, 30_000);
    expect(ben.comings.slice(before[1])).toEqual(["c0.2 came", "c0.1 went"]);
    await settle(world);
    expect(ann.sees).toEqual(["c0.2", "c1.1"]);
  });
});

describe("who is there, when one client enters over two connections at once", () => {
  // The frame with the lower generation comes later, while the log has not brought back the higher one.
  it.each([20, 22])("is nobody whose page has gone (seed %i) [PRES-2] [PRES-4]", async (seed) => {
    const world = await calm({
      seed,
      connections: 2,
      users: ["ann", "ben"],
      clients: ["ann", "ben"],
      presence: true,
      latencyMs: { least: 5, most: 15 },
      jitterMs: 5,
      logLatencyMs: 20,
      channels: [{ name: "room.0", members: undefined, history: true, placement: { lane: "bulk" } }],
    });
    const [ann, ben] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
    await pass(world, 3_000);
    ann.reload();
    await pass(world, 1_000);
    ann.reload();
    await pass(world, 30_000);
    await settle(world);
    expect(ben.sees).toEqual(["c0.3", "c1.1"]);
  });
});
