import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../../src/options.ts";
import { openSocket } from "../../src/virtual-socket/open-socket.ts";
import type { VirtualSocket } from "../../src/virtual-socket/virtual-socket.ts";
import { fixture } from "../fixture.ts";
import type { Fixture } from "../fixture.ts";
import type { FakePeer } from "../fake-server.ts";
import { FakeHome } from "./fake-home.ts";

const balancer = "sim://balancer";
const homeUrl = "sim://home";

interface Scene extends Fixture<undefined> {
  readonly home: FakeHome;
  readonly socket: VirtualSocket;
  readonly told: unknown[];
  /** The connections that stand, by where they go. */
  readonly standing: () => string[];
  /** The client comes to another node from now on. */
  readonly comeTo: (node: string) => void;
}

/** A socket that was opened at node-1, behind a balancer that leads to node-2 from now on. */
async function scene(
  options: Partial<ClientOptions> & { readonly endpoints?: readonly string[] } = {},
): Promise<Scene> {
  const { endpoints = [homeUrl], ...client } = options;
  const made = fixture({ url: balancer, ...client });
  const { server, ports } = made;
  server.nodes.set(homeUrl, "node-1");
  await ports.advance(1);
  const home = new FakeHome(server);
  home.endpoints = endpoints;
  const socket = openSocket(made.client, "quotes");
  const told: unknown[] = [];
  socket.onopen = () => told.push("open");
  socket.onmessage = ({ data }) => told.push(data);
  socket.onclose = ({ code }) => told.push(`close ${code}`);
  await ports.advance(5);
  expect(told.splice(0)).toEqual(["open"]);
  const comeTo = (node: string): void => {
    server.nodes.set(balancer, node);
  };
  comeTo("node-2");
  const standing = (): string[] =>
    made.client.status.connections.filter(({ state }) => state === "connected").map(({ endpoint }) => endpoint);
  return { ...made, home, socket, told, standing, comeTo };
}

const to = (url: string, { server }: Scene): FakePeer[] => server.peers.filter((peer) => peer.url === url);
const textOf = ({ data }: { readonly data: Uint8Array }): string => new TextDecoder().decode(data);

/** The connection to the home is lost, and the client comes to the other node. */
async function relayed(made: Scene): Promise<void> {
  made.server.peer.cut();
  await made.ports.advance(600);
}

describe("the home's own address", () => {
  it("is dialled by a client that comes to another node, and the socket goes there, losing and doubling nothing [SOCK-23]", async () => {
    const made = await scene();
    const { ports, home, socket, told, standing } = made;
    socket.send("one");
    home.say("eins");
    await relayed(made);
    expect(standing()).toEqual([balancer]);
    expect(home.peer?.url).toBe(balancer);
    socket.send("two");
    home.say("zwei");
    await ports.advance(1_000);
    expect(standing()).toEqual([balancer, homeUrl]);
    expect(home.peer?.url).toBe(homeUrl);
    socket.send("three");
    home.say("drei");
    await ports.advance(50);
    expect(home.got.map(textOf)).toEqual(["one", "two", "three"]);
    expect(told).toEqual(["eins", "zwei", "drei"]);
    expect(home.attaches.map(({ generation }) => generation)).toEqual([2, 3]);
  });

  it("is not dialled where a connection to that node is there again in time [SOCK-23]", async () => {
    const made = await scene();
    made.comeTo("node-1");
    await relayed(made);
    await made.ports.advance(15_000);
    expect(to(homeUrl, made)).toEqual([]);
    expect(made.home.attaches).toHaveLength(1);
  });

  it("is not dialled where it is of a scheme that the client was given no address of [SOCK-23]", async () => {
    const made = await scene({ endpoints: ["plain://home"] });
    await relayed(made);
    await made.ports.advance(15_000);
    expect(made.server.peers).toHaveLength(2);
    expect(made.home.peer?.url).toBe(balancer);
  });

  it("is left when the socket is closed, and its figures stay in the client's sums [SOCK-23]", async () => {
    const made = await scene();
    const { ports, home, socket, standing, client } = made;
    await relayed(made);
    await ports.advance(1_000);
    const { connects } = client.statistics;
    expect(connects).toBe(3);
    socket.close(1000);
    await ports.advance(10);
    home.close(1000);
    await ports.advance(100);
    expect(made.told).toEqual(["close 1000"]);
    expect(standing()).toEqual([balancer]);
    expect(client.statistics.connects).toBe(connects);
    expect(to(homeUrl, made)[0]!.closed).toBeDefined();
    await ports.advance(15_000);
    expect(to(homeUrl, made)).toHaveLength(1);
  });

  it("is left when another connection leads to the home, behind the socket's move [SOCK-23]", async () => {
    const made = await scene();
    const { ports, home, socket, standing } = made;
    await relayed(made);
    await ports.advance(1_000);
    made.comeTo("node-1");
    to(balancer, made).at(-1)!.cut();
    await ports.advance(1_000);
    socket.send("on");
    await ports.advance(50);
    expect(standing()).toEqual([balancer]);
    expect(home.peer?.url).toBe(balancer);
    expect(home.got.map(textOf)).toEqual(["on"]);
  });

  it("carries what the client's own connections do not, while there are none [SOCK-23]", async () => {
    const made = await scene();
    const { server, ports, home, socket } = made;
    await relayed(made);
    await ports.advance(1_000);
    server.nodes.delete(balancer);
    to(balancer, made).at(-1)!.cut();
    server.opens = false;
    await ports.advance(20_000);
    socket.send("still there");
    await ports.advance(50);
    expect(home.got.map(textOf)).toEqual(["still there"]);
    expect(made.client.status.state).toBe("connected");
  });

  it("is tried five times in vain, and again when the client has a new connection; the relay carries meanwhile [SOCK-23]", async () => {
    const made = await scene({ backoff: { minMs: 100, maxMs: 500 } });
    const { server, ports, home, socket } = made;
    await relayed(made);
    server.opens = false;
    for (let tick = 0; tick < 100; tick += 1) {
      for (const peer of to(homeUrl, made)) peer.cut();
      await ports.advance(100);
    }
    expect(to(homeUrl, made)).toHaveLength(5);
    socket.send("by the relay");
    await ports.advance(50);
    expect(home.got.map(textOf)).toEqual(["by the relay"]);
    expect(made.client.status.connections).toHaveLength(1);
    expect(made.client.status.lastError?.code).toBe("connection-lost");
    server.opens = true;
    to(balancer, made).at(-1)!.cut();
    await ports.advance(3_000);
    expect(to(homeUrl, made)).toHaveLength(6);
    expect(home.peer?.url).toBe(homeUrl);
  });

  it("is left when it leads to another node [SOCK-23]", async () => {
    const made = await scene();
    made.server.nodes.set(homeUrl, "node-3");
    await relayed(made);
    await made.ports.advance(15_000);
    expect(to(homeUrl, made)).toHaveLength(1);
    expect(made.standing()).toEqual([balancer]);
  });

  it("is left when the home sends the client away from it, behind the socket's move [SOCK-23]", async () => {
    const made = await scene();
    const { ports, home, socket } = made;
    await relayed(made);
    await ports.advance(1_000);
    expect(home.peer?.url).toBe(homeUrl);
    home.peer!.send({ type: "move", endpoints: [balancer], delayMs: 0, deadlineMs: 10_000, reason: "drain" });
    await ports.advance(5_000);
    socket.send("on");
    await ports.advance(50);
    expect(home.got.map(textOf)).toEqual(["on"]);
    expect(home.peer).toBe(to(balancer, made)[1]);
    expect(made.standing()).toEqual([balancer]);
    expect(made.told).toEqual([]);
  });

  it("is no way for other streams of the session, which stay on its own connections [SOCK-23]", async () => {
    const made = await scene();
    const { ports, client } = made;
    await relayed(made);
    await ports.advance(1_000);
    const subscription = client.channel("news").subscribe();
    await ports.advance(100);
    const [own, extra] = client.status.connections;
    expect(own).toMatchObject({ endpoint: balancer, lane: "", streams: 1 });
    expect(extra).toMatchObject({ endpoint: homeUrl, lane: "home:node-1", streams: 1 });
    await subscription.close();
  });

  it("is dialled for at most four homes at once [SOCK-23]", async () => {
    const made = await scene({ endpoints: [] });
    const { server, ports, client, home } = made;
    for (const number of [2, 3, 4, 5, 6, 7]) {
      const name = `node-${number}`;
      home.endpoints = [`sim://${name}`];
      home.name = name;
      server.nodes.set(`sim://${name}`, name);
      openSocket(client, "quotes");
      await ports.advance(50);
    }
    // It is on node-1 all the while.
    await ports.advance(5_000);
    expect(made.standing()).toEqual([balancer, "sim://node-2", "sim://node-3", "sim://node-4", "sim://node-5"]);
  });
});

describe("a node that leads to no other home", () => {
  const unreached = { code: "socket-gone", retry: true } as const;

  it("ends the socket with 4400 at once where the home told no address [SOCK-24]", async () => {
    const made = await scene({ endpoints: [] });
    made.home.refusalOf = () => unreached;
    await relayed(made);
    expect(made.told).toEqual(["close 4400"]);
  });

  it("does not where the home's own address is reached, which is dialled at once [SOCK-24]", async () => {
    const made = await scene();
    const { home, socket, ports } = made;
    home.refusalOf = (peer) => (peer.url === balancer ? unreached : undefined);
    socket.send("kept");
    await relayed(made);
    await ports.advance(50);
    expect(home.peer?.url).toBe(homeUrl);
    expect(home.got.map(textOf)).toEqual(["kept"]);
    expect(made.told).toEqual([]);
  });

  it("ends it as soon as that address was tried in vain [SOCK-24]", async () => {
    const made = await scene();
    made.home.refusalOf = () => unreached;
    made.server.peer.cut();
    await made.ports.advance(600);
    expect(made.told).toEqual([]);
    made.server.opens = false;
    to(homeUrl, made).at(-1)?.cut();
    await made.ports.advance(3_000);
    expect(made.told).toEqual(["close 4400"]);
  });

  it("leaves it where it is, on a connection that is to be left [SOCK-24]", async () => {
    const made = await scene({ endpoints: [] });
    const { home, server, ports, socket } = made;
    const [first] = server.peers as [FakePeer];
    home.refusalOf = (peer) => (peer === first ? undefined : unreached);
    first.send({ type: "move", endpoints: [], delayMs: 0, deadlineMs: 10_000, reason: "drain" });
    await ports.advance(5_000);
    expect(made.standing()).toHaveLength(2);
    expect(home.attaches.length).toBeGreaterThan(0);
    socket.send("still");
    await ports.advance(50);
    expect(home.got.map(textOf)).toEqual(["still"]);
    expect(home.peer).toBe(first);
    expect(made.told).toEqual([]);
    await ports.advance(10_000);
    expect(made.told).toEqual(["close 4400"]);
  });

  it("does not while another connection of the client is being made, which may reach the home [SOCK-24]", async () => {
    const made = await scene({ endpoints: [], connections: 2 });
    const { home, server, ports } = made;
    home.refusalOf = (peer) => (server.peers.indexOf(peer) < 3 ? unreached : undefined);
    const [first, second] = server.peers as [FakePeer, FakePeer];
    made.comeTo("node-2");
    server.opens = false;
    first.cut();
    second.cut();
    await ports.advance(700);
    server.peers[2]!.open("hawser.v1");
    await ports.advance(2_000);
    expect(made.told).toEqual([]);
    made.comeTo("node-1");
    server.opens = true;
    for (const peer of server.peers.slice(3)) peer.open("hawser.v1");
    await ports.advance(5_000);
    expect(home.attaches.length).toBeGreaterThan(1);
    expect(made.told).toEqual([]);
    expect(server.peers.indexOf(home.peer!)).toBeGreaterThan(2);
  });
});
