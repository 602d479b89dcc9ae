import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import type { Publication } from "../../src/outbox/publication.ts";
import type { FakePeer } from "../fake-server.ts";
import { dataOf } from "../fake-server.ts";
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

const statesOf = (publications: readonly Publication[]): string =>
  publications.map(({ state, error }) => (error === undefined ? state : `${state}:${error.code}`)).join(" ");

describe("an outbox that is full, with `wait`", () => {
  it("lets a publish wait for room, and takes it in when there is some", async () => {
    const { client, server, ports } = await connected({ outbox: { maxMessages: 1, overflow: "wait" } });
    const channel = client.channel("chat");
    const publications = [channel.publish(1), channel.publish(2), channel.publish(3)];
    const admitted: number[] = [];
    for (const [index, publication] of publications.entries())
      void publication.admitted.then(() => admitted.push(index));
    await ports.advance(1);
    expect(client.status.outbox).toMatchObject({ waiting: 2, queued: 0, sent: 1 });
    expect([admitted, statesOf(publications)]).toEqual([[0], "sent queued queued"]);
    accept(server.peer.last("publish"), server.peer);
    await ports.advance(1);
    expect([admitted, statesOf(publications)]).toEqual([[0, 1], "accepted sent queued"]);
    accept(server.peer.last("publish"), server.peer);
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual([1, 2, 3]);
    expect(client.status.outbox).toMatchObject({ waiting: 0, sent: 1 });
  });

  it("holds `maxWaiting` in line, and rejects one more", async () => {
    const { client } = fixture({ outbox: { maxMessages: 1, maxWaiting: 2, overflow: "wait" } });
    const channel = client.channel("chat");
    const publications = [1, 2, 3, 4].map((number) => channel.publish(number));
    expect(statesOf(publications)).toBe("queued queued queued rejected:outbox-full");
    await publications[3]!.admitted;
  });

  it("holds `maxBytes` in line once more, and rejects one byte more", async () => {
    const { client } = fixture({ outbox: { maxBytes: 10, overflow: "wait" } });
    const publications = [10, 10, 1].map((bytes) => client.channel("chat").publish(new Uint8Array(bytes)));
    expect(statesOf(publications)).toBe("queued queued rejected:outbox-full");
    expect(client.status.outbox).toMatchObject({ waiting: 1, queued: 1, bytes: 20 });
    // There will never be room for it.
    expect(client.channel("other").publish(new Uint8Array(11)).error).toMatchObject({ code: "outbox-full" });
  });

  it("serves the line first come, first served: a small one does not overtake a large one", async () => {
    const { client, server, ports } = await connected({ outbox: { maxBytes: 10, overflow: "wait" } });
    server.answer = accept;
    client.channel("a").publish(new Uint8Array(6));
    client.channel("b").publish(new Uint8Array(8));
    const small = client.channel("c").publish(new Uint8Array(2));
    const refused = client.channel("d").publish(new Uint8Array(1), { overflow: "reject" });
    expect(client.status.outbox).toMatchObject({ waiting: 2, queued: 1 });
    expect(refused.error).toMatchObject({ code: "outbox-full" });
    await ports.advance(1);
    expect(small.state).toBe("accepted");
    expect(server.peer.of("publish").map(({ channel }) => channel)).toEqual(["a", "b", "c"]);
  });

  it("keeps room for the first in line until there is enough, although a later one would fit", () => {
    const { client } = fixture({ outbox: { maxBytes: 10, overflow: "wait" } });
    const abort = new AbortController();
    client.channel("a").publish(new Uint8Array(5), { signal: abort.signal });
    client.channel("b").publish(new Uint8Array(5));
    client.channel("c").publish(new Uint8Array(8));
    client.channel("d").publish(new Uint8Array(2));
    abort.abort();
    expect(client.status.outbox).toMatchObject({ waiting: 2, queued: 1 });
  });

  it("cancels one that waits, and those behind it move up [PUB-12]", async () => {
    const { client } = fixture({ outbox: { maxMessages: 1, overflow: "wait" } });
    const abort = new AbortController();
    const channel = client.channel("chat");
    const first = channel.publish(1, { signal: abort.signal });
    const waits = channel.publish(2, { signal: abort.signal });
    const last = channel.publish(3);
    abort.abort();
    expect(statesOf([first, waits, last])).toBe("cancelled:cancelled cancelled:cancelled queued");
    expect(client.status.outbox).toMatchObject({ waiting: 0, queued: 1 });
    await Promise.all([waits.admitted, last.admitted]);
  });

  it("waits on close for those in line too, and ends the rest", async () => {
    const { client, server, ports } = await connected({
      outbox: { maxMessages: 1, overflow: "wait" },
      closeTimeoutMs: 10,
    });
    const publications = [1, 2, 3].map((number) => client.channel("chat").publish(number));
    await ports.advance(1);
    const closing = client.close();
    accept(server.peer.last("publish"), server.peer);
    await ports.advance(20);
    await closing;
    expect(statesOf(publications)).toBe("accepted unknown:outcome-unknown cancelled:closed");
    await publications[2]!.admitted;
  });
});

describe("an outbox that is full, with `drop-oldest`", () => {
  it("drops the oldest of the channel that was never sent, and none of another [PUB-12]", () => {
    const { client } = fixture({ outbox: { maxMessages: 3, overflow: "drop-oldest" } });
    const other = client.channel("other").publish(0);
    const [one, two, three] = [1, 2, 3].map((number) => client.channel("chat").publish(number));
    expect(statesOf([other, one!, two!, three!])).toBe("queued rejected:outbox-full queued queued");
    expect(client.status.outbox).toMatchObject({ queued: 3 });
  });

  it("never drops what was sent, and is rejected when there is nothing else [PUB-12]", async () => {
    const { client, ports } = await connected({ outbox: { maxMessages: 1, overflow: "drop-oldest" } });
    const channel = client.channel("chat");
    const sent = channel.publish(1);
    await ports.advance(1);
    expect(statesOf([sent, channel.publish(2)])).toBe("sent rejected:outbox-full");
    client.goOffline();
    expect(statesOf([sent, channel.publish(3)])).toBe("sent rejected:outbox-full");
  });

  it("drops as many as make room, and none when that would not be enough", () => {
    const { client } = fixture({ outbox: { maxBytes: 10, overflow: "drop-oldest" } });
    const publish = (bytes: number): Publication => client.channel("chat").publish(new Uint8Array(bytes));
    const first = [4, 4, 2].map(publish);
    const tooLarge = publish(11);
    expect(statesOf([...first, tooLarge])).toBe("queued queued queued rejected:outbox-full");
    const fits = publish(5);
    expect(statesOf([...first, fits])).toBe("rejected:outbox-full rejected:outbox-full queued queued");
    expect(client.status.outbox.bytes).toBe(7);
  });

  it("waits behind one of its channel that waits, so that the order is kept", async () => {
    const { client, server, ports } = fixture({ outbox: { maxMessages: 1 } });
    server.answer = accept;
    const channel = client.channel("chat");
    const publications = [
      channel.publish(1),
      channel.publish(2, { overflow: "wait" }),
      channel.publish(3, { overflow: "drop-oldest" }),
      channel.publish(4, { overflow: "reject" }),
    ];
    expect(statesOf(publications)).toBe("queued queued queued rejected:outbox-full");
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual([1, 2, 3]);
  });

  it("holds its bounds when a listener publishes as it is told that its message was dropped", () => {
    const { client } = fixture({ outbox: { maxMessages: 2, overflow: "drop-oldest" } });
    const channel = client.channel("chat");
    const first = channel.publish(1);
    const again: Publication[] = [];
    first.addEventListener("state", () => again.push(channel.publish("again")));
    const [second, third] = [channel.publish(2), channel.publish(3)];
    expect(statesOf([first, second, third, ...again])).toBe("rejected:outbox-full rejected:outbox-full queued queued");
    expect(client.status.outbox).toMatchObject({ queued: 2 });
  });
});

describe("how the outbox is bounded", () => {
  it("is said for the client, and for one publish", () => {
    const { client } = fixture({ outbox: { maxMessages: 1, overflow: "drop-oldest" } });
    const channel = client.channel("chat");
    const publications = [channel.publish(1), channel.publish(2, { overflow: "reject" })];
    expect(statesOf(publications)).toBe("queued rejected:outbox-full");
  });

  it("ends a publish with an option that is none as rejected", () => {
    const { client } = fixture();
    const channel = client.channel("chat");
    for (const options of [
      { overflow: "block" as "wait" },
      { ttlMs: 0 },
      { ttlMs: 1.5 },
      { ttlMs: Infinity },
      { supersede: true },
      { supersede: true, key: "" },
    ])
      expect(channel.publish(1, options)).toMatchObject({ state: "rejected", error: { code: "option-invalid" } });
  });

  it("tells how many wait, are queued and were sent, and since when", async () => {
    const { client, ports } = await connected({ outbox: { maxMessages: 2, maxInFlight: 1, overflow: "wait" } });
    const since = ports.clock.now();
    client.channel("chat").publish(new Uint8Array(3));
    await ports.advance(10);
    client.channel("chat").publish(new Uint8Array(4));
    client.channel("other").publish(new Uint8Array(5));
    expect(client.status.outbox).toEqual({ waiting: 1, queued: 1, sent: 1, bytes: 12, since });
  });
});
