import { HawserError } from "@hawser/protocol";
import type { ClientFrame, PublishFrame, RejectedFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { FakePeer } from "../fake-server.ts";
import { dataOf, welcome } from "../fake-server.ts";
import { connected, fixture } from "../fixture.ts";

const accept = (frame: ClientFrame, peer: FakePeer): void => {
  if (frame.type === "publish")
    peer.send({
      type: "published",
      id: frame.id,
      position: { epoch: 1, offset: frame.sequence },
      duplicate: false,
      following: 0,
    });
};

const rejected = (to: PublishFrame, code: string, rest: Partial<RejectedFrame> = {}): RejectedFrame => {
  return { type: "rejected", id: to.id, code, message: code, retry: false, retryAfterMs: 0, last: 0, ...rest };
};

const numbers = (frame: PublishFrame): unknown[] => [dataOf(frame), frame.sequence, frame.previous];

describe("the outbox", () => {
  it("queues while there is no connection, and sends in order when there is", async () => {
    const { client, server, ports } = fixture();
    server.answer = accept;
    const channel = client.channel("chat");
    const publications = [channel.publish("a"), channel.publish("b")];
    expect(publications.map(({ state }) => state)).toEqual(["queued", "queued"]);
    expect(client.status.outbox).toMatchObject({ queued: 2, sent: 0 });
    await ports.advance(1);
    expect(server.peer.of("publish").map(numbers)).toEqual([
      ["a", 1, 0],
      ["b", 2, 1],
    ]);
    expect(publications.map(({ state }) => state)).toEqual(["accepted", "accepted"]);
    expect(client.status.outbox).toEqual({ waiting: 0, queued: 0, sent: 0, bytes: 0, since: undefined });
  });

  it("names one producer of 16 bytes in all channels, and counts in each for itself [PUB-8]", async () => {
    const { client, server, ports } = await connected();
    client.channel("one").publish(1);
    client.channel("two").publish(2);
    await ports.advance(1);
    const [one, two] = server.peer.of("publish");
    expect(one!.producer).toHaveLength(16);
    expect(two!.producer).toEqual(one!.producer);
    expect([one!.sequence, two!.sequence]).toEqual([1, 1]);
  });

  it("tells each state of a publish as it comes", async () => {
    const { client, server, ports } = await connected();
    const publication = client.channel("chat").publish("a");
    const states: string[] = [publication.state];
    publication.addEventListener("state", ({ state }) => states.push(state));
    await ports.advance(1);
    server.peer.send({
      type: "published",
      id: server.peer.last("publish").id,
      position: undefined,
      duplicate: true,
      following: 0,
    });
    await ports.advance(1);
    expect(states).toEqual(["queued", "sent", "accepted"]);
    await expect(publication).resolves.toEqual({ position: undefined, duplicate: true });
  });

  it("sends what is unanswered again over the next connection, as it was, ahead of anything new [PUB-11]", async () => {
    const { client, server, ports } = await connected();
    const channel = client.channel("chat");
    channel.publish("a");
    channel.publish("b");
    await ports.advance(1);
    const first = server.peer.of("publish");
    server.peer.cut();
    await ports.advance(1);
    channel.publish("c");
    await ports.advance(1_000);
    const again = server.peer.of("publish");
    expect(again.map(numbers)).toEqual([
      ["a", 1, 0],
      ["b", 2, 1],
      ["c", 3, 2],
    ]);
    expect(again[0]!.producer).toEqual(first[0]!.producer);
  });

  it("is told a rejection with its code, and goes on with the next [PUB-10]", async () => {
    const { client, server, ports } = await connected();
    const channel = client.channel("chat");
    const bad = channel.publish("bad");
    const good = channel.publish("good");
    await ports.advance(1);
    const [first, second] = server.peer.of("publish");
    server.peer.send(rejected(first!, "payload-invalid"), rejected(second!, "out-of-order", { retry: true, last: 0 }));
    server.answer = accept;
    await ports.advance(1);
    await expect(bad).rejects.toMatchObject({ code: "payload-invalid" });
    expect(bad.state).toBe("rejected");
    expect(good.state).toBe("accepted");
    expect(numbers(server.peer.last("publish"))).toEqual(["good", 2, 0]);
  });

  it("waits as long as the server says before it sends again, and holds that channel back, not another [PUB-9]", async () => {
    const { client, server, ports } = await connected();
    client.channel("chat").publish("a");
    await ports.advance(1);
    server.peer.send(rejected(server.peer.last("publish"), "rate-limited", { retry: true, retryAfterMs: 10_000 }));
    await ports.advance(1);
    client.channel("chat").publish("b");
    client.channel("other").publish("x");
    await ports.advance(9_990);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["a", "x"]);
    await ports.advance(1_000);
    expect(server.peer.of("publish").map(numbers)).toEqual([
      ["a", 1, 0],
      ["x", 1, 0],
      ["a", 1, 0],
      ["b", 2, 1],
    ]);
  });

  it("does not spin when a log keeps saying that it is out of order", async () => {
    const { client, server, ports } = await connected();
    server.answer = (frame, peer) => {
      if (frame.type === "publish") peer.send(rejected(frame, "out-of-order", { retry: true, last: 0 }));
    };
    client.channel("chat").publish("a");
    await ports.advance(60_000);
    expect(server.peer.of("publish").length).toBeGreaterThan(2);
    expect(server.peer.of("publish").length).toBeLessThan(20);
  });

  it("ends as unknown what was under way when the log forgot the producer, and goes on with another [PUB-4]", async () => {
    const { client, server, ports } = await connected();
    const channel = client.channel("chat");
    server.answer = accept;
    await ports.advance(1);
    channel.publish("a");
    await ports.advance(1);
    server.answer = () => {};
    const lost = channel.publish("b");
    await ports.advance(1);
    client.goOffline();
    const later = channel.publish("c");
    await ports.advance(1);
    server.answer = (frame, peer) => {
      if (frame.type === "publish" && frame.previous > 0 && frame.sequence > 1) {
        peer.send(rejected(frame, "producer-unknown"));
      } else accept(frame, peer);
    };
    client.goOnline();
    await ports.advance(1_000);
    expect(lost.state).toBe("unknown");
    await expect(lost).rejects.toMatchObject({ code: "outcome-unknown" });
    expect(later.state).toBe("accepted");
    expect(numbers(server.peer.last("publish"))).toEqual(["c", 1, 0]);
    expect(server.peer.last("publish").producer).not.toEqual(server.peer.of("publish")[0]!.producer);
  });

  it("does not send again what a log may have taken and forgotten: its outcome is unknown", async () => {
    const { client, server, ports } = await connected({ outbox: { resendWithinMs: 60_000 } });
    const publication = client.channel("chat").publish("a");
    await ports.advance(1);
    client.goOffline();
    await ports.advance(60_001);
    client.goOnline();
    await ports.advance(1);
    expect(publication.state).toBe("unknown");
    expect(server.peer.of("publish")).toEqual([]);
  });

  it("stops sending again before the server's shortest window ends [PUB-13]", async () => {
    for (const [awayMs, state] of [
      [40_000, "sent"],
      [50_000, "unknown"],
    ] as const) {
      const { client, server, ports } = fixture();
      server.welcome = { ...welcome, deduplicateMs: 60_000 };
      await ports.advance(1);
      const publication = client.channel("chat").publish("a");
      await ports.advance(1);
      expect(publication.state).toBe("sent");
      client.goOffline();
      await ports.advance(awayMs);
      client.goOnline();
      await ports.advance(1);
      expect(publication.state).toBe(state);
    }
  });

  it("rejects what is above its bound of messages, and takes more when there is room", async () => {
    const { client, server, ports } = await connected({ outbox: { maxMessages: 2 } });
    const channel = client.channel("chat");
    const publications = [channel.publish(1), channel.publish(2), channel.publish(3)];
    expect(publications.map(({ state }) => state === "rejected")).toEqual([false, false, true]);
    await expect(publications[2]).rejects.toMatchObject({ code: "outbox-full", retry: true });
    await ports.advance(1);
    for (const frame of server.peer.of("publish")) accept(frame, server.peer);
    await ports.advance(1);
    expect(channel.publish(4).state).not.toBe("rejected");
  });

  it("rejects what is above its bound of bytes", async () => {
    const { client } = await connected({ outbox: { maxBytes: 10 } });
    const channel = client.channel("chat");
    expect(channel.publish(new Uint8Array(10)).state).not.toBe("rejected");
    expect(channel.publish(new Uint8Array(1)).state).toBe("rejected");
  });

  it("has no more than its window under way at once", async () => {
    const { client, server, ports } = await connected({ outbox: { maxInFlight: 3 } });
    for (let count = 0; count < 10; count += 1) client.channel(`chat.${count % 2}`).publish(count);
    await ports.advance(1);
    expect(server.peer.of("publish")).toHaveLength(3);
    accept(server.peer.last("publish"), server.peer);
    await ports.advance(1);
    expect(server.peer.of("publish")).toHaveLength(4);
  });

  it("has no more under way when a listener publishes as it is told that something was sent", async () => {
    const { client, server, ports } = fixture({ outbox: { maxInFlight: 3 } });
    const sent = (count: number): void => {
      if (count > 0)
        client
          .channel(`chat.${count}`)
          .publish(count)
          .addEventListener("state", () => sent(count - 1));
    };
    for (const name of ["a", "b", "c"]) {
      const channel = client.channel(name);
      for (let count = 0; count < 3; count += 1) channel.publish(count).addEventListener("state", () => sent(5));
    }
    await ports.advance(1);
    expect(server.peer.of("publish")).toHaveLength(3);
  });

  it("never has more requests in flight than the server takes [CON-15]", async () => {
    const { client, server, ports } = fixture();
    server.welcome = { ...welcome, maxRequests: 2 };
    for (let count = 0; count < 5; count += 1) client.channel("chat").publish(count);
    await ports.advance(1);
    expect(server.peer.of("publish")).toHaveLength(2);
    server.answer = accept;
    for (const frame of server.peer.of("publish")) accept(frame, server.peer);
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual([0, 1, 2, 3, 4]);
  });

  it("cancels what was not sent, and nothing that was [PUB-12]", async () => {
    const { client, server, ports } = fixture();
    const abort = new AbortController();
    const queued = client.channel("chat").publish("a", { signal: abort.signal });
    abort.abort();
    expect(queued.state).toBe("cancelled");
    await expect(queued).rejects.toMatchObject({ code: "cancelled" });
    await ports.advance(1);
    expect(server.peer.of("publish")).toEqual([]);

    const late = new AbortController();
    const sent = client.channel("chat").publish("b", { signal: late.signal });
    await ports.advance(1);
    late.abort();
    expect(sent.state).toBe("sent");
    accept(server.peer.last("publish"), server.peer);
    await ports.advance(1);
    expect(sent.state).toBe("accepted");
  });

  it("does not end as cancelled what was sent once, although no log has it [PUB-12]", async () => {
    const { client, server, ports } = await connected({ outbox: { maxInFlight: 1 } });
    server.answer = accept;
    const channel = client.channel("chat");
    await Promise.all([channel.publish("first"), ports.advance(1)]);
    server.answer = () => {};
    client.channel("other").publish("ahead");
    const sent = channel.publish("sent");
    await ports.advance(1);
    accept(server.peer.last("publish"), server.peer);
    await ports.advance(1);
    client.channel("other").publish("takes the turn");
    channel.publish("behind");
    server.peer.send(rejected(server.peer.last("publish"), "producer-unknown"));
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["first", "ahead", "sent", "takes the turn"]);
    client.goOffline();
    await client.close();
    expect(sent).toMatchObject({ state: "rejected", error: { code: "closed" } });
  });

  it("sends bytes as they were when they were published", async () => {
    const { client, server, ports } = fixture();
    const bytes = Buffer.from("before");
    client.channel("chat").publish(bytes);
    bytes.write("behind");
    await ports.advance(1);
    expect(Buffer.from(server.peer.last("publish").payload.data).toString()).toBe("before");
  });

  it("rejects a message that the server cannot take, and goes on", async () => {
    const { client, server, ports } = fixture();
    server.welcome = { ...welcome, maxMessageBytes: 1_000 };
    server.answer = accept;
    const large = client.channel("chat").publish("x".repeat(2_000));
    const small = client.channel("chat").publish("y");
    await ports.advance(1_000);
    expect(large.error).toMatchObject({ code: "message-too-large" });
    expect(small.state).toBe("accepted");
  });

  it("rejects what JSON cannot say, and a key that is too long, without sending anything", async () => {
    const { client, server, ports } = await connected();
    expect(client.channel("chat").publish(() => {}).error).toMatchObject({ code: "payload-invalid" });
    expect(client.channel("chat").publish(1, { key: "k".repeat(256) }).error).toMatchObject({
      code: "payload-invalid",
    });
    expect(client.channel("chat").publish(1, { key: "k".repeat(255) }).error).toBeUndefined();
    await ports.advance(1);
    expect(server.peer.of("publish")).toHaveLength(1);
  });

  it("disturbs nobody with a failure that nobody awaits", async () => {
    const { client, ports } = await connected();
    client.channel("chat").publish(undefined);
    await ports.advance(1);
    expect(client.status.state).toBe("connected");
  });

  it("forgets the numbering of idle channels, and never uses a number of theirs again [PUB-8]", async () => {
    const { client, server, ports } = await connected();
    server.answer = accept;
    for (let count = 0; count <= 1_000; count += 1) {
      client.channel(`chat.${count}`).publish(count);
      if (count % 100 === 0) await ports.advance(1);
    }
    client.channel("chat.0").publish("again");
    await ports.advance(1);
    const [first, again] = server.peer.of("publish").filter(({ channel }) => channel === "chat.0");
    expect(again).toMatchObject({ sequence: 1, previous: 0 });
    expect(again!.producer).not.toEqual(first!.producer);
  });

  it("waits on close for what was sent, and ends the rest: sent ones unknown, others cancelled [PUB-12]", async () => {
    const { client, ports } = await connected({ outbox: { maxInFlight: 1 }, closeTimeoutMs: 1_000 });
    const sent = client.channel("chat").publish("a");
    const queued = client.channel("chat").publish("b");
    await ports.advance(1);
    let closed = false;
    void client.close().then(() => (closed = true));
    await ports.advance(999);
    expect(closed).toBe(false);
    await ports.advance(1);
    expect(closed).toBe(true);
    expect([sent.state, queued.state]).toEqual(["unknown", "cancelled"]);
    expect(client.channel("chat").publish("c").error).toMatchObject({ code: "closed" });
    expect(sent.error).toBeInstanceOf(HawserError);
  });
});
