import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { openTarget } from "./target.ts";
import type { Target } from "./target.ts";

const MiB = 1024 * 1024;

let target: Target;
beforeEach(async () => {
  target = await openTarget({ limits: { closeTimeoutMs: 100, framesPerSecond: 1_000_000, framesBurst: 1_000_000 } });
});
afterEach(() => target.close());

async function bytesOut(): Promise<number> {
  return Number(/^hawser_bytes_out_total (\d+)$/m.exec(await target.metrics())?.[1]);
}

/** Settles once the server holds no connection but the bystander's. */
async function alone(): Promise<void> {
  while (target.server.connections > 1) await target.bystander.roundTrip();
}

interface Message {
  readonly offset: number;
  readonly json: { readonly count: number };
}

/** A client that can stop reading. */
async function client(): Promise<{
  webSocket: WebSocket;
  say: (frame: object) => void;
  batches: AsyncIterator<Message[]>;
}> {
  const webSocket = new WebSocket(target.url, "hawser.v1.json");
  const waiting: Message[][] = [];
  let wake: () => void = () => {};
  const subscribed = new Promise<void>((resolve) => {
    webSocket.on("message", (data) => {
      for (const line of (data as Buffer).toString("utf8").trim().split("\n")) {
        const frame = JSON.parse(line) as { type: string; messages?: Message[] };
        if (frame.type === "subscribed") resolve();
        if (frame.type === "batch") waiting.push(frame.messages ?? []);
      }
      wake();
    });
  });
  webSocket.on("error", () => {});
  await new Promise((resolve) => webSocket.once("open", resolve));
  const say = (frame: object): void => webSocket.send(JSON.stringify(frame));
  say({ type: "connect" });
  say({ type: "subscribe", id: 1, channel: "wide" });
  await subscribed;
  async function* batches(): AsyncGenerator<Message[], never> {
    for (;;) {
      const batch = waiting.shift();
      if (batch !== undefined) yield batch;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return { webSocket, say, batches: batches() };
}

describe("a peer that never reads", () => {
  it("holds back no more than the unconfirmed bytes, and gets everything in order once it reads", async () => {
    const slow = await client();
    slow.webSocket.pause();
    const filler = "x".repeat(200_000);
    const count = 200;
    for (let index = 1; index <= count; index += 1) {
      await target.server.publish("wide", { count: index, filler });
      if (index % 20 === 0) await target.bystander.roundTrip();
    }
    expect(await bytesOut()).toBeLessThan(8 * MiB);
    slow.webSocket.resume();
    const got: number[] = [];
    while (got.length < count)
      for (const message of (await slow.batches.next()).value as Message[]) got.push(message.json.count);
    expect(got).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    slow.webSocket.terminate();
  });

  it("is written no more than some answers, however much it asks for", async () => {
    const filler = "x".repeat(200_000);
    for (let index = 0; index < 10; index += 1) await target.server.publish("wide", { filler });
    const slow = await client();
    slow.webSocket.pause();
    const before = await bytesOut();
    for (let id = 2; id < 1_000; id += 1) slow.say({ type: "history", id, channel: "wide", limit: 10 });
    for (let count = 0; count < 50; count += 1) await target.bystander.roundTrip();
    expect((await bytesOut()) - before).toBeLessThan(16 * MiB);
    slow.webSocket.terminate();
    await alone();
    await target.bystander.roundTrip();
  });

  it("and pings without end is cut", async () => {
    const slow = await client();
    slow.webSocket.pause();
    const pings = Array.from({ length: 1_000 }, (_, nonce) => JSON.stringify({ type: "ping", nonce })).join("\n");
    const pump = (error?: Error | null): void => {
      if (error === undefined || error === null) slow.webSocket.send(pings, pump);
    };
    pump();
    await alone();
    expect(await bytesOut()).toBeLessThan(8 * MiB);
    slow.webSocket.terminate();
  });
});

describe("a peer that sends faster than it may", () => {
  it("is read no faster than its rate, and loses no frame", async () => {
    await target.close();
    target = await openTarget({ limits: { framesPerSecond: 2_000, framesBurst: 100 } });
    const fast = await client();
    const pongs = new Promise<number[]>((resolve) => {
      const nonces: number[] = [];
      fast.webSocket.on("message", (data) => {
        for (const line of (data as Buffer).toString("utf8").trim().split("\n")) {
          const frame = JSON.parse(line) as { type: string; nonce?: number };
          if (frame.type === "pong") nonces.push(frame.nonce ?? 0);
        }
        if (nonces.length === 500) resolve(nonces);
      });
    });
    for (let nonce = 1; nonce <= 500; nonce += 1) fast.say({ type: "ping", nonce });
    await target.bystander.roundTrip();
    expect(await pongs).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    fast.webSocket.terminate();
  });
});
