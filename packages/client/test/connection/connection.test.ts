import { describe, expect, it } from "vitest";
import { protobufCodec } from "@hawser/protocol";
import { batch, welcome } from "../fake-server.ts";
import { connected, fixture } from "../fixture.ts";

describe("a connection", () => {
  it("says connect first, with the token and the session, and nothing before the transport is open [CON-1]", async () => {
    const { client, server, ports } = fixture({ token: "secret", agent: "test" });
    server.opens = false;
    await ports.advance(1);
    expect(server.peer.received).toEqual([]);
    server.peer.open("hawser.v1");
    await ports.advance(1);
    expect(server.peer.received[0]).toEqual({
      type: "connect",
      token: "secret",
      session: client.status.session,
      agent: "test",
    });
    expect(client.status.session).toMatch(/^[0-9a-f]{32}$/);
  });

  it("is given up when it does not stand within its time", async () => {
    const { client, server, ports } = fixture({ connectTimeoutMs: 3_000 });
    server.welcome = undefined;
    await ports.advance(2_999);
    expect(client.status.state).toBe("connecting");
    await ports.advance(1);
    expect(client.status).toMatchObject({ state: "waiting", lastError: { code: "connection-lost", retry: true } });
    expect(server.peer.closed?.code).toBe(4008);
  });

  it("puts the frames of one turn into one message, and never more than the server takes [WIRE-5] [WIRE-8]", async () => {
    const { client, server, ports } = fixture();
    server.welcome = { ...welcome, maxMessageBytes: 1_000 };
    await ports.advance(1);
    for (let count = 0; count < 3; count += 1) client.channel("chat").publish("x".repeat(400));
    await ports.advance(1);
    expect(server.peer.messages.slice(-2)).toEqual([2, 1]);
    expect(server.peer.of("publish").map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it("measures its round trip when it stands, and tells it", async () => {
    const { client, server, ports } = await connected();
    const told: unknown[] = [];
    client.addEventListener("status", ({ status }) => told.push(status.connections[0]?.roundTripMs));
    const ping = server.peer.last("ping");
    await ports.advance(20);
    server.peer.send({ type: "pong", nonce: ping.nonce + 100 }, { type: "pong", nonce: ping.nonce });
    await ports.advance(1);
    expect(told).toEqual([21]);
  });

  it("answers a ping at once, with its nonce [CON-10]", async () => {
    const { server, ports } = await connected();
    server.peer.send({ type: "ping", nonce: 77 });
    await ports.advance(0);
    expect(server.peer.last("pong")).toEqual({ type: "pong", nonce: 77 });
  });

  it("asks when it has heard nothing for an interval, and is dead when nothing comes within another [CON-11]", async () => {
    const { client, server, ports } = await connected();
    server.peer.send({ type: "pong", nonce: server.peer.last("ping").nonce });
    await ports.advance(24_000);
    expect(server.peer.of("ping")).toHaveLength(1);
    await ports.advance(2_000);
    expect(server.peer.of("ping")).toHaveLength(2);
    server.peer.alive = false;
    await ports.advance(22_000);
    expect(client.status.state).toBe("connected");
    await ports.advance(2_100);
    expect(client.status.state).not.toBe("connected");
    expect(server.peers[0]!.closed?.code).toBe(4001);
  });

  it("is found dead within five seconds by whoever asks, however often [CON-11]", async () => {
    const { client, server, ports } = await connected();
    server.peer.send({ type: "pong", nonce: server.peer.last("ping").nonce });
    await ports.advance(1);
    server.peer.alive = false;
    for (let count = 0; count < 6; count += 1) {
      client.probe();
      await ports.advance(1_000);
    }
    expect(client.status.lastError?.code).toBe("connection-lost");
    expect(server.peers[0]!.closed?.code).toBe(4001);
  });

  it("takes anything that comes for a sign of life [CON-11]", async () => {
    const { client, server, ports } = await connected();
    server.peer.send({ type: "pong", nonce: server.peer.last("ping").nonce });
    for (let count = 0; count < 10; count += 1) {
      await ports.advance(20_000);
      server.peer.send(batch(0, 1));
    }
    await ports.advance(1);
    expect(server.peer.of("ping")).toHaveLength(1);
    expect(client.status.state).toBe("connected");
  });

  it("closes with 4501 on bytes that are not frames, and does not come back [WIRE-3]", async () => {
    const { client, server, ports } = await connected();
    server.peer.sendBytes(Uint8Array.of(5, 1));
    await ports.advance(1);
    expect(server.peer.closed?.code).toBe(4501);
    expect(client.status).toMatchObject({ state: "closed", lastError: { code: "frame-malformed" } });
  });

  it("closes with 4500 on a frame that only a client sends, before and after connected [CON-13]", async () => {
    const { client, server, ports } = await connected();
    server.peer.sendBytes(protobufCodec.encode({ type: "cancel", id: 1 }));
    await ports.advance(1);
    expect(server.peer.closed?.code).toBe(4500);
    expect(client.status.state).toBe("closed");
  });

  it("closes with 4500 when the server sends something before connected, or connected twice [CON-3]", async () => {
    const early = fixture();
    early.server.welcome = undefined;
    await early.ports.advance(1);
    early.server.peer.send(batch(0, 1));
    await early.ports.advance(1);
    expect(early.server.peer.closed?.code).toBe(4500);
    const twice = await connected();
    twice.server.peer.send(welcome);
    await twice.ports.advance(1);
    expect(twice.server.peer.closed?.code).toBe(4500);
  });

  it("closes when the server chose another subprotocol", async () => {
    const { server, ports } = fixture();
    server.opens = false;
    await ports.advance(1);
    server.peer.open("");
    await ports.advance(1);
    expect(server.peer.closed?.code).toBe(4500);
  });

  it("handles nothing behind the frame that ended it [WIRE-8]", async () => {
    const { client, server, ports } = await connected();
    const seen: unknown[] = [];
    const subscription = client.channel("chat").subscribe({ from: { epoch: 1, offset: 0 } });
    subscription.addEventListener("message", ({ message }) => seen.push(message.data));
    await ports.advance(1);
    const { id } = server.peer.last("subscribe");
    const frame = { type: "subscribed", id, number: 7, generation: 1, epoch: 1, offset: 0, end: 0 } as const;
    server.peer.send(
      { ...frame, lost: undefined, reset: "", grant: new Uint8Array(0) },
      batch(0, 1),
      welcome,
      batch(1, 2),
    );
    await ports.advance(1);
    expect(seen).toEqual([1]);
  });

  it("ends by a close frame as by a transport's close [TCP-5]", async () => {
    const { client, server, ports } = await connected();
    server.peer.send({ type: "close", code: 4504, reason: "Away with you." });
    await ports.advance(1);
    expect(client.status).toMatchObject({ state: "closed", lastError: { code: "disconnected" } });
    const other = await connected();
    other.server.peer.send({ type: "close", code: 4000, reason: "" });
    await other.ports.advance(5_000);
    expect(other.client.status.state).toBe("connected");
    expect(other.server.peers).toHaveLength(2);
  });

  it("counts what goes over it, and the client adds up what went over all", async () => {
    const { client, server, ports } = await connected();
    client.channel("chat").publish("a");
    await ports.advance(1);
    server.peer.send(batch(0, 3));
    await ports.advance(1);
    const [connection] = client.status.connections;
    expect(connection).toMatchObject({
      id: 1,
      endpoint: "sim://node-1",
      state: "connected",
      messagesIn: 3,
      messagesOut: 1,
    });
    client.reconnect();
    await ports.advance(1);
    expect(client.status.connections).toHaveLength(1);
    expect(client.status.connections[0]).toMatchObject({ id: 2, messagesIn: 0, messagesOut: 1 });
    expect(client.statistics).toMatchObject({ connects: 2, messagesIn: 3, messagesOut: 2 });
    expect(client.statistics.bytesIn).toBeGreaterThan(connection!.bytesIn);
  });
});
