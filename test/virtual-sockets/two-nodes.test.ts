import { openSocket } from "@hawser/client";
import type { Client } from "@hawser/client";
import { Home, NodeRelay } from "@hawser/gateway";
import { memoryLog } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { DirectUpstreams } from "../support/direct-upstreams.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { echo, until } from "./echoing.ts";
import { StandardUpstream } from "./standard-upstream.ts";

const ports = systemPorts();

interface Node {
  readonly home: Home;
  readonly url: string;
  close(): Promise<void>;
}

/** How else than by the balancer a home is reached. */
interface Ways {
  /** Whether nodes relay. */
  readonly relays: boolean;
  /** Whether a home tells its own address. */
  readonly tells: boolean;
}

/** A gateway's node; its relay is known to the others by `known`. */
async function startNode(name: string, upstream: string, known: Record<string, string>, ways: Ways): Promise<Node> {
  const endpoints: string[] = [];
  const home = new Home({ ...ports, name, endpoints, upstreams: new DirectUpstreams({ echo: upstream }) });
  const relay = new NodeRelay(
    { secret: "a secret of the service, 32 bytes", port: 0, host: "127.0.0.1" },
    { home, ports, logger: silentLogger, relayOf: (other) => known[other] },
  );
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    name,
    logger: silentLogger,
    sockets: ways.relays ? relay.sockets : home,
  });
  const close = async (): Promise<void> => {
    await relay.close();
    await server.close();
  };
  onTestFinished(close);
  if (ways.relays) {
    await relay.open();
    known[name] = relay.sockets.relayAddress;
  }
  await server.listen();
  if (ways.tells) endpoints.push(server.url);
  return { home, url: server.url, close };
}

/** Two nodes, and a balancer in front of them that gives each the next connection. */
async function balanced(ways: Ways): Promise<{
  readonly nodes: readonly [Node, Node];
  readonly balancer: FaultProxy;
  readonly client: Client;
}> {
  const upstream = await StandardUpstream.start();
  onTestFinished(() => upstream.close());
  const known: Record<string, string> = {};
  const nodes = [
    await startNode("node-a", `${upstream.url}/echo`, known, ways),
    await startNode("node-b", `${upstream.url}/echo`, known, ways),
  ] as const;
  const portsOf = nodes.map(({ url }) => Number(new URL(url).port));
  const balancer = await FaultProxy.to(0, { targetOf: (connection) => portsOf[connection % 2]! });
  onTestFinished(() => balancer.close());
  const client = connect(balancer.urlOf(nodes[0].url), "ann");
  onTestFinished(() => client.close());
  return { nodes, balancer, client };
}

const endpointsOf = (client: Client): string[] =>
  client.status.connections.filter(({ state }) => state === "connected").map(({ endpoint }) => endpoint);

describe("a virtual socket behind a balancer that goes round", () => {
  it("goes on byte-exact through whichever node its client comes to [SOCK-16]", async () => {
    const { nodes, balancer, client } = await balanced({ relays: true, tells: false });
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    const resets = 10;
    const messages = 3_000;
    const { code, said, heard } = await echo(socket, (came) => {
      // The client is on its way to the other node in the middle of what comes.
      if (came % (messages / resets) === 100) balancer.endAll("reset");
      return came < messages;
    });
    expect(code).toBe(1000);
    expect(heard).toBe(said);
    expect(balancer.count).toBeGreaterThan(resets);
    expect(nodes[1].home.size).toBe(0);
  });

  it("moves from there to its home's own address, and away from that when the balancer leads to the home, byte-exact [SOCK-23]", async () => {
    const { nodes, balancer, client } = await balanced({ relays: true, tells: true });
    const own = nodes[0].url;
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    balancer.endAll("reset");
    /** Where the client's connections went, each for some messages, one behind the other. */
    const ways: string[] = [];
    let stayed = 0;
    const { code, said, heard } = await echo(socket, () => {
      const way = endpointsOf(client)
        .map((endpoint) => (endpoint === own ? "home" : "balancer"))
        .join(" and ");
      if (way !== ways.at(-1)) {
        ways.push(way);
        stayed = 0;
      }
      stayed += 1;
      if (stayed < 200) return true;
      // The next connection of the balancer is to the home again.
      if (way === "balancer and home" && balancer.count === 2) balancer.endAll("reset");
      return !(way === "balancer" && ways.includes("balancer and home"));
    });
    expect(code).toBe(1000);
    expect(heard).toBe(said);
    // While the balancer's connection was away the home's own carried it.
    expect(ways).toContain("home");
    expect(ways.indexOf("balancer")).toBeLessThan(ways.indexOf("balancer and home"));
    expect(ways.at(-1)).toBe("balancer");
  });

  it("goes on by its home's own address where nodes do not relay [SOCK-24]", async () => {
    const { nodes, balancer, client } = await balanced({ relays: false, tells: true });
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    const { code, said, heard } = await echo(socket, (came) => {
      if (came === 100) balancer.endAll("reset");
      return came < 1_000;
    });
    expect(code).toBe(1000);
    expect(heard).toBe(said);
    expect(balancer.count).toBe(2);
    expect(nodes[1].home.size).toBe(0);
  });

  it("is closed with 4400 at once where nodes do not relay, and the home told no address [SOCK-24]", async () => {
    const { nodes, balancer, client } = await balanced({ relays: false, tells: false });
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    const closed = until(socket, "close");
    balancer.endAll("reset");
    expect(await closed).toMatchObject({ code: 4400, wasClean: false });
    const next = openSocket(client, "echo");
    await until(next, "open");
    expect(nodes[1].home.size).toBe(1);
  });

  it.each([
    ["is not reached any more", { relays: true, tells: false }],
    ["told an address where nobody answers", { relays: true, tells: true }],
    ["told one, and nodes do not relay", { relays: false, tells: true }],
  ])("is closed with 4400 when its home is no more, and %s [SOCK-12]", async (_, ways) => {
    const { nodes, balancer, client } = await balanced(ways);
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    const [home, other] = nodes;
    const closed = until(socket, "close");
    // What the home says to it does not come through: the other node, which the client comes to, has to find out.
    balancer.endAll("reset");
    await home.close();
    expect(await closed).toMatchObject({ code: 4400, wasClean: false });
    const next = openSocket(client, "echo");
    await until(next, "open");
    expect(other.home.size).toBe(1);
  });
});
