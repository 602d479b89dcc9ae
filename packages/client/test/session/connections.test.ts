import { describe, expect, it } from "vitest";
import type { SubscribeFrame } from "@hawser/protocol";
import { readHistory } from "../../src/history/history.ts";
import type { ClientOptions } from "../../src/options.ts";
import { batch, subscribed, welcome } from "../fake-server.ts";
import type { FakePeer } from "../fake-server.ts";
import { connected, failureOf, fixture } from "../fixture.ts";
import type { Fixture } from "../fixture.ts";

const urls = ["sim://a", "sim://b"];
const move = { type: "move", deadlineMs: 10_000, delayMs: 0, endpoints: [], reason: "deploy" } as const;

interface Cluster extends Fixture<undefined> {
  /** The newest connection to an endpoint. */
  readonly at: (url: string) => FakePeer;
  readonly seen: unknown[];
}

/** A client with two connections, to servers that grant every subscription where it asks, and answer pings. */
async function cluster(options: Partial<ClientOptions> = {}): Promise<Cluster> {
  const made = fixture({ url: urls, connections: 2, ...options });
  const { server, ports } = made;
  server.answer = (frame, peer) => {
    if (frame.type === "ping") peer.send({ type: "pong", nonce: frame.nonce });
    if (frame.type === "subscribe") peer.send(subscribed(frame, { offset: frame.position?.offset ?? 0 }));
  };
  await ports.advance(1);
  const at = (url: string): FakePeer => server.peers.filter((peer) => peer.url === url).at(-1)!;
  return { ...made, at, seen: [] };
}

const subscribes = (peer: FakePeer): SubscribeFrame[] => peer.of("subscribe");

function read({ client, seen }: Cluster, placement: "any" | "mirrored" | { lane: string }, name = "chat"): void {
  client
    .channel(name)
    .subscribe({ placement })
    .addEventListener("message", ({ message }) => seen.push(message.data));
}

describe("a session over several connections", () => {
  it("opens each to another endpoint, as one session, and shows each with its state", async () => {
    const { client, server } = await cluster({ url: ["sim://a", "sim://b", "sim://c"], connections: 3 });
    expect(server.peers.map(({ url }) => url)).toEqual(["sim://a", "sim://b", "sim://c"]);
    expect(new Set(server.peers.map((peer) => peer.last("connect").session)).size).toBe(1);
    expect(client.status.state).toBe("connected");
    expect(client.status.connections).toMatchObject([
      { id: 1, endpoint: "sim://a", state: "connected", health: "good", lane: "", node: "node-1" },
      { id: 2, endpoint: "sim://b", state: "connected" },
      { id: 3, endpoint: "sim://c", state: "connected" },
    ]);
  });

  it("is connected as long as one of them is", async () => {
    const { client, at, ports } = await cluster({ backoff: { minMs: 20_000, maxMs: 20_000 } });
    const states: string[] = [];
    client.addEventListener("status", ({ status }) => states.push(status.state));
    at("sim://a").cut();
    await ports.advance(1);
    expect(new Set(states)).toEqual(new Set(["connected"]));
    expect(client.status.connections.map(({ state }) => state)).toEqual(["closed", "connected"]);
    at("sim://b").cut();
    await ports.advance(1);
    expect(client.status.state).toBe("waiting");
  });

  it("spreads channels over them", async () => {
    const scene = await cluster();
    for (const name of ["one", "two", "three", "four"]) read(scene, "any", name);
    await scene.ports.advance(1);
    expect(subscribes(scene.at("sim://a"))).toHaveLength(2);
    expect(subscribes(scene.at("sim://b"))).toHaveLength(2);
    expect(scene.client.status.connections.map(({ streams }) => streams)).toEqual([2, 2]);
  });

  it("goes on over the other at once when one is lost, from where it was [SUB-4]", async () => {
    const scene = await cluster({ backoff: { minMs: 20_000, maxMs: 20_000 } });
    read(scene, "any");
    await scene.ports.advance(1);
    scene.at("sim://a").send(batch(0, 3));
    await scene.ports.advance(1);
    scene.at("sim://a").cut();
    await scene.ports.advance(1);
    expect(scene.at("sim://b").last("subscribe").position).toEqual({ epoch: 1, offset: 3 });
    scene.at("sim://b").send(batch(3, 5));
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2, 3, 4, 5]);
    expect(scene.client.statistics).toMatchObject({ resumes: 1, gaps: 0, lost: 0, duplicatesDropped: 0 });
  });

  it("begins where the first grant does, when two connections were asked before there was one [SUB-11]", async () => {
    const scene = await cluster({ url: ["sim://a", "sim://b", "sim://c"] });
    const { answer } = scene.server;
    scene.server.answer = (frame, peer) => {
      if (frame.type !== "subscribe") answer(frame, peer);
    };
    read(scene, "any");
    await scene.ports.advance(1);
    const a = scene.at("sim://a");
    a.send(move);
    await scene.ports.advance(1);
    const other = scene.server.peers.find((peer) => peer.url !== "sim://a" && subscribes(peer).length > 0)!;
    expect(other.last("subscribe").position).toBeUndefined();
    a.send(subscribed(a.last("subscribe"), { offset: 0 }));
    // Published meanwhile: 1 to 3.
    other.send(subscribed(other.last("subscribe"), { offset: 3 }));
    await scene.ports.advance(1);
    expect(other.of("unsubscribe")).toHaveLength(1);
    await scene.ports.advance(1_000);
    expect(other.last("subscribe").position).toEqual({ epoch: 1, offset: 0 });
    other.send(subscribed(other.last("subscribe"), { offset: 0 }), { ...batch(0, 4), generation: 2 });
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2, 3, 4]);
    expect(scene.client.statistics.lost).toBe(0);
  });

  it("reads on over the old connection until the new one has its grant [CON-12]", async () => {
    const scene = await cluster({ url: ["sim://a", "sim://b", "sim://c"] });
    read(scene, "any");
    await scene.ports.advance(1);
    const { answer } = scene.server;
    // Nobody answers `subscribe` for a while.
    scene.server.answer = (frame, peer) => {
      if (frame.type !== "subscribe") answer(frame, peer);
    };
    scene.at("sim://a").send(move);
    await scene.ports.advance(1);
    const asked = scene.server.peers.find((peer) => peer.url !== "sim://a" && subscribes(peer).length > 0)!;
    scene.at("sim://a").send(batch(0, 2));
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2]);
    expect(scene.at("sim://a").closed).toBeUndefined();
    asked.send(subscribed(asked.last("subscribe")), batch(0, 4));
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2, 3, 4]);
    expect(scene.at("sim://a").last("unsubscribe")).toMatchObject({ number: 7, generation: 1 });
    expect(scene.at("sim://a").closed?.code).toBe(1000);
    expect(scene.client.statistics).toMatchObject({ duplicatesDropped: 2, gaps: 0 });
  });

  it("delivers the first copy of each message of a mirrored channel, and drops the other [SUB-4] [SUB-15]", async () => {
    const scene = await cluster();
    scene.server.answer = (frame, peer) => {
      if (frame.type === "ping") peer.send({ type: "pong", nonce: frame.nonce });
      if (frame.type === "subscribe") peer.send(subscribed(frame, { number: peer.url === "sim://a" ? 7 : 9 }));
    };
    read(scene, "mirrored");
    await scene.ports.advance(1);
    const [a, b] = [scene.at("sim://a"), scene.at("sim://b")];
    a.send(batch(0, 2));
    b.send(batch(0, 3, { number: 9 }));
    // The same number on the other connection is another channel's, or nobody's.
    a.send(batch(3, 4, { number: 9 }));
    a.send(batch(2, 4));
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2, 3, 4]);
    expect(scene.client.statistics).toMatchObject({ gaps: 0, resumes: 0, duplicatesDropped: 3 });
    a.cut();
    await scene.ports.advance(1);
    b.send(batch(4, 5, { number: 9 }), batch(3, 5, { number: 9 }));
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2, 3, 4, 5]);
    expect(scene.client.statistics.resumes).toBe(0);
  });

  it("has the second copy on another node where there is one", async () => {
    const scene = fixture({ url: ["sim://a", "sim://b", "sim://c"], connections: 3 });
    const { server, ports, client } = scene;
    server.answer = (frame, peer) => {
      if (frame.type === "subscribe") peer.send(subscribed(frame));
    };
    server.welcome = undefined;
    await ports.advance(1);
    for (const peer of server.peers) peer.send({ ...welcome, node: peer.url === "sim://c" ? "other" : "one" });
    client.channel("chat").subscribe({ placement: "mirrored" });
    await ports.advance(1);
    const nodes = server.peers.filter((peer) => subscribes(peer).length > 0).map(({ url }) => url === "sim://c");
    expect(new Set(nodes)).toEqual(new Set([false, true]));
    expect(nodes).toHaveLength(2);
  });

  it("asks each connection's copy for what it left out, once [SUB-4] [SUB-15]", async () => {
    const scene = await cluster();
    read(scene, "mirrored");
    await scene.ports.advance(1);
    const [a, b] = [scene.at("sim://a"), scene.at("sim://b")];
    a.send(batch(2, 3), batch(3, 4));
    await scene.ports.advance(1);
    expect(a.of("seek")).toMatchObject([{ offset: 0 }]);
    b.send(batch(0, 6));
    await scene.ports.advance(1);
    // The copy that had left something out joins on again by what is old by now, and may leave out something else.
    a.send(batch(0, 4), batch(8, 9));
    await scene.ports.advance(1);
    expect(a.of("seek")).toMatchObject([{ offset: 0 }, { offset: 6 }]);
    expect(scene.seen).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("places a channel by its lane, with what is published to it, and anywhere when the lane is lost", async () => {
    const scene = await cluster({
      connections: [{ lane: "bulk" }, { lane: "fast" }],
      backoff: { minMs: 20_000, maxMs: 20_000 },
      placement: (channel) => ({ lane: channel === "orders" ? "fast" : "bulk" }),
    });
    const [bulk, fast] = [scene.at("sim://a"), scene.at("sim://b")];
    scene.client.channel("orders").subscribe();
    scene.client.channel("charts").subscribe();
    void scene.client.channel("orders").publish("buy");
    void scene.client.call("add", 1, { lane: "fast" }).catch(() => {});
    void readHistory(scene.client.channel("charts")).catch(() => {});
    await scene.ports.advance(1);
    expect(subscribes(fast).map(({ channel }) => channel)).toEqual(["orders"]);
    expect(subscribes(bulk).map(({ channel }) => channel)).toEqual(["charts"]);
    expect(fast.of("publish")).toHaveLength(1);
    expect(fast.of("call")).toHaveLength(1);
    expect(bulk.of("history")).toHaveLength(1);
    fast.cut();
    await scene.ports.advance(1);
    expect(subscribes(bulk).map(({ channel }) => channel)).toEqual(["charts", "orders"]);
    expect(bulk.of("publish")).toMatchObject([{ sequence: 1, previous: 0 }]);
  });

  it("sends the publishes of a channel over one connection, and all unanswered ones again over the next [PUB-11]", async () => {
    const { client, at, ports } = await cluster({ backoff: { minMs: 20_000, maxMs: 20_000 } });
    const channel = client.channel("chat");
    const publications = [1, 2, 3].map((data) => channel.publish(data));
    await ports.advance(1);
    const [a, b] = [at("sim://a"), at("sim://b")];
    expect(a.of("publish").map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    const { id } = a.of("publish")[0]!;
    a.send({ type: "published", id, position: { epoch: 1, offset: 1 }, duplicate: false, following: 0 });
    a.cut();
    publications.push(channel.publish(4));
    await ports.advance(1);
    expect(b.of("publish").map(({ sequence, previous }) => [sequence, previous])).toEqual([
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    for (const frame of b.of("publish")) {
      b.send({
        type: "published",
        id: frame.id,
        position: { epoch: 1, offset: frame.sequence },
        duplicate: false,
        following: 0,
      });
    }
    await ports.advance(1);
    expect(publications.map(({ state }) => state)).toEqual(Array(4).fill("accepted"));
  });

  it("asks an idempotent call again over the other connection, and lets another fail [CALL-4]", async () => {
    const { client, at, ports } = await cluster({ backoff: { minMs: 20_000, maxMs: 20_000 } });
    const [a, b] = [at("sim://a"), at("sim://b")];
    const again = client.call("look", null, { idempotent: true });
    const once = failureOf(client.call("pay", null));
    await ports.advance(1);
    expect(a.of("call")).toHaveLength(2);
    a.cut();
    await ports.advance(1);
    expect(b.of("call")).toMatchObject([{ method: "look" }]);
    expect(await once).toMatchObject({ code: "outcome-unknown" });
    const payload = { kind: "json", data: new TextEncoder().encode("7") } as const;
    b.send({ type: "result", id: b.last("call").id, payload });
    await ports.advance(1);
    await expect(again).resolves.toBe(7);
  });

  it("leaves a connection that does not answer, long before it is dead, and comes back to it when it does", async () => {
    const scene = await cluster({ stallAfterMs: 1_000 });
    read(scene, "any");
    await scene.ports.advance(1);
    const [a, b] = [scene.at("sim://a"), scene.at("sim://b")];
    expect(subscribes(a)).toHaveLength(1);
    a.alive = false;
    await scene.ports.advance(2_000);
    expect(scene.client.status.connections).toMatchObject([
      { health: "stalled", state: "connected" },
      { health: "good" },
    ]);
    expect(subscribes(b)).toHaveLength(1);
    b.send(batch(0, 2));
    await scene.ports.advance(1);
    expect(scene.seen).toEqual([1, 2]);
    a.alive = true;
    a.send({ type: "pong", nonce: a.last("ping").nonce + 1 });
    await scene.ports.advance(1);
    expect(scene.client.status.connections[0]).toMatchObject({ health: "stalled" });
  });

  it("leaves a connection that is much slower than the other, and takes it again when it is not", async () => {
    const scene = await cluster({ stallAfterMs: 1_000 });
    const { server, ports, client } = scene;
    let slowMs = 0;
    const { answer } = server;
    server.answer = (frame, peer) => {
      if (peer.url === "sim://a" && frame.type === "ping") void ports.timers.after(slowMs, () => answer(frame, peer));
      else answer(frame, peer);
    };
    read(scene, "any");
    await ports.advance(1);
    slowMs = 400;
    await ports.advance(2_000);
    expect(client.status.connections.map(({ health }) => health)).toEqual(["slow", "good"]);
    expect(client.status.connections.map(({ streams }) => streams)).toEqual([0, 1]);
    slowMs = 0;
    await ports.advance(2_000);
    expect(client.status.connections.map(({ health }) => health)).toEqual(["good", "good"]);
    // What has a good place stays there.
    expect(client.status.connections.map(({ streams }) => streams)).toEqual([0, 1]);
  });

  it("gives streams back to a connection that returned, when it has stood for a while", async () => {
    const scene = await cluster({ backoff: { minMs: 100, maxMs: 100 } });
    for (const name of ["one", "two", "three", "four"]) read(scene, "any", name);
    await scene.ports.advance(1);
    scene.at("sim://a").cut();
    await scene.ports.advance(1);
    expect(subscribes(scene.at("sim://b"))).toHaveLength(4);
    await scene.ports.advance(1_000);
    expect(scene.client.status.connections.map(({ streams }) => streams)).toEqual([0, 4]);
    await scene.ports.advance(15_000);
    expect(scene.client.status.connections.map(({ streams }) => streams)).toEqual([2, 2]);
    expect(scene.client.statistics).toMatchObject({ gaps: 0, lost: 0 });
  });

  it("goes back to an endpoint that failed when it is there again, before it leaves the other", async () => {
    const { client, server, ports, at } = await cluster({ backoff: { minMs: 100, maxMs: 100 } });
    at("sim://a").cut();
    await ports.advance(1_000);
    expect(client.status.connections.map(({ endpoint }) => endpoint)).toEqual(["sim://b", "sim://b"]);
    await ports.advance(15_000);
    expect(new Set(client.status.connections.map(({ endpoint }) => endpoint))).toEqual(new Set(urls));
    expect(server.peers.filter(({ url, closed }) => url === "sim://b" && closed === undefined)).toHaveLength(1);
    expect(client.status.connections.every(({ state }) => state === "connected")).toBe(true);
  });

  it("cuts off no call when it goes back to an endpoint by itself", async () => {
    const { client, server, ports, at } = await cluster({ backoff: { minMs: 100, maxMs: 100 } });
    at("sim://a").cut();
    await ports.advance(1_000);
    const replies = [1, 2, 3, 4].map((data) => client.call("slow", data, { timeoutMs: 300_000 }));
    await ports.advance(120_000);
    expect(new Set(client.status.connections.map(({ endpoint }) => endpoint))).toEqual(new Set(urls));
    for (const peer of server.peers) {
      for (const { id, payload } of peer.of("call")) peer.send({ type: "result", id, payload });
    }
    await ports.advance(1);
    await expect(Promise.all(replies)).resolves.toEqual([1, 2, 3, 4]);
    expect(client.status.connections).toHaveLength(2);
  });

  it("cuts the connection that it is told to, and no other", async () => {
    const { client, ports, server } = await cluster();
    client.reconnect(2);
    await ports.advance(1);
    expect(server.peers.map(({ closed }) => closed?.code)).toEqual([undefined, 1000, undefined]);
    expect(client.status.connections.map(({ id }) => id)).toEqual([1, 3]);
  });

  it("goes on with one when the service takes no more, and ends for what ends a session", async () => {
    const { client, ports, at } = await cluster({ backoff: { minMs: 20_000, maxMs: 20_000 } });
    at("sim://b").close(4505);
    await ports.advance(1);
    expect(client.status.state).toBe("connected");
    expect(client.status.lastError?.code).toBe("too-many-connections");
    at("sim://a").close(4504);
    await ports.advance(1);
    expect(client.status.state).toBe("closed");
    await ports.advance(60_000);
    expect(ports.pending).toBe(0);
  });

  it("does not become another user's on any of them [CON-9]", async () => {
    const { client, server, ports, at } = await cluster();
    server.welcome = { ...welcome, user: "bob" };
    at("sim://b").cut();
    await ports.advance(1_000);
    expect(client.status).toMatchObject({ state: "closed", lastError: { code: "token-invalid" } });
    expect(at("sim://a").closed?.code).toBe(1000);
  });

  it("stays away with all of them, comes back with all, and leaves nothing behind", async () => {
    const { client, ports, server } = await cluster();
    client.goOffline();
    expect(server.peers.map(({ closed }) => closed?.code)).toEqual([1000, 1000]);
    client.goOnline();
    await ports.advance(1);
    expect(client.status.connections.filter(({ state }) => state === "connected")).toHaveLength(2);
    await client.close();
    await ports.advance(1);
    expect(ports.pending).toBe(0);
  });

  it("pings no more than its heartbeat asks for when it has one connection", async () => {
    const { server, ports } = await connected();
    server.peer.send({ type: "pong", nonce: server.peer.last("ping").nonce });
    await ports.advance(20_000);
    expect(server.peer.of("ping")).toHaveLength(1);
  });
});
