import { describe, expect, it } from "vitest";
import { calm, numbersIn, outcomes, pass, settle } from "../support/scenario.ts";

const room = "room.0";

describe("the tab that slept past the window", () => {
  for (const first of [true, false]) {
    it(`says that the outcome is unknown, and makes no second message${first ? " of the producer's first" : ""} [PUB-13]`, async () => {
      const world = await calm({ deduplicateMs: 30_000 });
      const client = world.clients[0]!;
      if (!first) client.publish(room);
      await pass(world, 500);
      const [connection] = world.network.connections;
      connection!.stall("down", 60_000);
      client.publish(room);
      client.publish(room);
      await pass(world, 100);
      // Both are in the log, and the tab sleeps before it hears of it.
      const count = world.store.channel(room).entries.length;
      client.process.sleep();
      connection!.cut(0, 0);
      await pass(world, 100_000);
      client.process.wake();
      await pass(world, 10_000);
      client.publish(room);
      await settle(world);
      expect(world.store.channel(room).entries).toHaveLength(count + 1);
      expect(outcomes(world)).toEqual([...(first ? [] : ["accepted"]), "unknown", "unknown", "accepted"]);
    });
  }
});

describe("the duplicated tab", () => {
  it("has an outbox of its own: what both tabs send is there twice, and nothing is swallowed", async () => {
    const world = await calm({ nodes: 2 });
    const client = world.clients[0]!;
    client.subscribe(room, "earliest", { kind: "listener" });
    client.publish(room);
    await pass(world, 500);
    world.network.connections[0]!.cutAfter("down", 0, 0, 0);
    client.publish(room);
    const copy = client.duplicate("c1");
    world.clients.push(copy);
    copy.publish(room);
    copy.publish(room);
    await pass(world, 5_000);
    client.publish(room);
    copy.publish(room);
    await settle(world);
    expect(outcomes(world)).toEqual(Array.from({ length: 6 }, () => "accepted"));
    expect(numbersIn(world, room).toSorted((one, other) => one - other)).toEqual([1, 1, 2, 2, 3, 3]);
    // It went on from where the first tab stood, and so it has what came after that.
    expect(copy.readers.get(room)!.check.messages).toBe(5);
  });
});
