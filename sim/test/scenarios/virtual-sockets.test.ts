import { openSocket } from "@hawser/client";
import type { VirtualSocket } from "@hawser/client";
import { describe, expect, it } from "vitest";
import type { SocketOptions } from "../../src/sockets/socket-options.ts";
import { SocketUse } from "../../src/sockets/socket-use.ts";
import type { World } from "../../src/world/world.ts";
import { RandomStream } from "../../src/random/random-stream.ts";
import { calm, pass, settle } from "../support/scenario.ts";

const sockets: SocketOptions = {
  openEveryMs: 1_000,
  sayEveryMs: 1_000,
  largestBytes: 1_000,
  windowBytes: 5_000,
  maxPieceBytes: 300,
  resumeMs: 3_000,
  acknowledgeMs: 20,
  tellsEndpoints: false,
  relays: false,
  faults: new Map(),
};

/** A socket of the first client, whatever it says is drawn. */
function use(world: World, upstream: string): SocketUse {
  const opened = new SocketUse(world, world.clients[0]!, world.sockets.uses.length + 1, new RandomStream(1), upstream);
  world.sockets.uses.push(opened);
  return opened;
}

const say = (opened: SocketUse, times: number): void => {
  for (let number = 1; number <= times; number += 1) opened.say(new RandomStream(number));
};

describe("a virtual socket", () => {
  it("goes on over another connection, with all that was lost on the first [SOCK-11]", async () => {
    const world = await calm({ sockets });
    const echo = use(world, "echo");
    await pass(world, 200);
    say(echo, 10);
    await pass(world, 8);
    world.network.connections[0]!.cut(0, 0);
    say(echo, 10);
    await pass(world, 2_000);
    expect(echo.describe()).toContain('"up":0,"down":0');
    expect(world.sockets.heard).toBeGreaterThan(40);
    await settle(world);
  });

  it("ends with 4400 at once when its home dies [SOCK-12]", async () => {
    const world = await calm({ sockets });
    const echo = use(world, "echo");
    await pass(world, 200);
    world.nodes[0]!.crash(100, false);
    await pass(world, 1_500);
    expect(echo.describe()).toContain('"clientEnd":{"code":4400');
    await settle(world);
  });

  it("stays on the connection to its home, although another is of its lane", async () => {
    const world = await calm({
      sockets,
      nodes: 2,
      connections: 2,
      channels: [{ name: "room.0", members: undefined, history: true, placement: { lane: "bulk" } }],
    });
    const nodes = new Set(world.network.connections.map(({ node }) => node));
    expect(nodes.size).toBe(2);
    const bulk = use(world, "echo");
    await pass(world, 500);
    for (let again = 0; again < 4; again += 1) {
      world.clients[0]!.client.reconnect(world.clients[0]!.client.status.connections.at(-1)!.id);
      await pass(world, 2_000);
      say(bulk, 3);
    }
    await pass(world, 1_000);
    expect(bulk.isOpen).toBe(true);
    await settle(world);
  });

  it("that opens when its client has given it up is closed, and nothing is kept of it", async () => {
    const world = await calm({ sockets });
    const silent = openSocket(world.clients[0]!.client, "late", [], {
      path: "/1",
      windowBytes: 5_000,
      openTimeoutMs: 100,
    });
    world.sockets.uses.push(new SocketUse(world, world.clients[0]!, 1, new RandomStream(1), "late", silent));
    await pass(world, 7_000);
    expect(silent.readyState).toBe(silent.CLOSED);
    expect(world.nodes[0]!.sockets).toBe(0);
    await settle(world);
  });

  it("counts in bufferedAmount what is sent when it is over, and its end waits to be read", async () => {
    const world = await calm({ sockets });
    const paused: VirtualSocket = openSocket(world.clients[0]!.client, "echo", [], { path: "/1", windowBytes: 5_000 });
    world.sockets.uses.push(new SocketUse(world, world.clients[0]!, 1, new RandomStream(1), "echo", paused));
    await pass(world, 500);
    paused.pause();
    world.nodes[0]!.crash(100, false);
    await pass(world, 2_000);
    expect(paused.readyState).toBe(paused.OPEN);
    paused.send("abc");
    expect(paused.bufferedAmount).toBe(3);
    paused.resume();
    await pass(world, 100);
    expect([paused.readyState, paused.bufferedAmount]).toEqual([paused.CLOSED, 3]);
    await settle(world);
  });
});
