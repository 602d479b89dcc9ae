import { describe, expect, it } from "vitest";
import { calm, pass, settle } from "../support/scenario.ts";

const room = "room.0";

describe("a log that answers late", () => {
  it("serves those who subscribed while it did not answer", async () => {
    // Longer than a node keeps a channel that nobody reads.
    const world = await calm({ logLatencyMs: 4_000, heartbeatMs: 1_000, clients: ["ann", "ann"] });
    const [writer, other] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
    const readers = [
      writer.subscribe(room, "earliest", { kind: "listener" }),
      other.subscribe(room, { last: 10 }, { kind: "listener" }),
    ];
    writer.publish(room);
    await pass(world, 30_000);
    writer.publish(room);
    await pass(world, 30_000);
    expect(readers.map((reader) => reader.check.messages)).toEqual([2, 2]);
    await settle(world);
  });
});
