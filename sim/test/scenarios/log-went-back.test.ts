import { describe, expect, it } from "vitest";
import { calm, numbersIn, pass, settle } from "../support/scenario.ts";

const room = "room.0";

describe("the log went back", () => {
  for (const owned of [false, true]) {
    it(`raises the epoch once, and drops nothing new: ${owned ? "an older copy at the node's next start" : "under nodes that run"} [POS-8]`, async () => {
      const world = await calm({ owned, clients: ["ann", "ann"] });
      const [writer, other] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
      const epochs = new Set<number>();
      const readers = [
        writer.subscribe(room, "earliest", { kind: "listener" }),
        other.subscribe(room, "earliest", { kind: "loop", pauseMs: 0 }),
      ];
      for (const reader of readers)
        reader.subscription.addEventListener("subscribed", ({ position }) => epochs.add(position.epoch));
      await pass(world, 100);
      for (let number = 1; number <= 5; number += 1) writer.publish(room);
      await pass(world, 500);
      const copy = world.store.copy();
      for (let number = 6; number <= 9; number += 1) writer.publish(room);
      await pass(world, 500);
      expect(readers.map((reader) => reader.check.messages)).toEqual([9, 9]);
      const before = world.store.channel(room).epoch;
      if (owned) {
        world.nodes[0]!.crash(300, false);
        world.store.replace(copy);
      } else world.store.restore(copy);
      await pass(world, 2_000);
      for (let number = 10; number <= 12; number += 1) other.publish(room);
      await pass(world, 2_000);
      await settle(world);
      const after = world.store.channel(room).epoch;
      expect(after).toBeGreaterThan(before);
      expect(numbersIn(world, room)).toEqual([1, 2, 3, 4, 5, 1, 2, 3]);
      expect(world.figures.resets).toBe(2);
      for (const { check } of readers) {
        expect(check.cursor?.epoch).toBe(after);
        expect(check.messages).toBe(12);
      }
      for (const epoch of epochs) expect([before, after]).toContain(epoch);
    });
  }

  it("twice, before a node has told the first time: it is told once, and nothing new is dropped [POS-8]", async () => {
    const world = await calm();
    const client = world.clients[0]!;
    const reader = client.subscribe(room, "earliest", { kind: "listener" });
    client.publish(room);
    await pass(world, 500);
    const copy = world.store.copy();
    client.publish(room);
    client.publish(room);
    await pass(world, 500);
    world.store.restore(copy);
    world.store.restore(world.store.copy());
    await pass(world, 500);
    client.publish(room);
    await settle(world);
    expect(numbersIn(world, room)).toEqual([1, 4]);
    expect(world.figures.resets).toBe(1);
    expect(reader.check.messages).toBe(4);
  });

  it("while a page was read: what that page held is no part of the new epoch [SUB-6]", async () => {
    const world = await calm({ logLatencyMs: 100, tailBytes: 1, clients: ["ann", "ann"] });
    const [writer, cold] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
    writer.subscribe(room, "earliest", { kind: "listener" });
    await pass(world, 500);
    writer.publish(room);
    await pass(world, 1_000);
    const copy = world.store.copy();
    for (let number = 2; number <= 5; number += 1) writer.publish(room);
    await pass(world, 1_000);
    // The answer to the first page is on its way when the log goes back.
    const reader = cold.subscribe(room, "earliest", { kind: "listener" });
    await pass(world, 260);
    world.store.restore(copy);
    await pass(world, 1_000);
    for (let number = 6; number <= 9; number += 1) writer.publish(room);
    await settle(world);
    expect(numbersIn(world, room)).toEqual([1, 6, 7, 8, 9]);
    expect(reader.check.messages).toBeGreaterThanOrEqual(5);
  });

  it("goes on publishing for a client whose accepted messages were taken back, and tells no lie of them", async () => {
    const world = await calm();
    const writer = world.clients[0]!;
    const copy = world.store.copy();
    for (let number = 1; number <= 3; number += 1) writer.publish(room);
    await pass(world, 500);
    const later = world.store.copy();
    for (let number = 4; number <= 6; number += 1) writer.publish(room);
    await pass(world, 500);
    world.store.restore(later);
    writer.publish(room);
    writer.publish(room);
    await pass(world, 3_000);
    expect(numbersIn(world, room)).toEqual([1, 2, 3, 7, 8]);
    world.store.restore(copy);
    writer.publish(room);
    await pass(world, 3_000);
    await settle(world);
    // The log knows nothing of the producer: the client goes on with another one.
    expect(numbersIn(world, room)).toEqual([9]);
  });
});
