import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { SimulatedConnection } from "../../src/network/simulated-connection.ts";
import type { World } from "../../src/world/world.ts";
import { calm, numbersIn, outcomes, pass, settle } from "../support/scenario.ts";

const room = "room.0";

/** What arrived at either end, in order, with the node at the other. */
interface Arrival {
  readonly node: string;
  readonly frame: ClientFrame | ServerFrame;
}

/** A session with two connections, one to each of two nodes. */
async function twoNodes(): Promise<{ readonly world: World; readonly arrivals: Arrival[] }> {
  const world = await calm({ nodes: 2, connections: 2, stallAfterMs: 500, heartbeatMs: 20_000 });
  const arrivals: Arrival[] = [];
  world.network.tap.listen({
    onArrived: (connection, way, message) => {
      const frames = way === "up" ? protobufCodec.decodeClient(message) : protobufCodec.decodeServer(message);
      for (const frame of frames) arrivals.push({ node: connection.node.name, frame });
    },
  });
  expect(world.network.connections.map(({ node }) => node.name).toSorted()).toEqual(["node-0#1", "node-1#1"]);
  return { world, arrivals };
}

/** The connection over which the client's frames of a kind went last. */
function carrierOf(world: World, arrivals: readonly Arrival[], type: string): SimulatedConnection {
  const carries = (frame: Arrival["frame"]): boolean =>
    frame.type === type && (frame.type !== "batch" || frame.messages.length > 0);
  const { node } = arrivals.findLast(({ frame }) => carries(frame))!;
  return world.network.connections.find((connection) => connection.node.name === node)!;
}

describe("a frame that was delayed on a connection that the session has moved on from", () => {
  it("appends nothing, when it is a publish that went over the other node meanwhile [PUB-1, PUB-2, PUB-11]", async () => {
    const { world, arrivals } = await twoNodes();
    const client = world.clients[0]!;
    const reader = client.subscribe(room, "earliest", { kind: "listener" });
    client.publish(room);
    await pass(world, 500);
    const first = carrierOf(world, arrivals, "publish");
    // 2, 3 and 4 hang on their way to the first node; nobody hears of it but by silence.
    first.stall("up", 8_000);
    for (let number = 2; number <= 4; number += 1) client.publish(room);
    await pass(world, 3_000);
    const second = carrierOf(world, arrivals, "publish");
    expect(second.node).not.toBe(first.node);
    expect(numbersIn(world, room)).toEqual([1, 2, 3, 4]);
    // More is published over the second, so that what is late is old by its sequence and by what it names as previous.
    for (let number = 5; number <= 6; number += 1) client.publish(room);
    await pass(world, 1_000);
    const before = arrivals.length;
    await pass(world, 10_000);
    const late = arrivals
      .slice(before)
      .filter(({ node, frame }) => node === first.node.name && frame.type === "publish");
    expect(late).toHaveLength(3);
    expect(numbersIn(world, room)).toEqual([1, 2, 3, 4, 5, 6]);
    await settle(world);
    expect(outcomes(world)).toEqual(Array.from({ length: 6 }, () => "accepted"));
    expect(reader.check.messages).toBe(6);
  });

  it("appends nothing either when what it is chained to was refused over the other node [PUB-10]", async () => {
    const { world, arrivals } = await twoNodes();
    const client = world.clients[0]!;
    client.publish(room);
    await pass(world, 500);
    const first = carrierOf(world, arrivals, "publish");
    first.stall("up", 8_000);
    // 2 is too large, 3 is chained to it; the first node sees both when the second has refused 2 and accepted 3.
    client.publish(room, 70_000);
    client.publish(room);
    await pass(world, 3_000);
    client.publish(room);
    await pass(world, 12_000);
    expect(numbersIn(world, room)).toEqual([1, 3, 4]);
    await settle(world);
    expect(outcomes(world)[2]).toBe("accepted");
    // An earlier sending of it had no answer when it was refused: that is all that can be said of it.
    expect(["rejected", "unknown"]).toContain(outcomes(world)[1]);
  });

  it("delivers nothing, when it is a batch of a stream that reads on over the other node [SUB-3, SUB-4]", async () => {
    const { world, arrivals } = await twoNodes();
    const client = world.clients[0]!;
    const reader = client.subscribe(room, "earliest", { kind: "listener" });
    client.publish(room);
    await pass(world, 500);
    const first = carrierOf(world, arrivals, "batch");
    first.stall("down", 8_000);
    for (let number = 2; number <= 4; number += 1) client.publish(room);
    await pass(world, 3_000);
    const second = carrierOf(world, arrivals, "batch");
    expect(second.node).not.toBe(first.node);
    expect(reader.check.messages).toBe(4);
    for (let number = 5; number <= 6; number += 1) client.publish(room);
    await pass(world, 1_000);
    expect(reader.check.messages).toBe(6);
    const before = arrivals.length;
    await pass(world, 10_000);
    const late = arrivals.slice(before).filter(({ node, frame }) => {
      return node === first.node.name && frame.type === "batch" && frame.messages.length > 0;
    });
    expect(late.length).toBeGreaterThan(0);
    await settle(world);
    expect(reader.check.messages).toBe(6);
  });

  it("delivers each message once, when both nodes have the stream and one copy is late [SUB-4]", async () => {
    const plan = { name: room, members: undefined, history: true, placement: "mirrored" } as const;
    const world = await calm({ nodes: 2, connections: 2, stallAfterMs: 500, channels: [plan] });
    const client = world.clients[0]!;
    const reader = client.subscribe(room, "earliest", { kind: "listener" });
    await pass(world, 500);
    for (let number = 1; number <= 30; number += 1) {
      client.publish(room);
      // Now one is late, now the other.
      world.network.connections[number % 2]!.stall("down", 150);
      await pass(world, 100);
    }
    await pass(world, 2_000);
    expect(reader.check.messages).toBe(30);
    expect(client.client.statistics.duplicatesDropped).toBeGreaterThan(0);
    await settle(world);
    expect(reader.check.messages).toBe(30);
  });
});
