import { describe, expect, it } from "vitest";
import type { ClientFrame } from "@hawser/protocol";
import type { Subscription } from "../../src/channel/subscription.ts";
import type { FakePeer } from "../fake-server.ts";
import { batch, message, subscribed } from "../fake-server.ts";
import { connected, fixture, failureOf } from "../fixture.ts";

/** Grants every subscription where it asks to stand, or at 0. */
const grant = (frame: ClientFrame, peer: FakePeer): void => {
  if (frame.type === "subscribe") {
    const { epoch = 1, offset = 0 } = frame.position ?? {};
    peer.send(subscribed(frame, { epoch: Math.max(epoch, 1), offset }));
  }
};

/** What the subscription tells, in its order. */
function record(subscription: Subscription): unknown[] {
  const log: unknown[] = [];
  subscription.addEventListener("subscribed", ({ resumed }) => log.push(resumed ? "resumed" : "subscribed"));
  subscription.addEventListener("lost", ({ interval }) => log.push(["lost", interval.from, interval.to]));
  subscription.addEventListener("reset", ({ reason }) => log.push(["reset", reason]));
  subscription.addEventListener("invalid", ({ error }) => log.push(["invalid", error.code]));
  subscription.addEventListener("ended", ({ error }) => log.push(["ended", error?.code]));
  return log;
}

function listen(subscription: Subscription): unknown[] {
  const log = record(subscription);
  subscription.addEventListener("message", ({ message: { data } }) => log.push(data));
  return log;
}

describe("a subscription", () => {
  it("asks from where the application says", async () => {
    const { client, server, ports } = await connected();
    client.channel("a").subscribe();
    client.channel("b").subscribe({ from: "earliest" });
    client.channel("c").subscribe({ from: { last: 50 } });
    client.channel("d").subscribe({ from: { epoch: 3, offset: 9 } });
    await ports.advance(1);
    expect(server.peer.of("subscribe").map(({ position, last }) => [position, last])).toEqual([
      [undefined, 0],
      [{ epoch: 0, offset: 0 }, 0],
      [undefined, 50],
      [{ epoch: 3, offset: 9 }, 0],
    ]);
  });

  it("refuses what is no place to start from", async () => {
    const { client } = await connected();
    for (const from of ["then", { last: -1 }, { last: 1.5 }, { epoch: 1 }, { epoch: 1, offset: -1 }, 7, null]) {
      expect(() => client.channel("chat").subscribe({ from: from as never }), JSON.stringify(from)).toThrow(
        expect.objectContaining({ code: "option-invalid" }),
      );
    }
  });

  it("is the only one of its channel, until it is closed", async () => {
    const { client, ports } = await connected();
    const first = client.channel("chat").subscribe();
    expect(() => client.channel("chat").subscribe()).toThrow(expect.objectContaining({ code: "option-invalid" }));
    await first.close();
    await ports.advance(1);
    expect(() => client.channel("chat").subscribe()).not.toThrow();
  });

  it("is read by a for await loop, and closed when the loop is left [SUB-13]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const received of client.channel("chat")) {
        seen.push(received);
        if (seen.length === 2) break;
      }
    })();
    await ports.advance(1);
    server.peer.send(
      batch(0, 3, {
        messages: [message(1, { say: "a" }, { publisher: "bob", key: "k", time: 5 }), message(2), message(3)],
      }),
    );
    await ports.advance(1);
    await reading;
    expect(seen[0]).toEqual({
      data: { say: "a" },
      channel: "chat",
      position: { epoch: 1, offset: 1 },
      publisher: "bob",
      key: "k",
      time: 5,
    });
    expect(seen).toHaveLength(2);
    await ports.advance(1);
    expect(server.peer.last("unsubscribe")).toMatchObject({ number: 7, generation: 1 });
  });

  it("carries bytes, text and JSON as what they are", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    const text = new TextEncoder().encode("hi");
    server.peer.send(
      batch(0, 3, {
        messages: [
          message(1, null, { payload: { kind: "bytes", data: Uint8Array.of(1, 2) } }),
          message(2, null, { payload: { kind: "text", data: text } }),
          message(3, [1, null]),
        ],
      }),
    );
    await ports.advance(1);
    expect(log.slice(1)).toEqual([Uint8Array.of(1, 2), "hi", [1, null]]);
  });

  it("passes over an entry that cannot be carried, and says so", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    server.peer.send(batch(0, 2, { messages: [message(1, null, { payload: undefined }), message(2)] }));
    await ports.advance(1);
    expect(log.slice(1)).toEqual([["invalid", "payload-invalid"], 2]);
  });

  it("resumes from where it stood, tells what was lost in its place, and delivers nothing twice [POS-5]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    server.peer.send(batch(0, 3));
    await ports.advance(1);
    server.answer = (frame, peer) => {
      if (frame.type !== "subscribe") return;
      peer.send(subscribed(frame, { offset: 6, lost: { from: 3, to: 6 }, reset: "trimmed" }), batch(6, 8));
    };
    client.reconnect();
    await ports.advance(1);
    expect(server.peer.last("subscribe")).toMatchObject({ position: { epoch: 1, offset: 3 }, generation: 1 });
    expect(log).toEqual(["subscribed", 1, 2, 3, "resumed", ["lost", 3, 6], 7, 8]);
    expect(client.statistics).toMatchObject({ resumes: 1, lost: 1, resets: 0 });
  });

  it("does not pass a loss before it has told of it, so that whoever stops there is told when he comes back [POS-5]", async () => {
    const { client, server, ports } = await connected();
    const channel = client.channel("chat");
    const subscription = channel.subscribe({ from: { epoch: 1, offset: 2 } });
    subscription.addEventListener("subscribed", () => void subscription.close());
    await ports.advance(1);
    const lost = { from: 2, to: 5 };
    server.peer.send(subscribed(server.peer.last("subscribe"), { offset: 5, end: 5, reset: "trimmed", lost }));
    await ports.advance(1);
    expect(subscription.position).toEqual({ epoch: 1, offset: 2 });

    const again = channel.subscribe({ from: subscription.position! });
    const told: unknown[] = [];
    again.addEventListener("subscribed", ({ position }) => told.push(position));
    again.addEventListener("lost", ({ interval }) => told.push(interval));
    await ports.advance(1);
    server.peer.send(subscribed(server.peer.last("subscribe"), { offset: 5, end: 5, reset: "trimmed", lost }));
    await ports.advance(1);
    expect(told).toEqual([{ epoch: 1, offset: 2 }, lost]);
    expect(again.position).toEqual({ epoch: 1, offset: 5 });
  });

  it("tells of a loss that it meets on the way, between the messages [SUB-9]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    server.peer.send(
      batch(0, 1),
      { type: "reset", number: 7, generation: 1, epoch: 1, offset: 4, lost: { from: 1, to: 4 }, reset: "trimmed" },
      batch(4, 5),
    );
    await ports.advance(1);
    expect(log.slice(1)).toEqual([1, ["lost", 1, 4], 5]);
  });

  it("seeks once when something is missing, and delivers what comes then [SUB-4] [SUB-8]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    server.peer.send(batch(0, 1), batch(2, 3), batch(3, 4));
    await ports.advance(1);
    expect(server.peer.of("seek")).toEqual([{ type: "seek", number: 7, generation: 1, offset: 1 }]);
    server.peer.send(batch(1, 4));
    await ports.advance(1);
    expect(log.slice(1)).toEqual([1, 2, 3, 4]);
    expect(client.statistics.gaps).toBe(1);
  });

  it("seeks again when an idle server is still behind the gap: what it was asked for was lost too [SUB-4]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    server.peer.send(batch(2, 3), batch(3, 4));
    await ports.advance(1);
    expect(server.peer.of("seek")).toHaveLength(1);
    server.peer.send({ ...batch(4, 4), messages: [] });
    await ports.advance(1);
    expect(server.peer.of("seek").map(({ offset }) => offset)).toEqual([0, 0]);
    expect(client.statistics.gaps).toBe(1);
    server.peer.send(batch(0, 4));
    await ports.advance(1);
    expect(log.slice(1)).toEqual([1, 2, 3, 4]);
  });

  it("asks for a new grant when an idle server stands where it is, since what was lost has used credit [SUB-10]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    const idle = { ...batch(1, 1), messages: [] };
    await ports.advance(1);
    server.peer.send(batch(0, 1), idle);
    await ports.advance(1);
    expect(server.peer.of("subscribe")).toHaveLength(1);
    // The server has no credit left to send what it was asked for.
    server.peer.send(batch(2, 3), idle);
    await ports.advance(1);
    const [, again] = server.peer.of("subscribe");
    expect(again).toMatchObject({ generation: 2, position: { epoch: 1, offset: 1 }, credit: 262_144 });
    server.peer.send({ ...batch(1, 3), generation: 2 }, { ...batch(3, 3), generation: 2, messages: [] });
    await ports.advance(1);
    expect(log.filter((item) => typeof item === "number")).toEqual([1, 2, 3]);
    expect(server.peer.of("subscribe")).toHaveLength(2);
  });

  it("gives back a grant that is of no use, also when it is closed before it asks again [SUB-5]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe({ from: { epoch: 1, offset: 5 } });
    await ports.advance(1);
    server.peer.send({
      type: "reset",
      number: 7,
      generation: 1,
      epoch: 0,
      offset: 0,
      reset: "unknown",
      lost: undefined,
    });
    await ports.advance(1);
    expect(server.peer.of("unsubscribe")).toEqual([{ type: "unsubscribe", number: 7, generation: 1 }]);
    await subscription.close();
    expect(server.peer.of("unsubscribe")).toHaveLength(1);
  });

  it("counts its generations for itself, so that all who have the channel get the same bytes [SUB-2]", async () => {
    const { client, server, ports } = await connected();
    for (const name of ["one", "two"]) client.channel(name).subscribe();
    await ports.advance(1);
    const first = client.channel("three").subscribe();
    await ports.advance(1);
    await first.close();
    client.channel("three").subscribe();
    await ports.advance(1);
    const asked = server.peer.of("subscribe").map(({ channel, generation }) => [channel, generation]);
    expect(asked).toEqual([
      ["one", 1],
      ["two", 1],
      ["three", 1],
      ["three", 2],
    ]);
  });

  it("never counts a generation of a channel again, however many channels its connection has had [SUB-2]", async () => {
    const { client, server, ports } = await connected();
    server.answer = (frame, peer) => {
      if (frame.type === "subscribe") peer.send(subscribed(frame));
    };
    const visit = async (channel: string): Promise<void> => {
      const subscription = client.channel(channel).subscribe();
      await ports.advance(0);
      await subscription.close();
    };
    for (let round = 0; round < 50; round += 1) {
      for (let index = 0; index < 100; index += 1) await visit(`c${round * 100 + index}`);
      await visit("often");
      await ports.advance(1);
    }
    for (const early of ["c0", "c4095", "c4999"]) await visit(early);
    await ports.advance(1);
    const last = new Map<string, number>();
    const asked = server.peer.of("subscribe");
    expect(asked).toHaveLength(50 * 101 + 3);
    for (const { channel, generation } of asked) {
      expect(generation).toBeGreaterThan(last.get(channel) ?? 0);
      last.set(channel, generation);
    }
  });

  it("drops a late batch of an old generation, and one under a number that was not bound [SUB-3]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const old = client.channel("chat").subscribe();
    await ports.advance(1);
    await old.close();
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    expect(server.peer.last("subscribe").generation).toBeGreaterThan(1);
    server.peer.send(batch(0, 2, { generation: 1 }), batch(0, 2, { number: 8, generation: 2 }));
    await ports.advance(1);
    expect(log).toEqual(["subscribed"]);
    server.peer.send(batch(0, 2, { generation: 2 }));
    await ports.advance(1);
    expect(log).toEqual(["subscribed", 1, 2]);
  });

  it("takes nothing from a connection that was left [SUB-3]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const log = listen(client.channel("chat").subscribe());
    await ports.advance(1);
    const old = server.peer;
    client.reconnect();
    old.send(batch(0, 2));
    await ports.advance(1);
    old.send(batch(0, 2));
    await ports.advance(1);
    expect(log).toEqual(["subscribed", "resumed"]);
  });

  it("keeps its position over a reload, with the grant that it was given [SUB-11]", async () => {
    const { client, server, ports } = await connected();
    server.answer = (frame, peer) => {
      if (frame.type === "subscribe")
        peer.send(subscribed(frame, { offset: 5, grant: Uint8Array.of(250, 1, 2) }), batch(5, 6));
    };
    const subscription = client.channel("chat").subscribe();
    listen(subscription);
    await ports.advance(1);
    const stored = JSON.parse(JSON.stringify(subscription.position));
    const second = await connected();
    second.client.channel("chat").subscribe({ from: stored });
    await second.ports.advance(1);
    expect(second.server.peer.last("subscribe")).toMatchObject({
      position: { epoch: 1, offset: 6 },
      grant: Uint8Array.of(250, 1, 2),
    });
    client.reconnect();
    await ports.advance(1);
    expect(server.peer.last("subscribe").grant).toEqual(Uint8Array.of(250, 1, 2));
  });

  it("has the position of what was read, not of what was received", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const reader = subscription[Symbol.asyncIterator]();
    expect(subscription.position).toBeUndefined();
    await ports.advance(1);
    server.peer.send({ ...batch(0, 3), to: 9 });
    await ports.advance(1);
    for (const offset of [1, 2, 3]) {
      await reader.next();
      expect(subscription.position).toEqual({ epoch: 1, offset });
    }
    void reader.next();
    await ports.advance(1);
    expect(subscription.position).toEqual({ epoch: 1, offset: 9 });
  });

  it("renews its credit by being read [SUB-10]", async () => {
    const { client, server, ports } = await connected({ windowBytes: 100 });
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const reader = subscription[Symbol.asyncIterator]();
    await ports.advance(1);
    expect(server.peer.last("subscribe").credit).toBe(100);
    server.peer.send(batch(0, 3));
    await ports.advance(1);
    await reader.next();
    await ports.advance(1);
    expect(server.peer.of("credit")).toEqual([]);
    await reader.next();
    await ports.advance(1);
    expect(server.peer.of("credit")).toEqual([{ type: "credit", number: 7, generation: 1, credit: 166 }]);
  });

  it("counts what it drops as read [SUB-10]", async () => {
    const { client, server, ports } = await connected({ windowBytes: 100 });
    server.answer = grant;
    listen(client.channel("chat").subscribe({ from: { epoch: 1, offset: 10 } }));
    await ports.advance(1);
    server.peer.send(batch(0, 3));
    await ports.advance(1);
    expect(server.peer.last("credit").credit).toBe(199);
    expect(client.statistics.duplicatesDropped).toBe(3);
  });

  it("asks on a new connection for no more than there is room for, and not at all while there is none [SUB-10]", async () => {
    const { client, server, ports } = await connected({ windowBytes: 100 });
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const reader = subscription[Symbol.asyncIterator]();
    await ports.advance(1);
    server.peer.send(batch(0, 2));
    await ports.advance(1);
    client.reconnect();
    await ports.advance(1);
    expect(server.peer.last("subscribe")).toMatchObject({ credit: 34, position: { epoch: 1, offset: 2 } });
    server.peer.send(batch(2, 4));
    await ports.advance(1);
    client.reconnect();
    await ports.advance(1);
    expect(server.peer.of("subscribe")).toEqual([]);
    for (let count = 0; count < 3; count += 1) await reader.next();
    await ports.advance(1);
    expect(server.peer.last("subscribe")).toMatchObject({ credit: 67, position: { epoch: 1, offset: 4 } });
    await expect(reader.next()).resolves.toMatchObject({ value: { data: 4 } });
  });

  it("does not stall when everything is read before the new grant is answered [SUB-10]", async () => {
    const { client, server, ports } = await connected({ windowBytes: 100 });
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const reader = subscription[Symbol.asyncIterator]();
    await ports.advance(1);
    server.peer.send(batch(0, 3, { messages: [message(1), message(2), message(3)] }));
    await ports.advance(1);
    await reader.next();
    server.answer = () => {};
    client.reconnect();
    await ports.advance(1);
    const asked = server.peer.last("subscribe");
    expect(asked.credit).toBe(34);
    await reader.next();
    await reader.next();
    server.peer.send(subscribed(asked, { offset: 3 }));
    await ports.advance(1);
    expect(server.peer.last("credit").credit).toBe(100);
  });

  it("ends with its error, behind what came before, when its right is revoked [SUB-12]", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const log = record(subscription);
    const reader = subscription[Symbol.asyncIterator]();
    await ports.advance(1);
    server.peer.send(batch(0, 1), {
      type: "unsubscribed",
      number: 7,
      generation: 1,
      offset: 1,
      code: "forbidden",
      message: "no",
    });
    await ports.advance(1);
    await expect(reader.next()).resolves.toMatchObject({ value: { data: 1 } });
    await expect(reader.next()).rejects.toMatchObject({ code: "forbidden" });
    await expect(reader.next()).resolves.toEqual({ done: true, value: undefined });
    expect(log).toEqual(["subscribed", ["ended", "forbidden"]]);
    client.reconnect();
    await ports.advance(1);
    expect(server.peer.of("subscribe")).toEqual([]);
  });

  it("is refused for good by an error without retry, and asks again after one with it [POS-10]", async () => {
    const { client, server, ports } = await connected();
    const subscription = client.channel("chat").subscribe();
    const log = record(subscription);
    await ports.advance(1);
    const error = { type: "error", message: "", retry: true, retryAfterMs: 2_000, code: "epoch-ahead" } as const;
    server.peer.send({ ...error, id: server.peer.last("subscribe").id });
    await ports.advance(1_900);
    expect(server.peer.of("subscribe")).toHaveLength(1);
    await ports.advance(1_000);
    expect(server.peer.of("subscribe").map(({ generation }) => generation)).toEqual([1, 2]);
    server.peer.send({ ...error, id: server.peer.last("subscribe").id, retry: false, code: "forbidden" });
    await ports.advance(1);
    expect(log).toEqual([["ended", "forbidden"]]);
  });

  it("never follows a log that is older than what it has seen [SUB-5]", async () => {
    const { client, server, ports } = await connected();
    const subscription = client.channel("chat").subscribe({ from: { epoch: 5, offset: 3 } });
    const log = listen(subscription);
    await ports.advance(1);
    server.peer.send(subscribed(server.peer.last("subscribe"), { epoch: 4, offset: 3 }), batch(3, 4, { epoch: 4 }));
    await ports.advance(1_000);
    expect(log).toEqual([]);
    expect(server.peer.last("subscribe")).toMatchObject({ generation: 2, position: { epoch: 5, offset: 3 } });
  });

  it("tells nothing more once it is closed, by a listener too", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const log = listen(subscription);
    subscription.addEventListener("message", () => void subscription.close());
    await ports.advance(1);
    server.peer.send(batch(0, 3));
    await ports.advance(1);
    expect(log).toEqual(["subscribed", 1, ["ended", undefined]]);
  });

  it("ends by its signal, also when that was aborted before", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const abort = new AbortController();
    const reader = client.channel("chat").subscribe({ signal: abort.signal })[Symbol.asyncIterator]();
    await ports.advance(1);
    const next = reader.next();
    abort.abort();
    await expect(next).resolves.toEqual({ done: true, value: undefined });
    await ports.advance(1);
    expect(server.peer.of("unsubscribe")).toHaveLength(1);
    const again = client.channel("chat").subscribe({ signal: abort.signal });
    await expect(again[Symbol.asyncIterator]().next()).resolves.toMatchObject({ done: true });
    await ports.advance(1);
    expect(server.peer.of("subscribe")).toHaveLength(1);
  });

  it("has one reader", async () => {
    const { client } = await connected();
    const subscription = client.channel("chat").subscribe();
    subscription[Symbol.asyncIterator]();
    expect(() => subscription[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("tells events between messages only when the message before them has been worked on", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const log = record(subscription);
    const reader = subscription[Symbol.asyncIterator]();
    await ports.advance(1);
    server.peer.send(
      batch(0, 1),
      { type: "reset", number: 7, generation: 1, epoch: 2, offset: 0, lost: undefined, reset: "unknown" },
      batch(0, 1, { epoch: 2 }),
    );
    await ports.advance(1);
    await reader.next();
    await ports.advance(1);
    expect(log).toEqual(["subscribed"]);
    await reader.next();
    expect(log).toEqual(["subscribed", ["reset", "unknown"]]);
    expect(subscription.position).toEqual({ epoch: 2, offset: 1 });
  });

  it("is one lost interval for a reader who stood still, however often the log was trimmed meanwhile", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const log = record(subscription);
    const reader = subscription[Symbol.asyncIterator]();
    await ports.advance(1);
    server.peer.send(batch(0, 1));
    for (let floor = 2; floor < 500; floor += 1) {
      const lost = { from: floor - 1, to: floor };
      server.peer.send({ type: "reset", number: 7, generation: 1, epoch: 1, offset: floor, lost, reset: "trimmed" });
    }
    await ports.advance(1);
    await reader.next();
    void reader.next();
    await ports.advance(1);
    expect(log).toEqual(["subscribed", ["lost", 1, 499]]);
  });

  it("does not grow with every connection while nobody reads", async () => {
    const { client, server, ports } = await connected();
    server.answer = grant;
    const subscription = client.channel("chat").subscribe();
    const log = record(subscription);
    const reader = subscription[Symbol.asyncIterator]();
    for (let count = 1; count < 50; count += 1) {
      await ports.advance(1);
      server.peer.send({ ...batch(count - 1, count - 1), to: count });
      await ports.advance(1);
      client.reconnect();
    }
    await ports.advance(1);
    void reader.next();
    await ports.advance(1);
    expect(log).toEqual(["subscribed"]);
    expect(subscription.position).toEqual({ epoch: 1, offset: 49 });
  });

  it("ends with the client: quietly when it is closed, with the error when it cannot go on", async () => {
    const one = await connected();
    const reader = one.client.channel("chat").subscribe()[Symbol.asyncIterator]();
    const next = reader.next();
    await one.client.close();
    await expect(next).resolves.toMatchObject({ done: true });

    const other = await connected();
    const failing = other.client.channel("chat").subscribe()[Symbol.asyncIterator]().next();
    other.server.peer.close(4504, "bye");
    const outcome = failureOf(failing);
    await other.ports.advance(1);
    expect(await outcome).toMatchObject({ code: "disconnected" });
  });

  it("of a client that has ended tells its end, to listeners too", async () => {
    const { client } = await connected();
    await client.close();
    const ended = new Promise((resolve) => {
      client
        .channel("chat")
        .subscribe()
        .addEventListener("ended", ({ error }) => resolve(error));
    });
    expect(await ended).toMatchObject({ code: "closed" });
  });

  it("of a client that has ended ends at once", async () => {
    const { client } = await connected();
    await client.close();
    const reader = client.channel("chat").subscribe()[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toMatchObject({ code: "closed" });
    await expect(reader.next()).resolves.toMatchObject({ done: true });
  });

  it("subscribes to the inbox of whoever the user is [SUB-14]", async () => {
    const { client, server, ports } = await connected();
    client.inbox.subscribe();
    await ports.advance(1);
    expect(server.peer.last("subscribe").channel).toBe("$inbox");
  });

  it("refuses a name that is no channel's", () => {
    const { client } = fixture();
    for (const name of ["", "a..b", "a b", "chat.*", "x".repeat(256)]) {
      expect(() => client.channel(name)).toThrow(expect.objectContaining({ code: "channel-invalid" }));
    }
  });
});
