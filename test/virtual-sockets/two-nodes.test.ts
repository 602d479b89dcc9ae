import { createHash } from "node:crypto";
import { openSocket } from "@hawser/client";
import type { Client, VirtualSocket } from "@hawser/client";
import { Home, NodeRelay } from "@hawser/gateway";
import { memoryLog } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../support/clients.ts";
import { DirectUpstreams } from "../support/direct-upstreams.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { StandardUpstream } from "./standard-upstream.ts";

const ports = systemPorts();

interface Node {
  readonly home: Home;
  readonly relay: NodeRelay;
  readonly server: HawserServer;
  readonly port: number;
}

/** A gateway's node whose relay is known to the others by `known`. */
async function startNode(name: string, upstream: string, known: Record<string, string>): Promise<Node> {
  const home = new Home({ ...ports, name, upstreams: new DirectUpstreams({ echo: upstream }) });
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
    sockets: relay.sockets,
  });
  onTestFinished(async () => {
    await relay.close();
    await server.close();
  });
  await relay.open();
  known[name] = relay.sockets.relayAddress;
  await server.listen();
  return { home, relay, server, port: Number(new URL(server.url).port) };
}

/** Two nodes, and a balancer in front of them that gives each the next connection. */
async function balanced(): Promise<{
  readonly nodes: readonly [Node, Node];
  readonly balancer: FaultProxy;
  readonly client: Client;
}> {
  const upstream = await StandardUpstream.start();
  onTestFinished(() => upstream.close());
  const known: Record<string, string> = {};
  const nodes = [
    await startNode("node-a", `${upstream.url}/echo`, known),
    await startNode("node-b", `${upstream.url}/echo`, known),
  ] as const;
  const balancer = await FaultProxy.to(0, { targetOf: (connection) => nodes[connection % 2]!.port });
  onTestFinished(() => balancer.close());
  const client = connect(balancer.urlOf(nodes[0].server.url), "ann");
  onTestFinished(() => client.close());
  return { nodes, balancer, client };
}

const until = (socket: VirtualSocket, type: "open" | "close"): Promise<Event> =>
  new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

describe("a virtual socket behind a balancer that goes round", () => {
  it("goes on byte-exact through whichever node its client comes to [SOCK-16]", async () => {
    const { nodes, balancer, client } = await balanced();
    const socket = openSocket(client, "echo");
    socket.binaryType = "arraybuffer";
    await until(socket, "open");
    const [sent, heard] = [createHash("sha256"), createHash("sha256")];
    const messages = 3_000;
    const resets = 10;
    let came = 0;
    let said = 0;
    const say = (): void => {
      for (; said < messages && said - came < 20; said += 1) {
        const message = new Uint8Array(said % 100 === 0 ? 200_000 : said % 700).fill(said);
        sent.update(`${message.length} `).update(message);
        socket.send(message);
      }
    };
    const ended = new Promise<{ code: number }>((resolve) => (socket.onclose = resolve));
    socket.onmessage = ({ data }) => {
      const message = new Uint8Array(data as ArrayBuffer);
      heard.update(`${message.length} `).update(message);
      came += 1;
      // The client is on its way to the other node in the middle of what comes.
      if (came % (messages / resets) === 100) balancer.endAll("reset");
      if (came === messages) socket.close(1000);
      else say();
    };
    say();
    expect((await ended).code).toBe(1000);
    expect(heard.digest("hex")).toBe(sent.digest("hex"));
    expect(balancer.count).toBeGreaterThan(resets);
    expect(nodes[1].home.size).toBe(0);
  });

  it("is closed with 4400 at once when its home is no more, and the next one opens elsewhere [SOCK-12]", async () => {
    const { nodes, balancer, client } = await balanced();
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    const [home, other] = nodes;
    const closed = until(socket, "close") as Promise<CloseEvent>;
    // What the home says to it does not come through: the other node, which the client comes to, has to find out.
    balancer.endAll("reset");
    await home.relay.close();
    expect(await closed).toMatchObject({ code: 4400, wasClean: false });
    const next = openSocket(client, "echo");
    await until(next, "open");
    expect(other.home.size).toBe(1);
  });
});
