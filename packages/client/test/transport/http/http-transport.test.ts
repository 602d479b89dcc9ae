import { payloadOf, protobufCodec } from "@hawser/protocol";
import type {
  BatchFrame,
  ClientFrame,
  PublishFrame,
  ServerFrame,
  SubscribedFrame,
  SubscribeFrame,
} from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { httpPollingConnector, httpStreamConnector } from "../../../src/transport/http/http-connector.ts";
import type { Transport } from "../../../src/transport/transport.ts";
import { batch as batchOf, subscribed as subscribedOf, welcome } from "../../fake-server.ts";
import { SimulatedPorts } from "../../simulated-ports.ts";
import { FakeFetch } from "./fake-fetch.ts";
import type { FakeRequest } from "./fake-fetch.ts";

interface Scene {
  readonly ports: SimulatedPorts;
  readonly http: FakeFetch;
  readonly transport: Transport;
  /** What the core was given since it was looked at last. */
  readonly passed: () => Promise<ServerFrame[]>;
  closes: [code: number, reason: string][];
  readonly send: (...frames: ClientFrame[]) => Promise<void>;
}

async function open(polls = false): Promise<Scene> {
  const ports = new SimulatedPorts();
  const http = new FakeFetch();
  const connector = (polls ? httpPollingConnector : httpStreamConnector)({ fetch: http.fetch, ports });
  let got: ServerFrame[] = [];
  const closes: [number, string][] = [];
  let opened = "";
  const transport = connector.connect("wss://example.com/hawser?x=1", "hawser.v1", {
    onOpen: (subprotocol) => void (opened = subprotocol),
    onMessage: (bytes) => void got.push(...protobufCodec.decodeServer(bytes)),
    onClose: (code, reason) => void closes.push([code, reason]),
  });
  await ports.advance(1);
  expect(opened).toBe("hawser.v1");
  return {
    ports,
    http,
    transport,
    closes,
    passed: async () => {
      await ports.advance(1);
      const passed = got;
      got = [];
      return passed;
    },
    send: async (...frames) => {
      transport.send(Uint8Array.from(frames.flatMap((frame) => [...protobufCodec.encode(frame)])));
      await ports.advance(1);
    },
  };
}

const hello: ClientFrame = { type: "connect", token: "t", session: "s", agent: "test" };

async function connected(polls = false): Promise<Scene> {
  const scene = await open(polls);
  await scene.send(hello);
  scene.http.last.send(welcome);
  if (polls) scene.http.last.end();
  expect(await scene.passed()).toEqual([welcome]);
  return scene;
}

const none = new Uint8Array();
const subscribe = (id: number, channel: string, more: Partial<SubscribeFrame> = {}): SubscribeFrame => ({
  type: "subscribe",
  id,
  channel,
  generation: 1,
  position: undefined,
  last: 0,
  credit: 0,
  grant: none,
  ...more,
});
const publish = (id: number, more: Partial<PublishFrame> = {}): PublishFrame => ({
  type: "publish",
  id,
  channel: "a",
  producer: new Uint8Array(16),
  sequence: id,
  previous: id - 1,
  payload: payloadOf(id),
  key: "",
  ...more,
});
const published = (id: number): ServerFrame => ({
  type: "published",
  id,
  position: { epoch: 1, offset: id },
  duplicate: false,
  following: 0,
});

/** Answers the newest stream's subscriptions as a node does on which channels have these numbers. */
function grant(request: FakeRequest, number: number, rest: Partial<SubscribedFrame> = {}): void {
  request.send(welcome);
  for (const asked of request.of("subscribe")) {
    const { offset = 0, epoch = 1 } = asked.position ?? {};
    request.send(subscribedOf(asked, { number, offset, epoch, ...rest }));
    number += 1;
  }
}

/** A scene with channel "a" under number 7, at offset 2. */
async function following(more: Partial<SubscribeFrame> = {}): Promise<Scene> {
  const scene = await connected();
  await scene.send(subscribe(1, "a", more));
  grant(scene.http.last, 7);
  scene.http.last.send(batchOf(0, 2));
  expect((await scene.passed()).map(({ type }) => type)).toEqual(["subscribed", "batch"]);
  return scene;
}

const offsets = (frames: readonly ServerFrame[]): number[] =>
  frames.flatMap((frame) => (frame.type === "batch" ? frame.messages.map(({ offset }) => offset) : []));

describe("a connection by HTTP streams", () => {
  it("sends requests to the WebSocket's address, under http, with its query", async () => {
    const { http } = await connected();
    expect(http.last.path).toBe("/hawser/stream");
    expect(http.last.frames).toEqual([hello]);
  });

  it("asks in the next stream for everything from where it stands, and leaves the former when it is answered [HTTP-9]", async () => {
    const { http, send, passed } = await following();
    const former = http.last;
    await send(subscribe(2, "b"));
    const next = http.last;
    expect(next.of("subscribe").map(({ channel, position }) => [channel, position])).toEqual([
      ["a", { epoch: 1, offset: 2 }],
      ["b", undefined],
    ]);
    // The former one goes on until the next has answered.
    former.send(batchOf(2, 3));
    expect(offsets(await passed())).toEqual([3]);
    expect(former.aborted).toBe(false);
    grant(next, 7);
    const told = await passed();
    expect(told.map(({ type }) => type)).toEqual(["subscribed"]);
    expect(former.aborted).toBe(true);
    // What the former had brought by then is dropped.
    next.send(batchOf(2, 3), batchOf(3, 4));
    expect(offsets(await passed())).toEqual([4]);
  });

  it("keeps the numbers of channels for the core, whatever they are on the next node [HTTP-1]", async () => {
    const { http, send, passed } = await following();
    await send(subscribe(2, "b"));
    grant(http.last, 100);
    const [told] = await passed();
    expect(told).toMatchObject({ type: "subscribed", id: 2, number: 101 });
    // Here 7 is another channel's.
    http.last.send(
      { ...batchOf(2, 3), number: 100 },
      { ...batchOf(0, 5), number: 7 },
      { ...batchOf(0, 1), number: 101 },
    );
    expect((await passed()).map((frame) => (frame as BatchFrame).number)).toEqual([7, 101]);
  });

  it("gives a channel another number when its own is one of another node's", async () => {
    const { http, send, passed } = await following();
    await send(subscribe(2, "b"));
    grant(http.last, 6);
    expect(await passed()).toMatchObject([{ type: "subscribed", number: 8 }]);
    http.last.send({ ...batchOf(0, 1), number: 7 }, { ...batchOf(2, 3), number: 6 });
    expect((await passed()).map((frame) => (frame as BatchFrame).number)).toEqual([8, 7]);
  });

  it("opens the next stream when one ends, and the core does not notice [HTTP-9]", async () => {
    const { http, ports, passed, closes } = await following();
    await ports.advance(2_000);
    for (const finish of ["end", "cut"] as const) {
      const count = http.requests.length;
      http.last[finish]();
      await ports.advance(1);
      expect(http.requests.length).toBe(count + 1);
      expect(http.last.of("subscribe")[0]?.position).toEqual({ epoch: 1, offset: 2 });
      grant(http.last, 7);
      expect(await passed()).toEqual([]);
      await ports.advance(2_000);
    }
    expect(closes).toEqual([]);
  });

  it("waits before it opens another, when one ended at once and brought nothing", async () => {
    const { http, ports } = await connected();
    http.last.end();
    await ports.advance(10);
    expect(http.requests.length).toBe(1);
    await ports.advance(1_000);
    expect(http.requests.length).toBe(2);
  });

  it("breaks when the next stream cannot be opened, and with the code that the server closes with", async () => {
    const scene = await following();
    await scene.ports.advance(2_000);
    scene.http.last.cut();
    await scene.ports.advance(1);
    scene.http.last.cut();
    await scene.ports.advance(1);
    scene.http.last.cut();
    await scene.ports.advance(1);
    expect(scene.closes).toEqual([[1006, "TypeError: network error"]]);
    const other = await following();
    other.http.last.send({ type: "close", code: 4504, reason: "gone" });
    await other.ports.advance(1);
    expect(other.closes).toEqual([[4504, "gone"]]);
  });

  it("takes a stream on which nothing is heard for broken [HTTP-8]", async () => {
    const { http, ports, passed, closes } = await following();
    await ports.advance(40_000);
    http.last.send({ type: "ping", nonce: 0 });
    expect((await passed()).map(({ type }) => type)).toEqual(["ping"]);
    await ports.advance(49_000);
    expect(closes).toEqual([]);
    await ports.advance(2_000);
    expect(closes.map(([code]) => code)).toEqual([1006]);
  });

  it("answers a ping by a request while the stream is heard, and else by another stream", async () => {
    const { http, ports, send, passed } = await following();
    await send({ type: "ping", nonce: 5 });
    expect(http.last.path).toBe("/hawser/requests");
    http.last.send(welcome, { type: "pong", nonce: 5 });
    http.last.end();
    expect(await passed()).toEqual([{ type: "pong", nonce: 5 }]);
    await ports.advance(10_000);
    await send({ type: "ping", nonce: 6 });
    expect(http.last.path).toBe("/hawser/stream");
    grant(http.last, 7);
    expect(await passed()).toEqual([{ type: "pong", nonce: 6 }]);
  });

  it("shows a fresh token on the next stream, and answers when that is connected", async () => {
    const { http, send, passed, closes } = await following();
    await send({ type: "authenticate", id: 9, token: "fresh" });
    expect(http.last.of("connect")[0]?.token).toBe("fresh");
    http.last.send({ ...welcome, expiresInMs: 5_000 });
    expect(await passed()).toEqual([{ type: "authenticated", id: 9, expiresInMs: 5_000 }]);
    expect(closes).toEqual([]);
  });

  it("breaks for good when the fresh token is another user's", async () => {
    const { http, send, passed, closes } = await following();
    await send({ type: "authenticate", id: 9, token: "eve's" });
    http.last.send({ ...welcome, user: "eve" });
    await passed();
    expect(closes.map(([code]) => code)).toEqual([4503]);
  });

  it("ends a subscription that is left, and the next stream is without it", async () => {
    const { http, send, passed } = await following();
    const former = http.last;
    await send({ type: "unsubscribe", number: 7, generation: 1 });
    expect(await passed()).toMatchObject([{ type: "unsubscribed", number: 7, offset: 2, code: "" }]);
    expect(http.last.frames.map(({ type }) => type)).toEqual(["connect"]);
    former.send(batchOf(2, 3));
    expect(await passed()).toEqual([]);
  });

  it("goes back where the core asks it to", async () => {
    const { http, send, passed } = await following();
    const former = http.last;
    await send({ type: "seek", number: 7, generation: 1, offset: 1 });
    expect(http.last.of("subscribe")[0]?.position).toEqual({ epoch: 1, offset: 1 });
    former.send(batchOf(2, 3));
    expect(await passed()).toEqual([]);
    grant(http.last, 7);
    http.last.send(batchOf(1, 3));
    expect(offsets(await passed())).toEqual([2, 3]);
  });

  it("gives each stream the credit that is left, renews it at half, and leaves out who has none [HTTP-9]", async () => {
    // Each message costs 33.
    const { http, send, passed } = await following({ credit: 132 });
    const first = http.last;
    expect(first.of("subscribe")[0]?.credit).toBe(132);
    await send({ type: "credit", number: 7, generation: 1, credit: 198 });
    // Half is used, and there is more to give.
    expect(http.last).not.toBe(first);
    expect(http.last.of("subscribe")[0]?.credit).toBe(132);
    grant(http.last, 7);
    http.last.send(batchOf(2, 6));
    await passed();
    await send(subscribe(2, "b"));
    expect(http.last.of("subscribe").map(({ channel }) => channel)).toEqual(["b"]);
    grant(http.last, 8);
    await passed();
    await send({ type: "credit", number: 7, generation: 1, credit: 264 });
    expect(http.last.of("subscribe").map(({ channel, credit }) => [channel, credit])).toEqual([
      ["a", 66],
      ["b", 0],
    ]);
  });
});

describe("the next stream's grant", () => {
  const next = async (rest: Partial<SubscribedFrame>, moved = false): Promise<[Scene, ServerFrame[]]> => {
    const scene = await following();
    const former = scene.http.last;
    await scene.send(subscribe(2, "b"));
    if (moved) former.send(batchOf(2, 3));
    await scene.passed();
    const asked = scene.http.last.of("subscribe")[0]!;
    scene.http.last.send(welcome, subscribedOf(asked, { offset: 2, ...rest }));
    return [scene, await scene.passed()];
  };

  it("is told as a reset when it says what is lost", async () => {
    const [, told] = await next({ offset: 9, lost: { from: 2, to: 9 }, reset: "trimmed" });
    expect(told).toEqual([
      { type: "reset", number: 7, generation: 1, epoch: 1, offset: 9, lost: { from: 2, to: 9 }, reset: "trimmed" },
    ]);
  });

  it("is told with what the core lacks, when it has gone on meanwhile", async () => {
    const [, told] = await next({ offset: 9, lost: { from: 2, to: 9 }, reset: "trimmed" }, true);
    expect(told).toMatchObject([{ type: "reset", lost: { from: 3, to: 9 }, reset: "trimmed" }]);
    const [, nothing] = await next({ offset: 3, lost: { from: 2, to: 3 }, reset: "trimmed" }, true);
    expect(nothing).toEqual([]);
  });

  it("is told when the log has another epoch, also one that carries on", async () => {
    const [, back] = await next({ epoch: 2, offset: 1, reset: "truncated" });
    expect(back).toMatchObject([{ type: "reset", epoch: 2, offset: 1, reset: "truncated" }]);
    const [, on] = await next({ epoch: 2 });
    expect(on).toMatchObject([{ type: "reset", epoch: 2, offset: 2, reset: "", lost: undefined }]);
  });

  it("breaks the connection when its epoch is lower, or when it is not known what the new one means for what came meanwhile", async () => {
    const [lower] = await next({ epoch: 0 });
    expect(lower.closes.map(([code]) => code)).toEqual([1006]);
    const [meanwhile] = await next({ epoch: 2 }, true);
    expect(meanwhile.closes.map(([code]) => code)).toEqual([1006]);
    const [ahead] = await next({ offset: 0, reset: "ahead" }, true);
    expect(ahead.closes.map(([code]) => code)).toEqual([1006]);
  });

  it("that is refused ends the subscription, and breaks the connection when it may be tried again", async () => {
    for (const [retry, types, closes] of [
      [false, ["unsubscribed"], 0],
      [true, [], 1],
    ] as const) {
      const scene = await following();
      await scene.send(subscribe(2, "b"));
      const error = { type: "error", id: 1, code: "forbidden", message: "No.", retry, retryAfterMs: 0 } as const;
      scene.http.last.send(welcome, error);
      expect((await scene.passed()).map(({ type }) => type)).toEqual(types);
      expect(scene.closes.length).toBe(closes);
    }
  });
});

describe("requests by HTTP", () => {
  it("with publishes go one after the other, with all that waits, in order [HTTP-10]", async () => {
    const { http, send, passed } = await connected();
    await send(publish(1), publish(2));
    await send(publish(3));
    await send(publish(4));
    expect(http.to("requests").map((request) => request.of("publish").map(({ id }) => id))).toEqual([[1, 2]]);
    const [first] = http.to("requests");
    first!.send(welcome, published(1), published(2));
    expect(await passed()).toEqual([published(1), published(2)]);
    expect(http.to("requests").length).toBe(1);
    first!.end();
    await passed();
    expect(http.to("requests").map((request) => request.of("publish").map(({ id }) => id))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("with calls go side by side, as many as may, and a call that is cancelled gives its place to the next", async () => {
    const { http, send, passed } = await connected();
    const call = (id: number): ClientFrame => ({
      type: "call",
      id,
      method: "m",
      payload: payloadOf(1),
      timeoutMs: 0,
      idempotent: false,
    });
    for (const id of [1, 2, 3, 4]) await send(call(id));
    expect(http.to("requests").map((request) => request.of("call").map(({ id }) => id))).toEqual([[1], [2]]);
    await send({ type: "cancel", id: 3 }, { type: "cancel", id: 1 });
    expect(await passed()).toMatchObject([
      { type: "error", id: 3, code: "call-cancelled" },
      { type: "error", id: 1, code: "call-cancelled" },
    ]);
    expect(http.to("requests")[0]?.aborted).toBe(true);
    expect(
      http
        .to("requests")
        .at(-1)
        ?.of("call")
        .map(({ id }) => id),
    ).toEqual([4]);
  });

  it("are sent again when nothing was heard of them and twice is as once, and else break the connection [HTTP-12]", async () => {
    const again = async (frame: ClientFrame, fail: (request: FakeRequest) => void): Promise<[number, number]> => {
      const scene = await connected();
      await scene.send(frame);
      fail(scene.http.last);
      await scene.passed();
      return [scene.http.to("requests").length, scene.closes.length];
    };
    const call = { type: "call", id: 1, method: "m", payload: payloadOf(1), timeoutMs: 0 } as const;
    for (const frame of [publish(1), { ...call, idempotent: true } as const]) {
      expect(await again(frame, (request) => request.cut())).toEqual([2, 0]);
      expect(await again(frame, (request) => request.refuse(503))).toEqual([2, 0]);
      expect(await again(frame, (request) => request.refuse(404))).toEqual([1, 1]);
      expect(
        await again(frame, (request) => {
          request.send(welcome);
          request.cut();
        }),
      ).toEqual([1, 1]);
    }
    for (const frame of [
      publish(1, { producer: none, sequence: 0, previous: 0 }),
      { ...call, idempotent: false } as const,
    ]) {
      expect(await again(frame, (request) => request.cut())).toEqual([1, 1]);
    }
  });

  it("are whole when one answer is that of several [PUB-15]", async () => {
    const scene = await connected();
    await scene.send(publish(1), publish(2));
    const both = { ...published(1), following: 1 } as ServerFrame;
    scene.http.last.send(welcome, both);
    scene.http.last.end();
    expect(await scene.passed()).toEqual([both]);
    expect(scene.closes).toEqual([]);
  });

  it("break the connection when an answer lacks one, and tell why the server refuses", async () => {
    const scene = await connected();
    await scene.send(publish(1), publish(2));
    scene.http.last.send(welcome, published(1));
    scene.http.last.end();
    await scene.passed();
    expect(scene.closes).toEqual([[1006, "an answer ended before it was whole"]]);
    const other = await connected();
    await other.send(publish(1));
    const error = { type: "error", id: 0, code: "token-expired", message: "", retry: true, retryAfterMs: 0 } as const;
    other.http.last.send(error, { type: "close", code: 4006, reason: "expired" });
    expect(await other.passed()).toEqual([error]);
    expect(other.closes).toEqual([[4006, "expired"]]);
  });
});

describe("a connection by long polls", () => {
  it("asks for answers at once, and then waits for what is new, from where it stands", async () => {
    const { http, send, passed } = await connected(true);
    expect(http.requests.map(({ path }) => path)).toEqual(["/hawser/requests", "/hawser/poll"]);
    const waiting = http.last;
    await send(subscribe(1, "a"));
    expect([waiting.aborted, http.last.path]).toEqual([true, "/hawser/requests"]);
    grant(http.last, 7);
    http.last.end();
    expect((await passed()).map(({ type }) => type)).toEqual(["subscribed"]);
    expect(http.last.path).toBe("/hawser/poll");
    grant(http.last, 7);
    http.last.send(batchOf(0, 2));
    http.last.end();
    expect(offsets(await passed())).toEqual([1, 2]);
    expect(http.last.of("subscribe")[0]?.position).toEqual({ epoch: 1, offset: 2 });
  });
});

it("a connection that is closed sends nothing more, and says so once", async () => {
  const { http, ports, transport, closes, send } = await following();
  transport.close(1000, "bye");
  transport.close(1000, "again");
  await ports.advance(1);
  expect(closes).toEqual([[1000, "bye"]]);
  expect(http.requests.every(({ aborted }) => aborted)).toBe(true);
  await send(publish(1), subscribe(3, "c"));
  await ports.advance(100_000);
  expect(http.to("requests").length).toBe(0);
  expect(ports.pending).toBe(0);
});

it("a client's codec has to be the connector's", () => {
  const connector = httpStreamConnector({ fetch: new FakeFetch().fetch });
  const handlers = { onOpen: () => {}, onMessage: () => {}, onClose: () => {} };
  expect(() => connector.connect("ws://x/hawser", "hawser.v1.json", handlers)).toThrow(/codec/);
  expect(() => httpStreamConnector({ maxParallelRequests: 0 })).toThrow(/maxParallelRequests/);
});
