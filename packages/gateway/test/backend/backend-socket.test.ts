import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Bench } from "./support.ts";

describe("a socket to an HTTP back end", () => {
  it("is opened by an event that tells who it is for", async () => {
    const bench = new Bench();
    const connecting = bench.connecting({ protocols: ["chat.v2", "chat.v1"], session: "s1", claims: { admin: true } });
    const posted = await bench.one();
    expect(posted.event).toMatchObject({
      type: "socket.connect",
      timestamp: "2026-01-01T00:00:00.000Z",
      pool: "app",
      user: "ann",
      path: "/orders",
      protocols: ["chat.v2", "chat.v1"],
      session: "s1",
      address: "10.0.0.9",
      claims: { admin: true },
    });
    posted.json({ protocol: "chat.v1" });
    const socket = await connecting;
    expect(socket.protocol).toBe("chat.v1");
    expect(posted.event["socket"]).toBe(socket.id);
  });

  it("gives its client what the answer to connect holds, once somebody listens", async () => {
    const bench = new Bench();
    const opened = await bench.open({ messages: [{ text: "welcome" }, { binary: "AQI=" }] });
    await bench.ports.settle();
    expect(opened.got).toEqual(["welcome", Uint8Array.of(1, 2)]);
  });

  it("has one event under way, and puts what comes meanwhile in the next", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    for (const text of ["1", "2", "3"]) opened.say(text);
    const first = await bench.one();
    expect(first.event["messages"]).toEqual([{ number: 1, text: "1" }]);
    first.json([{ text: "one" }]);
    const second = await bench.one();
    expect(second.event["messages"]).toEqual([
      { number: 2, text: "2" },
      { number: 3, text: "3" },
    ]);
    expect(opened.written).toBe(1);
    second.answer();
    await bench.ports.settle();
    expect(opened.written).toBe(3);
    expect(opened.got).toEqual(["one"]);
  });

  it("puts at most maxBatchMessages and maxBatchBytes in an event", async () => {
    const bench = new Bench({ limits: { maxBatchMessages: 2, maxBatchBytes: 10 } });
    const opened = await bench.open();
    for (const text of ["0", "1", "2", "3", "four four", "5", "sixteen bytes...", "7"]) opened.say(text);
    const batches: unknown[] = [];
    for (let [posted] = await bench.next(); posted !== undefined; [posted] = await bench.next()) {
      batches.push((posted.event["messages"] as { text: string }[]).map(({ text }) => text));
      posted.answer();
    }
    expect(batches).toEqual([["0"], ["1", "2"], ["3", "four four"], ["5"], ["sixteen bytes..."], ["7"]]);
  });

  it("sends each message as a body of its own where the format is raw, its kind in the signed id", async () => {
    const bench = new Bench({ format: "raw" });
    const opened = await bench.open();
    opened.socket.send(Uint8Array.of(0, 255), false, true, () => {});
    opened.say("hello");
    const binary = await bench.one();
    expect(binary.id).toBe(`${opened.socket.id}_1_binary`);
    expect(binary.request.headers["content-type"]).toBe("application/octet-stream");
    expect(binary.request.body).toEqual(Uint8Array.of(0, 255));
    binary.answer({ contentType: "text/plain; charset=utf-8", body: Buffer.from("ok") });
    const text = await bench.one();
    expect(text.id).toBe(`${opened.socket.id}_2_text`);
    text.answer({ contentType: "application/octet-stream", body: Uint8Array.of(9) });
    await bench.ports.settle();
    expect(opened.got).toEqual(["ok", Uint8Array.of(9)]);
  });

  it("joins the pieces of a message, and lets each in but the last before it is delivered", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    const written: string[] = [];
    opened.socket.send(Buffer.from("hel"), true, false, () => written.push("first"));
    opened.socket.send(Buffer.from("lo"), true, true, () => written.push("last"));
    const posted = await bench.one();
    expect(posted.event["messages"]).toEqual([{ number: 1, text: "hello" }]);
    expect(written).toEqual(["first"]);
    posted.answer();
    await bench.ports.settle();
    expect(written).toEqual(["first", "last"]);
  });

  it("keeps of a message in pieces, however small they are, little more than its bytes", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    const before = heapBytes();
    // As they come: each a view of what was received with it.
    for (let sent = 0; sent < 500_000; sent += 1)
      opened.socket.send(new Uint8Array(64).subarray(0, 1), false, false, () => {});
    expect(heapBytes() - before).toBeLessThan(8 * 1_048_576);
    opened.socket.send(Uint8Array.of(7), false, true, () => {});
    const { event } = await bench.one();
    const [{ binary }] = event["messages"] as [{ binary: string }];
    const bytes = Buffer.from(binary, "base64");
    expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([500_001, 0, 7]);
  });

  it("takes a message of maxMessageBytes, and is closed with 1009 by one past it", async () => {
    const bench = new Bench({ limits: { maxMessageBytes: 4 } });
    const opened = await bench.open();
    opened.say("four");
    (await bench.one()).answer();
    opened.say("five!");
    expect(opened.got).toEqual([[1009, "A message has at most 4 bytes."]]);
    expect((await bench.one()).event).toMatchObject({ type: "socket.disconnect", code: 1009, by: "gateway" });
  });

  it("tells each event the state that the last answer gave", async () => {
    const bench = new Bench();
    const opened = await bench.open({ state: { room: 1 } });
    opened.say("a");
    const first = await bench.one();
    expect(first.event["state"]).toEqual({ room: 1 });
    first.json({ state: { room: 2 } });
    await bench.ports.settle();
    opened.say("b");
    const second = await bench.one();
    expect(second.event["state"]).toEqual({ room: 2 });
    second.json({});
    await bench.ports.settle();
    opened.socket.close(1000, "");
    expect((await bench.one()).event["state"]).toEqual({ room: 2 });
  });

  it("delivers what a client said before it closed, then closes, then tells the back end", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.say("last words");
    opened.socket.close(3001, "bye");
    const posted = await bench.one();
    expect(opened.got).toEqual([]);
    posted.json([{ text: "heard" }]);
    const end = await bench.one();
    expect(opened.got).toEqual(["heard", [3001, "bye"]]);
    expect(end.event).toMatchObject({ type: "socket.disconnect", code: 3001, reason: "bye", by: "client" });
    expect(end.id).toBe(`${opened.socket.id}_2_disconnect`);
  });

  it("closes after closeTimeoutMs although the back end has not answered, which is told all the same", async () => {
    const bench = new Bench({ limits: { closeTimeoutMs: 100 } });
    const opened = await bench.open();
    opened.say("slow");
    opened.socket.close(undefined, "");
    const posted = await bench.one();
    await bench.ports.advance(99);
    expect(opened.got).toEqual([]);
    await bench.ports.advance(1);
    expect(opened.got).toEqual([[1005, ""]]);
    posted.json([{ text: "too late" }]);
    expect((await bench.one()).event).toMatchObject({ type: "socket.disconnect", code: 1005 });
    expect(opened.got).toHaveLength(1);
  });

  it("is closed by the back end behind the messages that stand before the close", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.say("1");
    opened.say("2");
    (await bench.one()).json([{ text: "one" }, { close: { code: 4001, reason: "enough" } }]);
    const end = await bench.one();
    expect(opened.got).toEqual(["one", [4001, "enough"]]);
    expect(end.event).toMatchObject({ type: "socket.disconnect", code: 4001, by: "back-end" });
  });

  it("sends no event while its client has not read the answers to the last", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.socket.pause();
    opened.say("1");
    opened.say("2");
    (await bench.one()).json([{ text: "one" }]);
    expect(await bench.next()).toEqual([]);
    expect(opened.got).toEqual([]);
    opened.socket.resume();
    expect(opened.got).toEqual(["one"]);
    expect((await bench.one()).event["messages"]).toEqual([{ number: 2, text: "2" }]);
  });

  it("is told as lost when its client was, with what it said before", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.say("1");
    opened.say("2");
    opened.socket.terminate();
    (await bench.one()).answer();
    (await bench.one()).answer();
    expect((await bench.one()).event).toMatchObject({ type: "socket.disconnect", code: 1006, by: "client" });
    expect(opened.got).toEqual([[1006, ""]]);
  });
});

describe("a push", () => {
  it("reaches a client that said nothing, and one that is gone is told", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    const push = (): string =>
      bench.backends.push(opened.socket.id, [{ kind: "message", data: Buffer.from("news"), text: true }]);
    expect(push()).toBe("taken");
    expect(opened.got).toEqual(["news"]);
    opened.socket.terminate();
    expect(push()).toBe("gone");
    expect(bench.backends.push("none", [])).toBe("gone");
  });

  it("is taken up to maxQueuedBytes for a client that does not read, and refused past it", async () => {
    const bench = new Bench({ limits: { maxQueuedBytes: 200 } });
    const opened = await bench.open();
    opened.socket.pause();
    const push = (bytes: number): string =>
      bench.backends.push(opened.socket.id, [{ kind: "message", data: new Uint8Array(bytes), text: false }]);
    expect(push(36)).toBe("taken");
    expect(push(36)).toBe("taken");
    expect(push(1)).toBe("full");
    opened.socket.resume();
    expect(push(1)).toBe("taken");
  });
});

/** What is in use, garbage left out. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
