import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Entry, Head, Log } from "@hawser/log";
import { bindingCases, numbered } from "@hawser/log/conformance";
import type { BindingHarness } from "@hawser/log/conformance";
import { rabbitmqLog } from "@hawser/log-rabbitmq";
import type { RabbitmqLogOptions } from "@hawser/log-rabbitmq";
import { encodeText, strictTextOf, systemPorts } from "@hawser/protocol";
import { connect } from "amqplib";
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from "amqplib";
import { publishInTurn } from "../support/publish-in-turn.ts";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

const ports = systemPorts();
const wide = { maxCount: 1_000_000, maxBytes: 1e9 };
const stream = { durable: true, arguments: { "x-queue-type": "stream" } };

describe.skipIf(rabbitmqServer === undefined && !process.env["CI"])("streams of RabbitMQ that others write", () => {
  let server: RabbitmqServer;
  let model: ChannelModel;
  let channel: ConfirmChannel;
  let count = 0;
  let name = "";

  beforeAll(async () => {
    server = await RabbitmqServer.start();
    model = await connect(server.url);
    model.on("error", () => {});
  });
  afterAll(async () => {
    await model?.close().catch(() => {});
    await server?.remove();
  });
  beforeEach(async () => {
    name = `shop-${(count += 1)}`;
    channel = await model.createConfirmChannel();
    await channel.assertQueue(name, stream);
  });

  async function write(...texts: string[]): Promise<void> {
    for (const text of texts) channel.sendToQueue(name, Buffer.from(text), { headers: { order: text[0] } });
    await channel.waitForConfirms();
  }

  async function open(options: RabbitmqLogOptions = {}): Promise<Log> {
    const bindings = [{ pattern: "orders", stream: name, kind: "text" } as const];
    const backoff = { minBackoffMs: 20, maxBackoffMs: 500 };
    const log = rabbitmqLog({ url: server.url, stream: `log-${count}`, bindings, ...backoff, ...options });
    const kept = { retainCount: 10_000, retainBytes: Infinity, retainAgeMs: Infinity, deduplicateMs: 60_000 };
    await log.open({ ...ports, policyOf: () => ({ durability: "commit", ...kept }) });
    onTestFinished(() => log.close());
    return log;
  }

  /** What any other program reads of the stream. */
  async function consumed(messages: number): Promise<readonly ConsumeMessage[]> {
    const consumer = await model.createChannel();
    await consumer.prefetch(100);
    const read: ConsumeMessage[] = [];
    await new Promise<void>((resolve, reject) => {
      const take = (message: ConsumeMessage | null): void => {
        if (message !== null) read.push(message);
        if (read.length === messages) resolve();
      };
      consumer.consume(name, take, { arguments: { "x-stream-offset": "first" } }).catch(reject);
    });
    await consumer.close();
    return read;
  }

  const keyed = () => [{ pattern: "orders.{id}", stream: name, key: { header: "order" }, kind: "text" } as const];

  for (const { name: fact, needs, run } of bindingCases) {
    it(fact, async () => {
      const harness: BindingHarness = {
        ...ports,
        create: async () => {
          const backoff = { minBackoffMs: 20, maxBackoffMs: 500 };
          return rabbitmqLog({ url: server.url, stream: `log-${count}`, bindings: keyed(), ...backoff });
        },
        write: async (key, values) => {
          for (const value of values) {
            const content = value === undefined ? Buffer.of(0xff) : Buffer.from(value);
            channel.sendToQueue(name, content, { headers: { order: key } });
          }
          await channel.waitForConfirms();
        },
        recreate: async () => {
          await channel.deleteQueue(name);
          await channel.assertQueue(name, stream);
        },
        drive: (work) => work,
        settle: () => new Promise((resolve) => void ports.timers.after(5, resolve)),
      };
      expect(needs(harness)).toBe(true);
      await expect(run(harness)).resolves.toBeUndefined();
    });
  }

  it("are channels, read from any position, in either direction", async () => {
    const numbers = Array.from({ length: 1_200 }, (_, index) => `${index + 1}`);
    await write(...numbers);
    const log = await open();
    const { epoch, ...head } = await log.head("orders");
    expect(head).toMatchObject({ floor: 0, end: 1_200 });
    const all = await log.read("orders", 0, wide);
    expect(all).toMatchObject({ epoch, interval: { from: 0, to: 1_200 }, more: false });
    expect(all.entries.map(textOf)).toEqual(numbers);
    const some = await log.read("orders", 3, { maxCount: 2, maxBytes: 1e6 });
    expect(some).toMatchObject({ interval: { from: 3, to: 5 }, more: true, entries: [{ offset: 4 }, { offset: 5 }] });
    const newest = await log.readBackward("orders", Infinity, { maxCount: 2, maxBytes: 1e6 });
    expect(newest).toMatchObject({ interval: { from: 1_198, to: 1_200 }, more: true });
    expect(newest.entries.map(textOf)).toEqual(["1199", "1200"]);
    const oldest = await log.readBackward("orders", 2, wide);
    expect(oldest).toMatchObject({ interval: { from: 0, to: 2 }, more: false });
    expect((await log.read("orders", 0, { maxCount: 100, maxBytes: 2 })).entries.map(textOf)).toEqual(["1", "2"]);
  });

  it("are followed beside the log's own channels, and take nothing from clients", async () => {
    await write("before");
    const log = await open();
    const [theirs, own] = [await follow(log, "orders"), await follow(log, "own")];
    await write("x", "y");
    expect((await log.append([plain("own", "z"), plain("orders", "no")])).map(({ kind }) => kind)).toEqual([
      "accepted",
      "failed",
    ]);
    await until(() => theirs.texts.length === 2 && own.texts.length === 1);
    expect([theirs.texts, own.texts]).toEqual([["x", "y"], ["z"]]);
  });

  it("take what clients publish, where they are written too, as messages that any consumer reads", async () => {
    const bindings = [{ ...keyed()[0]!, mode: "both" }] as const;
    const [log, other] = [await open({ bindings }), await open({ bindings })];
    const followed = await follow(other, "orders.7");
    await write("7 placed");
    const outcomes = await log.append([
      { ...numbered("orders.7", "p", 1), publisher: "ada" },
      plain("orders.7", "7 packed"),
    ]);
    await until(() => followed.texts.length === 3);
    expect(followed.texts).toEqual(["7 placed", "p-1", "7 packed"]);
    const { epoch } = await other.head("orders.7");
    expect(outcomes).toEqual([
      { kind: "accepted", epoch, offset: 2 },
      { kind: "accepted", epoch, offset: 3 },
    ]);
    expect((await everything(log, "orders.7")).map(({ publisher }) => publisher)).toEqual(["", "ada", ""]);
    expect(await other.append([numbered("orders.7", "p", 1)])).toMatchObject([{ kind: "duplicate" }]);
    expect(await other.append([numbered("orders.7", "q", 2)])).toEqual([{ kind: "producer-unknown" }]);
    const messages = await consumed(3);
    expect(messages.map(({ content }) => content.toString())).toEqual(followed.texts);
    const { headers, contentType } = messages[1]!.properties;
    expect([contentType, headers?.["order"], headers?.["hawser-user"]]).toEqual([
      "text/plain; charset=utf-8",
      "7",
      "ada",
    ]);
  });

  it("are written by way of an exchange, where the routing key says which channel it is", async () => {
    await channel.assertExchange(`${name}-exchange`, "direct");
    await channel.bindQueue(name, `${name}-exchange`, "7");
    const binding = { pattern: "orders.{id}", stream: name, key: "routing-key", kind: "text", mode: "both" } as const;
    const log = await open({ bindings: [{ ...binding, exchange: `${name}-exchange` }], appendTimeoutMs: 1_500 });
    expect(await log.append([plain("orders.7", "x")])).toMatchObject([{ kind: "accepted" }]);
    expect((await everything(log, "orders.7")).map(textOf)).toEqual(["x"]);
    // Nobody has bound the stream for that one.
    expect(await log.append([plain("orders.8", "x")])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
  });

  it("have each message once and in order over two nodes while the broker is killed, for a third node too", async () => {
    const bindings = [{ pattern: "orders", stream: name, kind: "text", mode: "both" }] as const;
    const options = { bindings, retryMs: 300, appendTimeoutMs: 3_000 };
    const logs = [await open(options), await open(options)];
    const followed = await Promise.all(logs.map((log) => follow(log, "orders")));
    const messages = 400;
    const published = { accepted: 0 };
    const publishing = publishInTurn(logs, "orders", messages, published);
    await until(() => published.accepted > messages / 4);
    await server.kill();
    // In the middle of it: what comes now waits for the broker, or fails and is sent again.
    expect(published.accepted).toBeLessThan(messages);
    await server.start();
    model = await connect(server.url);
    model.on("error", () => {});
    await publishing;
    await until(() => followed.every(({ texts }) => texts.length >= messages));
    const expected = Array.from({ length: messages }, (_, index) => `p-${index + 1}`);
    expect(followed.map(({ texts }) => texts)).toEqual([expected, expected]);
    expect((await everything(await open(options), "orders")).map(textOf)).toEqual(expected);
  });

  it("are parted by what stands in a header, and a page looks through no more than its limit", async () => {
    await write("a1", "b1", "a2", "c1", "a3", "b2");
    const log = await open({ bindings: keyed(), maxBoundScan: 2 });
    const followed = await follow(log, "orders.b");
    expect((await everything(log, "orders.a")).map(textOf)).toEqual(["a1", "a2", "a3"]);
    expect((await everything(log, "orders.d")).map(textOf)).toEqual([]);
    await write("a4", "b3");
    await until(() => followed.texts.length === 1);
    expect(followed.texts).toEqual(["b3"]);
    const back = await open({ bindings: keyed() });
    const newest = await back.readBackward("orders.b", Infinity, { maxCount: 2, maxBytes: 1e6 });
    expect(newest.entries.map(textOf)).toEqual(["b2", "b3"]);
    expect(newest).toMatchObject({ interval: { from: 5, to: 8 }, more: true });
  });

  it("have one epoch on all nodes, and a higher one when the stream was made anew", async () => {
    await write("1", "2", "3");
    const logs = [await open(), await open()];
    const followed = await Promise.all(logs.map((log) => follow(log, "orders")));
    const [epoch, same] = await Promise.all(logs.map(async (log) => (await log.head("orders")).epoch));
    expect(same).toBe(epoch);
    await channel.deleteQueue(name);
    await channel.assertQueue(name, stream);
    await write("4", "5", "6", "7");
    await until(() => followed.every(({ heads }) => heads.length > 0));
    // Each node may have claimed one: they agree when each has read both claims.
    const epochs = (): Set<number> => new Set(followed.map(({ heads }) => heads.at(-1)!.epoch));
    await until(() => epochs().size === 1);
    const [anew] = epochs();
    expect(anew).toBeGreaterThan(epoch!);
    await write("new");
    await until(() => followed.every(({ texts }) => texts.at(-1) === "new"));
    expect(await logs[1]!.head("orders")).toMatchObject({ epoch: anew, end: 5 });
    expect((await everything(logs[0]!, "orders")).map(textOf)).toEqual(["4", "5", "6", "7", "new"]);
  });

  it("are found to be others by a node that starts when they were made anew while none was there", async () => {
    await write("1", "2", "3");
    const first = await open();
    const { epoch } = await first.head("orders");
    await first.close();
    await channel.deleteQueue(name);
    await channel.assertQueue(name, stream);
    await write("4", "5", "6");
    const second = await open();
    expect((await second.head("orders")).epoch).toBeGreaterThan(epoch);
    const third = await open();
    expect((await third.head("orders")).epoch).toBe((await second.head("orders")).epoch);
  });

  it("keep their epoch over a restart of the broker, and go on", async () => {
    await write("1");
    const log = await open();
    const followed = await follow(log, "orders");
    await write("2");
    await until(() => followed.texts.length === 1);
    await model.close();
    await server.stop();
    await server.start();
    model = await connect(server.url);
    model.on("error", () => {});
    channel = await model.createConfirmChannel();
    while (followed.texts.length < 2) {
      // What comes before RabbitMQ has started the stream is confirmed, and lost.
      channel.sendToQueue(name, Buffer.from("3"));
      await new Promise<void>((resolve) => void ports.timers.after(50, resolve));
    }
    expect(new Set(followed.texts)).toEqual(new Set(["2", "3"]));
    expect(followed.heads).toEqual([]);
  });

  it("are bounded in how many are followed, and have to be there", async () => {
    const log = await open({ bindings: keyed(), maxBoundFollowed: 1 });
    await follow(log, "orders.a");
    await expect(follow(log, "orders.b")).rejects.toMatchObject({ code: "overloaded" });
    const bindings = [{ pattern: "s.{id}", stream: `${name}-{id}` }];
    await channel.assertQueue(`${name}-a`, stream);
    const several = await open({ bindings, maxBoundStreams: 1 });
    await follow(several, "s.a");
    await expect(follow(several, "s.b")).rejects.toMatchObject({ code: "overloaded" });
    await expect((await open({ bindings })).head("s.none")).rejects.toMatchObject({ code: "log-foreign" });
  });
});

interface Followed {
  readonly texts: string[];
  readonly heads: Head[];
}

async function follow(log: Log, channel: string): Promise<Followed> {
  const followed: Followed = { texts: [], heads: [] };
  await log.follow(channel, {
    onEntries: (entries) => followed.texts.push(...entries.map(textOf)),
    onFloor: () => {},
    onEpoch: (head) => followed.heads.push(head),
  });
  return followed;
}

/** Page by page, as a subscriber that is behind has it. */
async function everything(log: Log, channel: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  let after = 0;
  for (let more = true; more;) {
    const page = await log.read(channel, after, wide);
    found.push(...page.entries);
    ({ more } = page);
    after = page.interval.to;
  }
  return found;
}

function plain(channel: string, text: string) {
  const payload = { kind: "text", data: encodeText(text) } as const;
  return { channel, producer: "", sequence: 0, previous: 0, payload, key: "", publisher: "" };
}

function textOf({ payload }: Entry): string {
  return payload === undefined ? "" : (strictTextOf(payload.data) ?? "");
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => void ports.timers.after(5, resolve));
}
