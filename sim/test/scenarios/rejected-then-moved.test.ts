import { describe, expect, it } from "vitest";
import { calm, numbersIn, outcomes, pass, settle } from "../support/scenario.ts";

const room = "room.0";
/** Above what a channel of the simulated world takes. */
const tooLarge = 70_000;

describe("rejected in the middle, then moved", () => {
  for (const way of ["up", "down"] as const) {
    for (const messages of [0, 1, 2, 3]) {
      it(`keeps the order when the connection is cut after ${messages} messages ${way} [PUB-10, PUB-14]`, async () => {
        const world = await calm({ nodes: 2 });
        const client = world.clients[0]!;
        const reader = client.subscribe(room, "earliest", { kind: "listener" });
        for (let number = 1; number <= 4; number += 1) client.publish(room);
        await pass(world, 500);
        const before = client.client.status.connections[0]!.endpoint;
        world.network.connections[0]!.cutAfter(way, messages, 0, 0);
        // 5 is refused for its size; 6 and 7 are in flight behind it, chained to it.
        client.publish(room, tooLarge);
        client.publish(room);
        client.publish(room);
        await pass(world, 1);
        client.publish(room);
        await pass(world, 3_000);
        expect(numbersIn(world, room)).toEqual([1, 2, 3, 4, 6, 7, 8]);
        if (messages === 0) expect(client.client.status.connections[0]!.endpoint).not.toBe(before);
        await settle(world);
        // Where the refusal, or what it would have answered, was cut off, another server refuses it a second time: that
        // does not tell what became of the first.
        const isAnswered = messages >= (way === "up" ? 3 : 1);
        expect(outcomes(world)).toEqual([
          "accepted",
          "accepted",
          "accepted",
          "accepted",
          isAnswered ? "rejected" : "unknown",
          "accepted",
          "accepted",
          "accepted",
        ]);
        expect(reader.check.messages).toBe(7);
      });
    }
  }

  it("appends nothing of a connection that was left, when its frames come late [PUB-1, PUB-2]", async () => {
    const world = await calm({ nodes: 2 });
    const client = world.clients[0]!;
    client.publish(room);
    await pass(world, 500);
    const left = world.network.connections[0]!;
    left.stall("up", 4_000);
    client.publish(room);
    client.publish(room, tooLarge);
    client.publish(room);
    await pass(world, 100);
    // The client moves on, and what it had sent arrives at the first node when the second has everything.
    client.client.reconnect();
    await pass(world, 1_000);
    client.publish(room);
    await pass(world, 6_000);
    expect(numbersIn(world, room)).toEqual([1, 2, 4, 5]);
    await settle(world);
    expect(outcomes(world)).toEqual(["accepted", "accepted", "unknown", "accepted", "accepted"]);
  });
});
