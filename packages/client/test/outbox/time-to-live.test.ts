import { describe, expect, it } from "vitest";
import { dataOf } from "../fake-server.ts";
import { connected, fixture } from "../fixture.ts";

describe("a publish with a time to live", () => {
  it("expires when it was not sent within that time", async () => {
    const { client, server, ports } = fixture();
    client.goOffline();
    const publication = client.channel("chat").publish("a", { ttlMs: 1_000 });
    await ports.advance(999);
    expect(publication.state).toBe("queued");
    await ports.advance(1);
    expect(publication.state).toBe("expired");
    await expect(publication).rejects.toMatchObject({ code: "expired", retry: false });
    expect(client.status.outbox).toMatchObject({ queued: 0, bytes: 0 });
    client.goOnline();
    await ports.advance(10);
    expect(server.peer.of("publish")).toEqual([]);
  });

  it("does not expire once it was sent, however long the answer takes, and over however many connections [PUB-12]", async () => {
    const { client, server, ports } = await connected();
    const publication = client.channel("chat").publish("a", { ttlMs: 1_000 });
    await ports.advance(1);
    client.goOffline();
    await ports.advance(10_000);
    expect(publication.state).toBe("sent");
    client.goOnline();
    await ports.advance(10);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["a"]);
  });

  it("leaves no timer behind when it was sent, or has ended", async () => {
    const { client, ports } = await connected();
    const before = ports.pending;
    const abort = new AbortController();
    client.channel("chat").publish("sent", { ttlMs: 100_000 });
    await ports.advance(1);
    client.channel("chat").publish("cancelled", { ttlMs: 100_000, signal: abort.signal });
    abort.abort();
    await ports.advance(1);
    expect(ports.pending).toBeLessThanOrEqual(before);
  });

  it("is not sent when its time has passed while the machine slept, and its timer with it", async () => {
    const { client, server, ports } = fixture();
    client.goOffline();
    const channel = client.channel("chat");
    const publications = [channel.publish("old", { ttlMs: 60_000 }), channel.publish("new", { ttlMs: 3_600_000 })];
    const wake = ports.clock.now() + 60_000;
    ports.clock.now = () => wake;
    client.goOnline();
    await ports.advance(10);
    expect(publications.map(({ state }) => state)).toEqual(["expired", "sent"]);
    expect(server.peers.flatMap((peer) => peer.of("publish")).map(dataOf)).toEqual(["new"]);
  });

  it("expires while it waits for room, and lets those behind it go on", async () => {
    const { client, server, ports } = await connected({ outbox: { maxMessages: 1, overflow: "wait" } });
    const channel = client.channel("chat");
    channel.publish("first");
    const waits = channel.publish("waits", { ttlMs: 10 });
    channel.publish("behind");
    await ports.advance(20);
    expect(waits.state).toBe("expired");
    await waits.admitted;
    server.peer.send({
      type: "published",
      id: server.peer.last("publish").id,
      position: undefined,
      duplicate: false,
      following: 0,
    });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["first", "behind"]);
  });
});
