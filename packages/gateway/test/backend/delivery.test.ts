import { createHmac } from "node:crypto";
import type { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { AnswerTooLarge } from "../../src/backend/http-post.ts";
import { Bench, secret } from "./support.ts";

/** The code that opening failed with. */
async function outcomeOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return "open";
  } catch (error) {
    const { code, retry } = error as HawserError;
    return retry ? `${code}, retry` : code;
  }
}

describe("an event for an HTTP back end", () => {
  it("is signed as Standard Webhooks says, by every secret, and anew for each attempt", async () => {
    const other = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    const bench = new Bench({ secret: [secret, other] });
    void bench.connecting().catch(() => {});
    const signatures: string[] = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { request, id, answer } = await bench.one();
      const timestamp = request.headers["webhook-timestamp"] ?? "";
      const expected = [7, 9].map((byte, index) =>
        createHmac("sha256", Buffer.alloc(index === 0 ? 32 : 24, byte))
          .update(`${id}.${timestamp}.${Buffer.from(request.body).toString()}`)
          .digest("base64"),
      );
      expect(request.headers["webhook-signature"]).toBe(expected.map((one) => `v1,${one}`).join(" "));
      signatures.push(`${id} ${timestamp}`);
      answer({ status: 503, retryAfter: "5" });
      await bench.ports.advance(5_000);
    }
    const [first = "", second = ""] = signatures.map((one) => one.split(" "));
    expect(second[0]).toBe(first[0]);
    expect(Number(second[1])).toBe(Number(first[1]) + 5);
  });

  it.each([500, 503, 408, 425, 429])("is sent again with the same id and body after HTTP status %i", async (status) => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.say("1");
    const first = await bench.one();
    first.answer({ status });
    await bench.ports.advance(250);
    const second = await bench.one();
    expect([second.id, second.request.body]).toEqual([first.id, first.request.body]);
    second.json([{ text: "one" }]);
    await bench.ports.settle();
    expect(opened.got).toEqual(["one"]);
  });

  it("is sent again when the connection broke, and when no answer came in time", async () => {
    const bench = new Bench({ limits: { requestTimeoutMs: 1_000 } });
    const opened = await bench.open();
    opened.say("1");
    (await bench.one()).fail("ECONNRESET");
    await bench.ports.advance(250);
    await bench.one();
    await bench.ports.advance(999 + 500);
    expect(await bench.next()).toHaveLength(1);
  });

  it("is given up without a word to the client of where the back end is", async () => {
    const bench = new Bench({ limits: { maxAttempts: 1 } });
    const opened = await bench.open();
    opened.say("1");
    (await bench.one()).fail("connect ECONNREFUSED 10.0.0.5:80");
    await bench.ports.settle();
    expect(opened.got).toEqual([[1013, "The back end did not take a message: it was not reached"]]);
  });

  it("is given up after maxAttempts, and the socket closed with 1013", async () => {
    const bench = new Bench({ limits: { maxAttempts: 3 } });
    const opened = await bench.open();
    opened.say("1");
    opened.say("never sent");
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(opened.got).toEqual([]);
      (await bench.one()).answer({ status: 502 });
      await bench.ports.advance(attempt < 2 ? 10_000 : 0);
    }
    expect(opened.got).toEqual([[1013, "The back end did not take a message: it answered with HTTP status 502"]]);
    expect((await bench.one()).event).toMatchObject({ type: "socket.disconnect", code: 1013, by: "gateway" });
  });

  it("is counted: requests by status, how long they took, and events that were not taken", async () => {
    const bench = new Bench({ limits: { maxAttempts: 2 } });
    const opened = await bench.open();
    const figures = (): object => bench.backends.get("app")!.figures;
    expect(figures()).toMatchObject({ open: 1, requests: { 200: 1 }, failures: 0, duration: { count: 1 } });
    opened.say("1");
    await bench.next();
    await bench.ports.advance(15_000);
    await bench.ports.advance(250);
    (await bench.one()).answer({ status: 503 });
    await bench.ports.settle();
    expect(figures()).toMatchObject({ open: 0, requests: { 0: 1, 200: 1, 503: 1 }, failures: 1 });
    const { count, atMost } = bench.backends.get("app")!.figures.duration;
    // All, those within 10 s, and those within 1 s.
    expect([count, atMost[12], atMost[9]]).toEqual([3, 2, 2]);
  });

  it("is not sent again when the back end does not want it: the socket is closed with 1011", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.say("1");
    (await bench.one()).answer({ status: 422 });
    await bench.ports.settle();
    expect(opened.got).toEqual([[1011, "The back end did not take a message: it answered with HTTP status 422"]]);
  });

  it("is not sent again when its answer has more than maxAnswerBytes: the socket is closed with 1011", async () => {
    const bench = new Bench({ limits: { maxAnswerBytes: 10 } });
    const opened = await bench.open();
    opened.say("1");
    (await bench.one()).reject(new AnswerTooLarge(10));
    await bench.ports.settle();
    expect(opened.got).toEqual([[1011, "The back end did not take a message: the answer has more than 10 bytes"]]);
  });

  it.each([
    ["seconds", "7", 7_000],
    ["a date", "Thu, 01 Jan 2026 00:00:07 GMT", 7_000],
    ["a date that has passed", "Thu, 01 Jan 2026 00:00:00 GMT", 0],
    ["what nobody reads", "soon", 0],
  ])("is sent again when Retry-After says, in %s", async (_, retryAfter, afterMs) => {
    const bench = new Bench({ limits: { retryMinMs: 1, retryMaxMs: 10_000 } });
    const opened = await bench.open();
    opened.say("1");
    (await bench.one()).answer({ status: 503, retryAfter });
    await bench.ports.settle();
    if (afterMs > 0) await bench.ports.advance(afterMs - 10);
    expect(await bench.next()).toHaveLength(0);
    await bench.ports.advance(20);
    expect(await bench.next()).toHaveLength(1);
  });

  it("is answered by nothing that is no answer: the socket is closed with 1011", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    opened.say("1");
    (await bench.one()).json({ mesages: [] });
    await bench.ports.settle();
    expect(opened.got).toEqual([
      [
        1011,
        'The back end did not take a message: The answer has a member "mesages"; known are messages, state, protocol.',
      ],
    ]);
  });

  it("waits while maxRequests others are under way, and then goes in their order", async () => {
    const bench = new Bench({ limits: { maxRequests: 2 } });
    const sockets = [await bench.open(), await bench.open(), await bench.open(), await bench.open()];
    for (const [index, opened] of sockets.entries()) opened.say(String(index));
    const [first, second, ...others] = await bench.next();
    expect(others).toEqual([]);
    second?.answer();
    const third = await bench.one();
    first?.answer();
    const fourth = await bench.one();
    expect([third, fourth].map(({ event }) => event["socket"])).toEqual([sockets[2]?.socket.id, sockets[3]?.socket.id]);
  });
});

describe("opening a socket to an HTTP back end", () => {
  it("is refused by any status from 300 to 499", async () => {
    const bench = new Bench();
    const outcome = outcomeOf(bench.connecting());
    (await bench.one()).answer({ status: 403 });
    expect(await outcome).toBe("upstream-refused");
    expect(await bench.next()).toEqual([]);
  });

  it("is tried maxConnectAttempts times, and what was perhaps taken is taken back", async () => {
    const bench = new Bench();
    const outcome = outcomeOf(bench.connecting());
    (await bench.one()).answer({ status: 500 });
    await bench.ports.advance(250);
    (await bench.one()).answer({ status: 500 });
    expect(await outcome).toBe("upstream-unavailable, retry");
    expect((await bench.one()).event).toMatchObject({ type: "socket.disconnect", code: 1006, by: "client" });
  });

  it("ends when the client goes away, and what was perhaps taken is taken back", async () => {
    const bench = new Bench();
    const wish = new AbortController();
    const outcome = outcomeOf(bench.connecting({}, wish.signal));
    const connect = await bench.one();
    wish.abort();
    expect(await outcome).toBe("upstream-unavailable, retry");
    const end = await bench.one();
    expect(end.event).toMatchObject({ type: "socket.disconnect", socket: connect.event["socket"] });
  });

  it("is refused when the back end chooses a subprotocol that was not offered", async () => {
    const bench = new Bench();
    const outcome = outcomeOf(bench.connecting({ protocols: ["a"] }));
    (await bench.one()).json({ protocol: "b" });
    expect(await outcome).toBe("upstream-refused");
    expect((await bench.one()).event).toMatchObject({ type: "socket.disconnect" });
  });

  it("succeeds for maxSockets sockets, and fails for one more until one ends", async () => {
    const bench = new Bench({ limits: { maxSockets: 2 } });
    await bench.open();
    const second = await bench.open();
    await expect(bench.connecting()).rejects.toMatchObject({ code: "upstream-unavailable", retry: true });
    second.socket.terminate();
    (await bench.one()).answer();
    await bench.ports.settle();
    await bench.open();
  });

  it("counts sockets that have ended until the back end knows, so that what they said last cannot pile up", async () => {
    const bench = new Bench({ limits: { maxSockets: 1 } });
    const { socket } = await bench.open();
    socket.send(Buffer.from("last words"), true, true, () => {});
    const words = await bench.one();
    socket.terminate();
    await expect(bench.connecting()).rejects.toMatchObject({ code: "upstream-unavailable" });
    words.answer();
    const end = await bench.one();
    await expect(bench.connecting()).rejects.toMatchObject({ code: "upstream-unavailable" });
    end.answer();
    await bench.ports.settle();
    await bench.open();
  });

  it("counts what is taken back until the back end knows", async () => {
    const bench = new Bench({ limits: { maxSockets: 1 } });
    const outcome = outcomeOf(bench.connecting({ protocols: ["a"] }));
    (await bench.one()).json({ protocol: "b" });
    expect(await outcome).toBe("upstream-refused");
    const end = await bench.one();
    await expect(bench.connecting()).rejects.toMatchObject({ code: "upstream-unavailable" });
    end.answer();
    await bench.ports.settle();
    await bench.open();
  });

  it("fails while the back end is removed, whose sockets are closed with 1001", async () => {
    const bench = new Bench();
    const opened = await bench.open();
    const backend = bench.backends.get("app");
    expect(bench.backends.remove("app")).toBe(true);
    expect(opened.got).toEqual([[1001, "The back end was removed."]]);
    expect((await bench.one()).event).toMatchObject({ code: 1001, by: "gateway" });
    await expect(
      backend?.connect(
        {
          user: undefined,
          path: "/",
          query: "",
          protocols: [],
          session: undefined,
          address: "",
          claims: undefined,
          headers: {},
        },
        new AbortController().signal,
      ),
    ).rejects.toMatchObject({ code: "upstream-unavailable" });
  });
});
