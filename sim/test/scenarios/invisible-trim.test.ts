import { describe, expect, it } from "vitest";
import { calm, pass, settle } from "../support/scenario.ts";

const room = "room.0";

describe("resume across an invisible trim", () => {
  for (const cut of [false, true]) {
    it(`tells exactly one lost interval, with its true bounds${cut ? ", over a new connection" : ""} [SUB-9]`, async () => {
      const world = await calm({ sparseOffsets: true, tailBytes: 1, windowBytes: 1_024, clients: ["ann", "ann"] });
      const [writer, slow] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
      for (let number = 0; number < 200; number += 1) writer.publish(room, 100);
      await pass(world, 1_000);
      const reader = slow.subscribe(room, "earliest", { kind: "loop", pauseMs: 100 });
      await pass(world, 2_000);
      const channel = world.store.channel(room);
      const { offset } = channel.entries[150]!;
      // It is in the middle of paging: some pages are read, some lie unread with the client, the rest is in the log.
      expect(reader.check.messages).toBeGreaterThan(10);
      expect(reader.check.messages).toBeLessThan(100);
      if (cut) world.network.connections.find((connection) => connection.client === slow.process)!.cut(0, 0);
      channel.trim(offset);
      await pass(world, 30_000);
      expect(reader.check.lost).toHaveLength(1);
      expect(reader.check.lost[0]!.to).toBe(offset);
      await settle(world);
      expect(reader.check.lost).toHaveLength(1);
      // What was not told as lost was read, each message once.
      const gone = channel.entriesIn(channel.epoch, reader.check.lost[0]!.from, offset).length;
      expect(reader.check.messages).toBe(200 - gone);
    });
  }
});
