import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { rabbitmqBridge, rabbitmqLog } from "@hawser/log-rabbitmq";
import type { RabbitmqBridge, RabbitmqBridgeOptions } from "@hawser/log-rabbitmq";
import type { Append, Log } from "@hawser/log";
import { encodeText, strictTextOf, systemPorts } from "@hawser/protocol";
import { connect } from "amqplib";
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

const ports = systemPorts();
const quorum = { durable: true, arguments: { "x-queue-type": "quorum" } };

describe.skipIf(rabbitmqServer === undefined && !process.env["CI"])("a bridge to exchanges and queues", () => {
  const bridges: RabbitmqBridge[] = [];
  let server: RabbitmqServer;
  let log: Log;
  let model: ChannelModel;
  let channel: Channel;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
    log = rabbitmqLog({ url: server.url });
    const kept = { retainCount: 10_000, retainBytes: Infinity, retainAgeMs: Infinity, deduplicateMs: 60_000 };
    await log.open({ ...ports, policyOf: () => ({ durability: "commit", ...kept }) });
    model = await connect(server.url);
    channel = await model.createChannel();
    await channel.assertExchange("work", "topic", { durable: true });
    await channel.assertQueue("jobs", quorum);
    await channel.bindQueue("jobs", "work", "jobs.#");
    await channel.assertQueue("results", quorum);
  });
  afterEach(async () => {
    await Promise.all(bridges.splice(0).map((bridge) => bridge.close()));
  });
  afterAll(async () => {
    await log?.close();
    await model?.close();
    await server?.remove();
  });

  async function bridged(options: Partial<RabbitmqBridgeOptions>): Promise<RabbitmqBridge> {
    const bridge = await rabbitmqBridge({
      url: server.url,
      log: rabbitmqLog({ url: server.url }),
      name: "test",
      minBackoffMs: 20,
      maxBackoffMs: 200,
      ...options,
    });
    bridges.push(bridge);
    return bridge;
  }

  async function next(queue: string): Promise<ConsumeMessage["properties"] & { readonly text: string }> {
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message !== false) return { ...message.properties, text: message.content.toString() };
    }
  }

  const outgoing = [{ pattern: "jobs.{kind}", exchange: "work" }];

  it("publishes what channels have to an exchange, in order, and goes on where it stood when it was away", async () => {
    const first = await bridged({ outgoing });
    await log.append([append("jobs.resize", "1"), append("other", "no"), append("jobs.resize", "2")]);
    await log.append([append("jobs.print", "3")]);
    const found = [await next("jobs"), await next("jobs"), await next("jobs")];
    expect(
      found.filter(({ headers }) => headers?.["hawser-channel"] === "jobs.resize").map(({ text }) => text),
    ).toEqual(["1", "2"]);
    expect(found.find(({ text }) => text === "3")).toMatchObject({
      contentType: "text/plain; charset=utf-8",
      headers: { "hawser-channel": "jobs.print", "hawser-type": "text", "hawser-user": "ann" },
      messageId: expect.stringMatching(/^jobs\.print \d+ \d+$/),
    });
    await until(async () => (await log.head("$bridge.test")).end > 0);
    await first.close();
    bridges.length = 0;
    await log.append([append("jobs.resize", "4")]);
    await bridged({ outgoing });
    const after = [];
    do after.push((await next("jobs")).text);
    while (after.at(-1) !== "4");
    // What was carried last before the end may come again, and nothing else.
    expect(after.length).toBeLessThanOrEqual(3);
  });

  it("publishes what a queue has into channels, once for each message id", async () => {
    await bridged({ name: "in", incoming: [{ queue: "results", channel: ({ properties }) => properties.type }] });
    const send = (text: string, messageId?: string, type = "inbox.ann"): void =>
      void channel.sendToQueue("results", Buffer.from(text), {
        type,
        contentType: "application/json",
        ...(messageId === undefined ? {} : { messageId }),
      });
    send('{"n":1}', "a");
    send('{"n":1}', "a");
    send("nobody's", "b", "");
    send('{"n":2}');
    await until(async () => (await texts(log, "inbox.ann")).includes('{"n":2}'));
    expect(await texts(log, "inbox.ann")).toEqual(['{"n":1}', '{"n":2}']);
    await until(async () => (await channel.checkQueue("results")).messageCount === 0);
  });

  it("carries work to a worker that has never heard of Hawser, and its answer into the channel that the work names", async () => {
    await channel.purgeQueue("jobs");
    await bridged({
      name: "worker",
      outgoing,
      incoming: [{ queue: "results", channel: ({ properties }) => properties.headers?.["reply-channel"] }],
    });
    const worker = await model.createChannel();
    onTestFinished(() => worker.close());
    await worker.consume("jobs", (message) => {
      if (message === null) return;
      const { messageId, headers } = message.properties;
      const answer = Buffer.from(message.content.toString().toUpperCase());
      const reply = { "reply-channel": `done.${headers?.["hawser-user"]}` };
      worker.sendToQueue("results", answer, { messageId, contentType: "text/plain", headers: reply });
      worker.ack(message);
    });
    await log.append([append("jobs.shout", "one"), append("jobs.shout", "two")]);
    await until(async () => (await texts(log, "done.ann")).includes("TWO"));
    // What other tests left to be done was done as well.
    expect((await texts(log, "done.ann")).filter((text) => text === "ONE" || text === "TWO")).toEqual(["ONE", "TWO"]);
  });

  it("leaves the work to one of two with its name, and takes over when that one ends", async () => {
    const first = await bridged({ name: "pair", outgoing });
    const errors: unknown[] = [];
    await bridged({ name: "pair", outgoing, onError: (error) => errors.push(error) });
    await until(async () => errors.length > 0);
    expect(String(errors[0])).toContain("RESOURCE_LOCKED");
    await channel.purgeQueue("jobs");
    await first.close();
    bridges.shift();
    await log.append([append("jobs.resize", "taken over")]);
    for (;;) if ((await next("jobs")).text === "taken over") return;
  });

  it("goes on by itself when its connection was lost", async () => {
    const proxy = await FaultProxy.to(server.port);
    onTestFinished(() => proxy.close());
    await bridged({ name: "again", outgoing, url: `amqp://127.0.0.1:${new URL(proxy.urlOf("tcp://x")).port}` });
    await log.append([append("jobs.resize", "before")]);
    while ((await next("jobs")).text !== "before");
    proxy.endAll("reset");
    await log.append([append("jobs.resize", "after")]);
    let found = await next("jobs");
    // Other channels are carried beside this one, and what was under way comes again.
    while (found.text !== "after") found = await next("jobs");
    expect(found.headers?.["hawser-channel"]).toBe("jobs.resize");
  });
});

function append(channel: string, text: string): Append {
  const payload = { kind: "text", data: encodeText(text) } as const;
  return { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "ann" };
}

async function texts(log: Log, channel: string): Promise<readonly (string | undefined)[]> {
  const { entries } = await log.read(channel, 0, { maxCount: 1_000, maxBytes: 1 << 20 });
  return entries.map(({ payload }) => strictTextOf(payload!.data));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
