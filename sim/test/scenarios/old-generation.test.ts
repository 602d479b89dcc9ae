import { protobufCodec } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { calm, pass, settle } from "../support/scenario.ts";

const room = "room.0";

describe("a late batch of an old generation", () => {
  it("is dropped, however well its interval fits [SUB-3]", async () => {
    let late: ServerFrame | undefined;
    let sent = 0;
    const world = await calm(
      { readWire: false },
      {
        onWorld: ({ network }) => {
          // As a lower layer that keeps what it should have lost: the batch goes out again, under the next grant.
          network.tap.alter((_, way, message) => {
            if (way === "up") return [message];
            const frames = protobufCodec.decodeServer(message);
            const batch = frames.find((frame) => frame.type === "batch" && frame.messages.length > 0);
            if (batch !== undefined) late ??= batch;
            const granted = frames.some((frame) => frame.type === "subscribed" && frame.generation > 1);
            if (!granted || late?.type !== "batch") return [message];
            sent += 1;
            // It begins where the new grant begins, so that nothing but its generation speaks against it.
            return [message, protobufCodec.encode({ ...late, from: 0, to: 900 })];
          });
        },
      },
    );
    const client = world.clients[0]!;
    const reader = client.subscribe(room, "earliest", { kind: "listener" });
    await pass(world, 100);
    client.publish(room);
    await pass(world, 500);
    expect(reader.check.messages).toBe(1);
    client.unsubscribe(room, false);
    await pass(world, 100);
    const again = client.subscribe(room, "now", { kind: "listener" });
    await pass(world, 100);
    expect(sent).toBe(1);
    expect(again.check.messages).toBe(0);
    client.publish(room);
    await settle(world);
    expect(again.check.messages).toBe(1);
  });
});
