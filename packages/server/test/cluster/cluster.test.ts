import type { FollowHandlers } from "@hawser/log";
import { describe, expect, it } from "vitest";
import type { ClusterEvent } from "../../src/cluster/cluster.ts";
import { decodeCluster, clusterChannel } from "../../src/cluster/cluster-record.ts";
import type { SocketService } from "../../src/core.ts";
import { cluster, enter, said, watch } from "../presence/support.ts";
import type { TestNode } from "../presence/support.ts";
import { startNode } from "../support/test-node.ts";
import type { TestNodeOptions } from "../support/test-node.ts";

const settings = (index: number) => ({
  endpoints: [`wss://${index}.example.org/hawser`],
  rebalance: undefined,
  spread: false,
});

async function open(count: number, options: TestNodeOptions = {}) {
  let made = 0;
  // Read anew for each node, so that each has an address of its own.
  const each: TestNodeOptions = {
    ...options,
    get cluster() {
      return settings(made++);
    },
  };
  const opened = await cluster(count, each);
  await opened.ports.advance(1_000);
  return opened;
}

const names = ({ node }: TestNode): string[] => node.cluster.nodes().map(({ name }) => name);

const eventsOf = ({ node }: TestNode): string[] => {
  const events: string[] = [];
  node.cluster.watch(({ kind, node: { name } }: ClusterEvent) => {
    if (kind !== "changed") events.push(`${name} ${kind}`);
  });
  return events;
};

/** The process of a node is gone, and nothing more comes of it. */
const kill = (node: TestNode): void => {
  node.view.append = () => new Promise(() => {});
};

describe("a cluster", () => {
  it("has the nodes that share a log, each of which knows all within a moment of its start", async () => {
    const { nodes } = await open(3);
    expect(names(nodes[0]!)).toEqual(["node-1", "node-2", "node-3"]);
    expect(names(nodes[2]!).sort()).toEqual(["node-1", "node-2", "node-3"]);
    expect(nodes[1]!.node.cluster.nodes().map(({ self }) => self)).toEqual([true, false, false]);
    expect(new Set(nodes.map(({ node }) => node.cluster.nodes()[0]!.id)).size).toBe(3);
  });

  it("tells every node where the others take the virtual sockets whose home they are [SOCK-16]", async () => {
    const sockets: SocketService = {
      relayAddress: "ws://192.0.2.1:7430",
      attach: () => ({ handle: () => {}, recheck: async () => {}, close: () => {} }),
      drain: async () => {},
      close: () => {},
    };
    const { nodes } = await open(2, { sockets });
    expect(nodes[0]!.node.cluster.relayOf("node-2")).toBe("ws://192.0.2.1:7430");
    expect(nodes[0]!.node.cluster.relayOf("node-3")).toBeUndefined();
    const without = await open(2);
    expect(without.nodes[0]!.node.cluster.relayOf("node-2")).toBeUndefined();
  });

  it("is a node alone where it is not configured, and the log hears nothing of it", async () => {
    const { nodes, ports, log } = await cluster(2);
    await ports.advance(60_000);
    expect(names(nodes[0]!)).toEqual(["node-1"]);
    expect((await log.head(clusterChannel)).end).toBe(0);
    await nodes[0]!.node.cluster.disconnect("ann", "x");
    expect((await log.head(clusterChannel)).end).toBe(0);
  });

  it("tells counts and addresses of all, as each said them last", async () => {
    const { nodes, ports } = await open(2);
    await nodes[0]!.client().connect("ann");
    await nodes[0]!.client().connect("bob");
    nodes[1]!.client();
    await ports.advance(6_000);
    expect(nodes[1]!.node.cluster.counts).toEqual({ nodes: 2, connections: 3, sessions: 2 });
    expect(nodes[0]!.node.cluster.counts).toEqual({ nodes: 2, connections: 3, sessions: 2 });
    expect(nodes[1]!.node.cluster.endpoints).toEqual(["wss://0.example.org/hawser"]);
  });

  it("says at once that a node drains, whose addresses are given to nobody any more", async () => {
    const { nodes, ports } = await open(2);
    expect(nodes[1]!.node.cluster.endpoints).toEqual(["wss://0.example.org/hawser"]);
    void nodes[0]!.node.drain();
    await ports.settle();
    expect(nodes[1]!.node.cluster.nodes()[1]).toMatchObject({ name: "node-1", state: "draining" });
    expect(nodes[1]!.node.cluster.endpoints).toEqual([]);
  });

  it("knows at once that a node has closed", async () => {
    const { nodes, ports } = await open(2);
    const events = eventsOf(nodes[0]!);
    await nodes[1]!.node.close();
    await ports.settle();
    expect(events).toEqual(["node-2 left"]);
    expect(names(nodes[0]!)).toEqual(["node-1"]);
  });

  it("notices the death of a node by its silence, within clusterTimeoutMs and two beats", async () => {
    const { nodes, ports } = await open(3);
    const events = eventsOf(nodes[0]!);
    kill(nodes[2]!);
    await ports.advance(15_000);
    expect(events).toEqual([]);
    await ports.advance(11_000);
    expect(events).toEqual(["node-3 died"]);
    expect(names(nodes[1]!).sort()).toEqual(["node-1", "node-2"]);
  });

  it("takes nobody for dead where the log stands still, or this process did", async () => {
    const { nodes, ports } = await open(2);
    const events = [eventsOf(nodes[0]!), eventsOf(nodes[1]!)];
    for (const { view } of nodes) view.stalls = true;
    await ports.advance(120_000);
    for (const { view } of nodes) view.release();
    await ports.advance(30_000);
    ports.stall(600_000);
    await ports.advance(30_000);
    expect(events).toEqual([[], []]);
  });

  it("does not hasten a death by what is announced between beats", async () => {
    const { nodes, ports } = await open(2);
    const events = eventsOf(nodes[0]!);
    kill(nodes[1]!);
    for (let round = 0; round < 20; round += 1) {
      nodes[0]!.node.cluster.announce();
      await ports.advance(500);
    }
    expect(events).toEqual([]);
  });

  it("knows a node again that was cut off from the log for long", async () => {
    const { nodes, ports } = await open(2);
    const events = eventsOf(nodes[0]!);
    nodes[1]!.view.down = true;
    await ports.advance(40_000);
    nodes[1]!.view.down = false;
    await ports.advance(10_000);
    expect(events).toEqual(["node-2 died", "node-2 joined"]);
  });

  it("does not take for living what the log still holds of nodes that are gone", async () => {
    const { nodes, add } = await open(2);
    kill(nodes[0]!);
    kill(nodes[1]!);
    expect(names(await add())).toEqual(["node-3"]);
  });

  it("goes on where the log has begun anew, without the beat that was lost with it", async () => {
    const follows: FollowHandlers[] = [];
    const { nodes, ports, log } = await open(2);
    const lossy = nodes[0]!;
    const follow = lossy.view.follow.bind(lossy.view);
    lossy.view.follow = (channel, handlers) => {
      if (channel === clusterChannel) follows.push(handlers);
      return follow(channel, handlers);
    };
    const { node } = await startNode({ cluster: settings(0), ports, log: lossy.view, name: "node-3" });
    const append = lossy.view.append.bind(lossy.view);
    lossy.view.append = async (appends) => appends.map(() => ({ kind: "accepted", epoch: 1, offset: 1 }));
    await ports.advance(6_000);
    lossy.view.append = append;
    follows[0]!.onEpoch(await log.head(clusterChannel));
    await ports.advance(60_000);
    expect(names(nodes[1]!)).toContain("node-3");
    expect(node.cluster.nodes().map(({ name }) => name)).toContain("node-2");
  });

  it("ends the members of a node with its death, ahead of the time of their leases", async () => {
    const { nodes, ports } = await open(2, { limits: { presenceLeaseMs: 90_000 } });
    const ann = await nodes[1]!.client().connect("ann");
    await ann.ask(enter(1, "room", "a"));
    const bob = await nodes[0]!.client().connect("bob");
    expect(said(await bob.ask(watch(1, "room")))).toContain("+ann/a");
    // Both have shown themselves in the roster, so that each is known by its life.
    await ports.advance(60_000);
    await bob.frames();
    kill(nodes[1]!);
    await ports.advance(26_000);
    expect(said(await bob.frames())).toContain("-ann/a");
  });

  it("ends the members of a node that died before it could say anything since they came", async () => {
    const { nodes, ports } = await open(2, { limits: { presenceLeaseMs: 90_000 } });
    const bob = await nodes[0]!.client().connect("bob");
    await bob.ask(watch(1, "room"));
    const ann = await nodes[1]!.client().connect("ann");
    await ann.ask(enter(1, "room", "a"));
    kill(nodes[1]!);
    await ports.advance(26_000);
    expect(said(await bob.frames())).toEqual(["+ann/a", "-ann/a"]);
  });

  it("writes what can be read, and little of it", async () => {
    const { ports, log } = await open(2);
    await ports.advance(60_000);
    const { entries } = await log.read(clusterChannel, 0, { maxCount: 1_000, maxBytes: 1_000_000 });
    expect(entries.every(({ payload }) => decodeCluster(payload)?.kind === "beat")).toBe(true);
    expect(entries.length).toBeLessThan(2 * 16);
  });
});

describe("disconnecting a user", () => {
  it("ends his sessions on every other node, once, and nobody else's", async () => {
    const { nodes, ports } = await open(3);
    const ann = await nodes[1]!.client().connect("ann");
    const again = await nodes[2]!.client().connect("ann");
    const bob = await nodes[1]!.client().connect("bob");
    await nodes[0]!.node.cluster.disconnect("ann", "You are out.");
    await ports.settle();
    for (const client of [ann, again]) {
      expect((await client.frames()).at(-1)).toMatchObject({
        type: "error",
        code: "disconnected",
        message: "You are out.",
      });
      expect(client.transport.closed).toMatchObject({ code: 4504 });
    }
    expect(bob.transport.closed).toBeUndefined();
  });

  it("does not mean who connects later, nor nodes that start later", async () => {
    const { nodes, ports, add } = await open(2);
    await nodes[0]!.node.cluster.disconnect("ann", "x");
    await ports.settle();
    const ann = await nodes[1]!.client().connect("ann");
    const late = await add();
    const elsewhere = await late.client().connect("ann");
    await ports.advance(20_000);
    expect(ann.transport.closed).toBeUndefined();
    expect(elsewhere.transport.closed).toBeUndefined();
  });

  it("follows a command once, however often the log tells it", async () => {
    const { nodes, ports, log } = await open(2);
    await nodes[0]!.node.cluster.disconnect("ann", "x");
    await ports.settle();
    const { entries } = await log.read(clusterChannel, 0, { maxCount: 1_000, maxBytes: 1_000_000 });
    const { payload } = entries.findLast((entry) => decodeCluster(entry.payload)?.kind === "disconnect")!;
    const ann = await nodes[1]!.client().connect("ann");
    await log.append([
      { channel: clusterChannel, producer: "", sequence: 0, previous: 0, payload: payload!, key: "", publisher: "" },
    ]);
    await ports.settle();
    expect(ann.transport.closed).toBeUndefined();
  });

  it("forgets the oldest command past maxClusterCommands", async () => {
    const { RecentIds } = await import("../../src/cluster/recent-ids.ts");
    const ids = new RecentIds(2);
    expect(["a", "b", "a", "b"].map((id) => ids.add(id))).toEqual([true, true, false, false]);
    expect(["c", "b", "a"].map((id) => ids.add(id))).toEqual([true, false, true]);
  });

  it("tells who asked when the log could not be told", async () => {
    const { nodes } = await open(2);
    nodes[0]!.view.down = true;
    await expect(nodes[0]!.node.cluster.disconnect("ann", "x")).rejects.toMatchObject({ code: "log-unavailable" });
  });
});
