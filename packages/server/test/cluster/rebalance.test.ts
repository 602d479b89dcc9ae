import type { ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { ClusterSettings } from "../../src/cluster/cluster-options.ts";
import { sharedLog, LogView } from "../presence/support.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { startNode } from "../support/test-node.ts";
import type { TestClient } from "../support/test-node.ts";

type Node = Awaited<ReturnType<typeof startNode>>;

/** Clients that go where they are sent, at once or not at all. */
class World {
  readonly ports: SimulatedPorts;
  readonly #log: Awaited<ReturnType<typeof sharedLog>>;
  readonly nodes: Node[] = [];
  readonly #clients: { name: string; session: string; at: TestClient; node: number }[] = [];
  moves = 0;
  obey: (target: number) => boolean = () => true;

  private constructor(ports: SimulatedPorts, log: Awaited<ReturnType<typeof sharedLog>>) {
    this.ports = ports;
    this.#log = log;
  }

  static async open(): Promise<World> {
    const ports = new SimulatedPorts();
    return new World(ports, await sharedLog(ports));
  }

  async add(more: Partial<ClusterSettings> = {}): Promise<Node> {
    const index = this.nodes.length;
    const node = await startNode({
      ports: this.ports,
      log: new LogView(this.#log),
      name: `node-${index}`,
      cluster: {
        endpoints: [`wss://${index}.example.org/hawser`],
        rebalance: { tolerancePercent: 10, maxMovesPerSecond: 20 },
        spread: true,
        ...more,
      },
    });
    this.nodes.push(node);
    return node;
  }

  async connect(node: number, count: number, session = ""): Promise<void> {
    for (let made = 0; made < count; made += 1) {
      const name = session === "" ? `user-${this.#clients.length}` : "user";
      const at = await this.nodes[node]!.client().connect(name, session || `session-${name}`);
      this.#clients.push({ name, session: session || `session-${name}`, at, node });
    }
  }

  get counts(): number[] {
    return this.nodes.map(({ node }) => node.sessions);
  }

  /** Time passes, and clients do as they are told. */
  async pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += 1_000) {
      await this.ports.advance(1_000);
      for (const client of this.#clients) await this.#follow(client);
    }
  }

  async #follow(client: { name: string; session: string; at: TestClient; node: number }): Promise<void> {
    const { at } = client;
    const move = (await at.frames()).find((frame): frame is ServerFrame & { type: "move" } => frame.type === "move");
    if (move === undefined && at.transport.closed === undefined) return;
    const target = Number(/\d+/.exec(move?.endpoints[0] ?? "")?.[0] ?? client.node);
    this.moves += 1;
    client.node = this.obey(target) ? target : client.node;
    client.at = await this.nodes[client.node]!.client().connect(client.name, client.session);
    at.transport.handlers?.onClose(1_000, "");
  }
}

describe("rebalancing", () => {
  it("tells clients no faster than it may", async () => {
    const world = await World.open();
    await world.add({ rebalance: { tolerancePercent: 10, maxMovesPerSecond: 2 } });
    await world.add();
    await world.connect(0, 40);
    while (world.moves === 0) await world.pass(1_000);
    for (let seconds = 1; seconds <= 8; seconds += 1) {
      const before = world.moves;
      await world.pass(1_000);
      expect(world.moves - before).toBeGreaterThan(0);
      expect(world.moves - before).toBeLessThanOrEqual(3);
    }
    await world.pass(10_000);
    expect(world.counts).toEqual([20, 20]);
  });

  it("gives a node that joins its share, and then rests", async () => {
    const world = await World.open();
    await world.add();
    await world.add();
    await world.connect(0, 100);
    await world.connect(1, 100);
    await world.pass(60_000);
    expect(world.moves).toBe(0);
    await world.add();
    await world.pass(60_000);
    const [a, b, c] = world.counts;
    for (const count of [a!, b!, c!]) expect(Math.abs(count - 200 / 3)).toBeLessThan(200 / 30 + 1);
    const { moves } = world;
    expect(moves).toBeGreaterThanOrEqual(60);
    expect(moves).toBeLessThanOrEqual(67);
    await world.pass(300_000);
    expect(world.moves).toBe(moves);
  });

  it("does not move for those who came a moment ago and go again", async () => {
    const world = await World.open();
    await world.add();
    await world.add();
    await world.connect(0, 40);
    await world.pass(6_000);
    await world.connect(1, 40);
    await world.pass(60_000);
    expect(world.moves).toBe(0);
  });

  it("sends nobody to a node that has no address, or drains", async () => {
    const world = await World.open();
    await world.add();
    await world.add({ endpoints: [] });
    const draining = await world.add();
    await world.connect(0, 50);
    void draining.node.drain();
    await world.pass(60_000);
    expect(world.moves).toBe(0);
  });

  it("sends nobody to a process behind the same address", async () => {
    const world = await World.open();
    await world.add({ endpoints: ["wss://0.example.org/hawser"] });
    await world.add({ endpoints: ["wss://0.example.org/hawser"] });
    await world.connect(0, 50);
    await world.pass(60_000);
    expect(world.moves).toBe(0);
  });

  it("tries ever more rarely where clients come back as fast as they are sent", async () => {
    const world = await World.open();
    await world.add();
    await world.add();
    await world.connect(0, 40);
    world.obey = () => false;
    await world.pass(600_000);
    const early = world.moves;
    await world.pass(600_000);
    expect(early).toBeGreaterThanOrEqual(40);
    expect(world.moves - early).toBeLessThanOrEqual(early / 2);
    world.obey = () => true;
    await world.pass(1_200_000);
    expect(Math.max(...world.counts)).toBeLessThanOrEqual(22);
  });

  it("does not, where it is not wished", async () => {
    const world = await World.open();
    await world.add({ rebalance: undefined });
    await world.add();
    await world.connect(0, 50);
    await world.pass(60_000);
    expect(world.counts).toEqual([50, 0]);
  });
});

describe("the connections of a session", () => {
  it("come to different nodes, once it is sure that none of them is broken", async () => {
    const world = await World.open();
    await world.add();
    await world.add();
    await world.connect(0, 2, "one");
    await world.pass(50_000);
    expect(world.counts).toEqual([2, 0]);
    await world.pass(20_000);
    expect(world.counts).toEqual([1, 1]);
  });

  it("are left where they are when there are more of them than nodes", async () => {
    const world = await World.open();
    await world.add();
    await world.add();
    await world.connect(0, 3, "one");
    await world.pass(600_000);
    expect(world.moves).toBeLessThanOrEqual(4);
  });

  it("stay together where it is not wished, or there is nowhere to go", async () => {
    for (const more of [{ spread: false }, {}]) {
      const world = await World.open();
      await world.add(more);
      await world.add({ endpoints: more.spread === undefined ? [] : ["wss://1.example.org/hawser"] });
      await world.connect(0, 2, "one");
      await world.pass(120_000);
      expect(world.counts).toEqual([2, 0]);
    }
  });
});
