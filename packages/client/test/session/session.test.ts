import { describe, expect, it } from "vitest";
import { HawserError } from "@hawser/protocol";
import type { PageLifeHandlers } from "../../src/page-life/page-life.ts";
import { batch, subscribed, welcome } from "../fake-server.ts";
import { connected, fixture, failureOf } from "../fixture.ts";

const move = { type: "move", deadlineMs: 10_000, delayMs: 500, endpoints: [], reason: "deploy" } as const;

describe("a session", () => {
  it("tells its states as they come, with the connections that they have", async () => {
    const { client, server, ports } = fixture();
    const states: string[] = [];
    client.addEventListener("status", ({ status }) => {
      if (states.at(-1) !== status.state) states.push(status.state);
    });
    expect(client.status).toMatchObject({ state: "connecting", connections: [] });
    await ports.advance(1);
    server.peer.cut();
    await ports.advance(1);
    expect(client.status.connections).toMatchObject([
      { id: 1, state: "closed", lastError: { code: "connection-lost" } },
    ]);
    expect(client.status.until).toBeGreaterThan(client.status.since - 1);
    await ports.advance(500);
    client.goOffline();
    await client.close();
    expect(states).toEqual(["connecting", "connected", "waiting", "connecting", "connected", "offline", "closed"]);
  });

  it("knows whom the server took it for, and its connection, when it says that it is connected", async () => {
    const { client, ports } = fixture();
    const told: unknown[] = [];
    client.addEventListener("status", ({ status: { state, user, connections } }) => {
      if (state === "connected") told.push([user, connections[0]?.node]);
    });
    await ports.advance(1);
    expect(told[0]).toEqual(["ann", "node-1"]);
  });

  it("keeps its identity over connections", async () => {
    const { server, ports, client } = await connected();
    client.reconnect();
    await ports.advance(1);
    const [one, two] = server.peers.map((peer) => peer.last("connect").session);
    expect(one).toBe(two);
  });

  it("waits longer with each failure, and little again after a connection that has lasted", async () => {
    const { client, server, ports } = fixture({ backoff: { minMs: 1_000, maxMs: 8_000 } });
    server.opens = false;
    const bounds: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      await ports.advance(1);
      server.peer.cut();
      await ports.advance(1);
      bounds.push(client.status.until! - client.status.since);
      await ports.advance(8_000);
    }
    for (const [index, waited] of bounds.entries())
      expect(waited).toBeLessThanOrEqual(Math.min(8_000, 1_000 * 2 ** index));
    expect(Math.max(...bounds)).toBeGreaterThan(1_000);
    server.peer.open("hawser.v1");
    await ports.advance(6_000);
    server.peer.cut();
    await ports.advance(1);
    expect(client.status.until! - client.status.since).toBeLessThanOrEqual(1_000);
  });

  it("goes from one endpoint to the next when one fails", async () => {
    const { server, ports } = fixture({ url: ["sim://a", "sim://b"] });
    server.opens = false;
    for (let count = 0; count < 3; count += 1) {
      await ports.advance(1);
      server.peer.cut();
      await ports.advance(10_000);
    }
    expect(server.peers.map(({ url }) => url)).toEqual(["sim://a", "sim://b", "sim://a", "sim://b"]);
  });

  it("waits as long as the server says before it comes back", async () => {
    const { client, server, ports } = fixture({ backoff: { minMs: 1, maxMs: 1 } });
    server.welcome = undefined;
    await ports.advance(1);
    server.peer.send({ type: "error", id: 0, code: "overloaded", message: "later", retry: true, retryAfterMs: 20_000 });
    server.peer.close(4005);
    await ports.advance(19_990);
    expect(server.peers).toHaveLength(1);
    expect(client.status.lastError).toMatchObject({ code: "overloaded", message: "later" });
    await ports.advance(20);
    expect(server.peers).toHaveLength(2);
  });

  it("comes back after close codes of 4000 to 4499 and after a break, and not after the others [CON-6]", async () => {
    for (const code of [1001, 1006, 1011, 4000, 4002, 4006, 4499]) {
      const { client, server, ports } = await connected();
      server.peer.close(code);
      await ports.advance(1);
      expect(client.status.state, String(code)).toBe("waiting");
    }
    for (const [code, meaning] of [
      [1000, "disconnected"],
      [1008, "disconnected"],
      [1009, "message-too-large"],
      [4500, "frame-unexpected"],
      [4501, "frame-malformed"],
      [4503, "token-invalid"],
      [4504, "disconnected"],
      [4505, "too-many-connections"],
      [4999, "disconnected"],
    ] as const) {
      const { client, server, ports } = await connected();
      const errors: string[] = [];
      client.addEventListener("error", ({ error }) => errors.push(error.code));
      server.peer.close(code);
      await ports.advance(60_000);
      expect(client.status.state, String(code)).toBe("closed");
      expect(errors).toEqual([meaning]);
      expect(server.peers).toHaveLength(1);
      expect(client.channel("chat").publish(1).error?.code).toBe(meaning);
    }
  });

  it("fetches a token anew for each connection", async () => {
    let count = 0;
    const { client, server, ports } = await connected({ token: () => Promise.resolve(`token-${(count += 1)}`) });
    client.reconnect();
    await ports.advance(1);
    expect(server.peers.map((peer) => peer.last("connect").token)).toEqual(["token-1", "token-2"]);
  });

  it("tries again when no token could be fetched", async () => {
    let fails = true;
    const token = () => {
      if (fails) throw new Error("down");
      return "token";
    };
    const { client, ports } = await connected({ token });
    expect(client.status).toMatchObject({ state: "waiting", lastError: { code: "token-invalid", retry: true } });
    fails = false;
    await ports.advance(1_000);
    expect(client.status.state).toBe("connected");
  });

  it("tries again when the token function does not answer in the time to connect", async () => {
    let asked = 0;
    const token = () => ((asked += 1) === 1 ? new Promise<string>(() => {}) : "token");
    const { client, ports } = await connected({ token, connectTimeoutMs: 3_000 });
    await ports.advance(2_998);
    expect(client.status.state).toBe("connecting");
    await ports.advance(1);
    expect(client.status).toMatchObject({ state: "waiting", lastError: { code: "token-invalid", retry: true } });
    await ports.advance(1_000);
    expect(client.status.state).toBe("connected");
    client.reconnect();
    await client.close();
    expect(ports.pending).toBe(0);
  });

  it("ends when the token function gives something else than a string", async () => {
    const { client } = await connected({ token: () => null as unknown as string });
    expect(client.status).toMatchObject({ state: "closed", lastError: { code: "token-invalid", retry: false } });
  });

  it("does not become another user's [CON-9]", async () => {
    const { client, server, ports } = await connected();
    const publication = client.channel("chat").publish("as ann");
    await ports.advance(1);
    server.welcome = { ...welcome, user: "bob" };
    client.reconnect();
    await ports.advance(1);
    expect(client.status).toMatchObject({ state: "closed", user: "ann", lastError: { code: "token-invalid" } });
    expect(server.peer.of("publish")).toEqual([]);
    expect(publication.state).toBe("unknown");
    expect(server.peer.closed?.code).toBe(1000);
  });

  it("ends when the token function says that there will be none", async () => {
    const token = () => Promise.reject(new HawserError("token-invalid", "logged out"));
    const { client, server } = await connected({ token });
    expect(client.status).toMatchObject({ state: "closed", lastError: { message: "logged out" } });
    expect(server.peers).toEqual([]);
  });

  it("leaves nothing behind when it is closed in the middle of a move", async () => {
    const { client, server, ports } = await connected();
    const failure = failureOf(client.call("slow", null));
    await ports.advance(1);
    server.peer.send({ ...move, deadlineMs: 3_600_000 });
    await ports.advance(600);
    await client.close();
    expect(await failure).toMatchObject({ code: "outcome-unknown" });
    await ports.advance(1);
    expect(server.peers.map(({ closed }) => closed?.code)).toEqual([1000, 1000]);
    expect(ports.pending).toBe(0);
  });

  it("brings a fresh token before the old one expires, again and again [CON-7] [CON-8]", async () => {
    let count = 0;
    const { server, ports } = fixture({ token: () => `token-${(count += 1)}` });
    server.welcome = { ...welcome, expiresInMs: 100_000 };
    server.answer = (frame, peer) => {
      if (frame.type === "authenticate") peer.send({ type: "authenticated", id: frame.id, expiresInMs: 50_000 });
      if (frame.type === "ping") peer.send({ type: "pong", nonce: frame.nonce });
    };
    await ports.advance(79_000);
    expect(server.peer.of("authenticate")).toEqual([]);
    await ports.advance(2_000);
    expect(server.peer.of("authenticate").map(({ token }) => token)).toEqual(["token-2"]);
    await ports.advance(40_000);
    expect(server.peer.of("authenticate").map(({ token }) => token)).toEqual(["token-2", "token-3"]);
    expect(server.peers).toHaveLength(1);
  });

  it("brings a fresh token again later when the server could not tell whether it is one [CON-8]", async () => {
    let count = 0;
    const { server, ports } = fixture({ token: () => `token-${(count += 1)}` });
    server.welcome = { ...welcome, expiresInMs: 100_000 };
    const error = { type: "error", code: "internal", message: "Try again.", retry: true, retryAfterMs: 0 } as const;
    server.answer = (frame, peer) => {
      if (frame.type === "authenticate") peer.send({ ...error, id: frame.id });
      if (frame.type === "ping") peer.send({ type: "pong", nonce: frame.nonce });
    };
    await ports.advance(81_000);
    expect(server.peer.of("authenticate").map(({ token }) => token)).toEqual(["token-2"]);
    await ports.advance(5_000);
    expect(server.peer.of("authenticate").map(({ token }) => token)).toEqual(["token-2", "token-3"]);
    expect(server.peers).toHaveLength(1);
  });

  it("connects again with a fresh token when the old one expired [CON-7]", async () => {
    const { client, server, ports } = await connected({ token: () => "token" });
    server.peer.send({ type: "error", id: 0, code: "token-expired", message: "", retry: true, retryAfterMs: 0 });
    server.peer.close(4006);
    await ports.advance(1);
    expect(client.status.lastError?.code).toBe("token-expired");
    await ports.advance(1_000);
    expect(client.status.state).toBe("connected");
  });

  it("moves before it breaks: the new connection stands before the old one is left [CON-12]", async () => {
    const { client, server, ports } = await connected({ url: ["sim://a", "sim://b"] });
    server.answer = (frame, peer) => {
      if (frame.type === "subscribe") peer.send(subscribed(frame, { offset: frame.position?.offset ?? 0 }));
    };
    const seen: unknown[] = [];
    client
      .channel("chat")
      .subscribe()
      .addEventListener("message", ({ message }) => seen.push(message.data));
    await ports.advance(1);
    const old = server.peer;
    old.send(move);
    await ports.advance(499);
    expect(server.peers).toHaveLength(1);
    server.opens = false;
    await ports.advance(10);
    expect(server.peer.url).toBe("sim://b");
    old.send(batch(0, 1));
    await ports.advance(1);
    expect(seen).toEqual([1]);
    expect(client.status.state).toBe("connected");
    server.peer.open("hawser.v1");
    await ports.advance(1);
    expect(old.closed?.code).toBe(1000);
    server.peer.send(batch(1, 2));
    await ports.advance(1);
    expect(seen).toEqual([1, 2]);
    expect(client.status.connections.map(({ endpoint }) => endpoint)).toEqual(["sim://b"]);
  });

  it("leaves no call behind when it moves: the old connection stays until it is answered [CON-12]", async () => {
    const { client, server, ports } = await connected();
    const reply = client.call("slow", null);
    await ports.advance(1);
    const old = server.peer;
    old.send(move);
    await ports.advance(600);
    expect(server.peers).toHaveLength(2);
    expect(old.closed).toBeUndefined();
    expect(client.status.connections).toHaveLength(2);
    const data = new TextEncoder().encode("42");
    old.send({ type: "result", id: old.last("call").id, payload: { kind: "json", data } });
    await ports.advance(1);
    await expect(reply).resolves.toBe(42);
    expect(old.closed?.code).toBe(1000);
  });

  it("leaves the old connection at the server's deadline, whatever is unanswered [CON-12]", async () => {
    const { client, server, ports } = await connected();
    const reply = client.call("slow", null);
    const outcome = failureOf(reply);
    await ports.advance(1);
    server.peer.send(move);
    await ports.advance(10_010);
    expect(server.peers[0]!.closed?.code).toBe(1000);
    expect(await outcome).toMatchObject({ code: "outcome-unknown" });
  });

  it("goes where the server says, but never to another scheme than its own", async () => {
    const { server, ports } = await connected({ url: "sims://a" });
    server.peer.send({ ...move, endpoints: ["sim://evil", "sims://b"] });
    await ports.advance(1_000);
    expect(server.peers.map(({ url }) => url)).toEqual(["sims://a", "sims://b"]);
  });

  it("goes on with the connection that takes over when the old one ends first", async () => {
    const { client, server, ports } = await connected();
    const old = server.peer;
    server.opens = false;
    old.send({ ...move, delayMs: 0 });
    await ports.advance(1);
    expect(server.peers).toHaveLength(2);
    old.close(4000);
    await ports.advance(1);
    expect(client.status.state).toBe("connecting");
    server.peer.open("hawser.v1");
    await ports.advance(1);
    expect(client.status.state).toBe("connected");
    expect(server.peers).toHaveLength(2);
  });

  it("tries again to move when the new connection fails, and serves on the old one meanwhile", async () => {
    const { client, server, ports } = await connected();
    server.opens = false;
    server.peer.send({ ...move, delayMs: 0 });
    await ports.advance(1);
    server.peer.cut();
    server.opens = true;
    await ports.advance(1);
    expect(client.status.state).toBe("connected");
    await ports.advance(1_000);
    expect(server.peers).toHaveLength(3);
    expect(server.peers[0]!.closed?.code).toBe(1000);
    expect(client.status.state).toBe("connected");
  });

  it("stays away when it is told to, and comes back when it is told to", async () => {
    const { client, server, ports } = await connected();
    client.goOffline();
    expect(server.peer.closed?.code).toBe(1000);
    await ports.advance(600_000);
    expect(client.status.state).toBe("offline");
    expect(server.peers).toHaveLength(1);
    client.goOnline();
    await ports.advance(1);
    expect(client.status.state).toBe("connected");
  });

  it("does not connect when it was closed or sent away while a token was fetched", async () => {
    let give: (token: string) => void = () => {};
    const { client, server, ports } = fixture({ token: () => new Promise<string>((resolve) => (give = resolve)) });
    await ports.advance(1);
    client.goOffline();
    give("late");
    await ports.advance(1);
    expect(server.peers).toEqual([]);
  });

  it("comes back at once when the network does, and looks whether a connection still lives", async () => {
    let page: PageLifeHandlers | undefined;
    const pageLife = {
      listen: (handlers: PageLifeHandlers) => {
        page = handlers;
        return () => (page = undefined);
      },
    };
    const { client, server, ports } = await connected({ pageLife, backoff: { minMs: 20_000, maxMs: 20_000 } });
    server.peer.cut();
    await ports.advance(1);
    expect(client.status.state).toBe("waiting");
    page!.online();
    await ports.advance(1);
    expect(client.status.state).toBe("connected");

    server.peer.send({ type: "pong", nonce: server.peer.last("ping").nonce });
    await ports.advance(1);
    server.peer.alive = false;
    page!.offline();
    await ports.advance(5_001);
    expect(client.status.state).toBe("waiting");
    await client.close();
    expect(page).toBeUndefined();
  });

  it("does not come back from close, and leaves no timer behind", async () => {
    const { client, server, ports } = await connected();
    await client.close();
    await ports.advance(100);
    client.reconnect();
    client.goOnline();
    client.goOffline();
    await ports.advance(100_000);
    expect(client.status.state).toBe("closed");
    expect(server.peers).toHaveLength(1);
    expect(ports.pending).toBe(0);
  });

  it("may be closed by a listener, in the middle of anything", async () => {
    for (const at of ["connecting", "connected", "waiting"]) {
      const { client, server, ports } = fixture();
      client.addEventListener("status", ({ status }) => {
        if (status.state === at) client.goOffline();
      });
      const publication = client.channel("chat").publish(1);
      await ports.advance(1);
      if (at === "waiting") server.peer.cut();
      if (at === "connecting") client.reconnect();
      await ports.advance(1);
      expect(client.status.state).toBe("offline");
      await client.close();
      expect(publication.state).toMatch(/unknown|cancelled/);
      await ports.advance(100_000);
      expect(ports.pending).toBe(0);
    }
  });

  it("ends when the connector says that the address is none", async () => {
    const connector = {
      name: "broken",
      connect: () => {
        throw new HawserError("option-invalid", "no such scheme");
      },
    };
    const { client, ports } = fixture({ connector });
    await ports.advance(1);
    expect(client.status).toMatchObject({ state: "closed", lastError: { code: "option-invalid" } });
  });
});
