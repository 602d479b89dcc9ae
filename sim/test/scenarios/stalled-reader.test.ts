import { messageCost, protobufCodec } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { calm, pass, settle } from "../support/scenario.ts";

const room = "room.0";
const windowBytes = 4_096;
const payloadBytes = 500;

describe("a reader that stands still", () => {
  for (const reconnects of [0, 5]) {
    it(`is sent its window and a message more, ${reconnects === 0 ? "" : "over all its connections, "}and later everything [SUB-10]`, async () => {
      const world = await calm({ windowBytes, clients: ["ann", "ann"] });
      const [writer, slow] = world.clients as [(typeof world.clients)[0], (typeof world.clients)[0]];
      let cost = 0;
      world.network.tap.listen({
        onArrived: (connection, way, message) => {
          if (way === "up" || connection.client !== slow.process) return;
          for (const frame of protobufCodec.decodeServer(message)) {
            if (frame.type === "batch") for (const { payload } of frame.messages) cost += messageCost(payload);
          }
        },
      });
      const reader = slow.subscribe(room, "now", { kind: "stalling", everyMessages: 1, stallMs: 1_000_000 });
      await pass(world, 500);
      for (let number = 0; number < 200; number += 1) writer.publish(room, payloadBytes);
      for (let again = 0; again < reconnects; again += 1) {
        await pass(world, 1_000);
        slow.client.reconnect();
      }
      await pass(world, 5_000);
      expect(reader.check.messages).toBe(1);
      // What was read was given credit for again.
      expect(cost).toBeGreaterThan(windowBytes / 2);
      expect(cost).toBeLessThan(windowBytes + 3 * (payloadBytes + 100));
      await settle(world);
      expect(reader.check.messages).toBe(200);
    });
  }
});
