import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Entry, Head, Log } from "@hawser/log";
import { bindingCases, numbered, plain, textOf } from "@hawser/log/conformance";
import type { BindingHarness } from "@hawser/log/conformance";
import { kafkaLog } from "@hawser/log-kafka";
import type { KafkaBinding, KafkaLogOptions } from "@hawser/log-kafka";
import { systemPorts } from "@hawser/protocol";
import { Admin, compatibilityPartitioner, Consumer, MessagesStreamModes, Producer } from "@platformatic/kafka";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { freePort } from "../../command/hawser-process.ts";
import { connect } from "../../support/clients.ts";
import { publishInTurn } from "../support/publish-in-turn.ts";
import { startKafka, withoutKafka } from "./kafka-server.ts";
import type { KafkaServer } from "./kafka-server.ts";

const ports = systemPorts();
const policy = {
  durability: "commit",
  retainCount: 1_000,
  retainBytes: 1e9,
  retainAgeMs: 1e9,
  deduplicateMs: 60_000,
} as const;
const wide = { maxCount: 1_000_000, maxBytes: 1e9 };

function payloadOf(json: string) {
  return { kind: "json", data: Buffer.from(json) } as const;
}

describe.skipIf(withoutKafka)("a topic that other programs write", () => {
  let server: KafkaServer;
  let admin: Admin;
  let producer: Producer<Buffer, Buffer | undefined>;
  let count = 0;

  beforeAll(async () => {
    server = await startKafka();
    const bootstrapBrokers = [place()];
    admin = new Admin({ clientId: "test", bootstrapBrokers });
    producer = new Producer({ clientId: "shop", bootstrapBrokers, partitioner: compatibilityPartitioner });
  });
  afterAll(async () => {
    await producer?.close();
    await admin?.close();
    await server?.program.remove();
  });

  function place(): string {
    return `127.0.0.1:${server.program.port}`;
  }

  async function makeTopic(partitions = 3): Promise<string> {
    const topic = `orders-${(count += 1)}`;
    await create(topic, partitions);
    return topic;
  }

  /** A topic that was just removed is there for a moment still. */
  async function create(topic: string, partitions: number): Promise<void> {
    for (;;) {
      try {
        await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
        return;
      } catch {
        await pause(50);
      }
    }
  }

  function binding(topic: string): KafkaBinding {
    return { pattern: "orders.{id}", topic };
  }

  function made(topic: string, options: KafkaLogOptions = {}): Log {
    const backoff = { minBackoffMs: 20, maxBackoffMs: 200, identifyMs: 100 };
    return kafkaLog({
      brokers: [place()],
      topic: `log-of-${topic}`,
      ...backoff,
      bindings: [binding(topic)],
      ...options,
    });
  }

  async function opened(topic: string, options: KafkaLogOptions = {}): Promise<Log> {
    const log = made(topic, options);
    await log.open({ policyOf: () => policy, ...ports });
    onTestFinished(() => log.close());
    return log;
  }

  async function write(topic: string, key: string, values: readonly (string | Buffer | undefined)[]): Promise<void> {
    const messages = values.map((value) => ({
      topic,
      key: Buffer.from(key),
      value: value === undefined ? undefined : Buffer.from(value),
    }));
    for (;;) {
      try {
        await producer.send({ messages, acks: -1 });
        return;
      } catch {
        // The client has to hear of a topic that was made a moment ago.
        await pause(50);
        await producer.metadata({ topics: [topic], forceUpdate: true }).catch(() => {});
      }
    }
  }

  /** What any other program reads of a topic. */
  async function consumed(topic: string, records: number) {
    const consumer = new Consumer({ clientId: "worker", groupId: `of-${topic}`, bootstrapBrokers: [place()] });
    onTestFinished(() => consumer.close(true));
    const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false });
    const read = [];
    for await (const { key, value, headers } of stream) {
      const texts = Array.from(headers, ([name, text]) => [name.toString(), text.toString()] as const);
      read.push({ key, value, headers: new Map(texts) });
      if (read.length === records) break;
    }
    return read;
  }

  async function follow(log: Log, channel: string) {
    const told = { entries: [] as Entry[], heads: [] as Head[] };
    const follower = await log.follow(channel, {
      onEntries: (entries) => void told.entries.push(...entries),
      onFloor: () => {},
      onEpoch: (head) => void told.heads.push(head),
    });
    return { ...told, follower };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await pause(5);
  }

  async function harness(): Promise<BindingHarness> {
    const topic = await makeTopic();
    return {
      ...ports,
      create: async () => made(topic),
      write: (key, values) => write(topic, key, values),
      recreate: async () => {
        await admin.deleteTopics({ topics: [topic] });
        await create(topic, 3);
      },
      drive: (work) => work,
      settle: () => pause(5),
    };
  }

  for (const { name, needs, run } of bindingCases) {
    it(name, async () => {
      const own = await harness();
      expect(needs(own)).toBe(true);
      await expect(run(own)).resolves.toBeUndefined();
    });
  }

  it("is followed by a client of the server while a plain client produces, and resumed where it was", async () => {
    const topic = await makeTopic();
    const port = await freePort();
    const node = createServer({
      log: made(topic),
      authenticate: anonymous(),
      port,
      host: "127.0.0.1",
      logger: silentLogger,
      channels: [{ pattern: "orders.{id}", durability: "commit", clientsPublish: false }],
    });
    await node.listen();
    onTestFinished(() => node.close());
    const client = connect(node.url, "");
    onTestFinished(() => client.close());
    await write(topic, "7", ["placed", "paid"]);
    const first = client.channel<string>("orders.7").subscribe({ from: { last: 10 } });
    const read: unknown[] = [];
    for await (const { data } of first) {
      read.push(data);
      if (data === "paid") await write(topic, "7", ["packed"]);
      if (data === "packed") break;
    }
    const { position } = first;
    await write(topic, "8", ["of another order"]);
    await write(topic, "7", ["sent"]);
    for await (const { data } of client.channel<string>("orders.7").subscribe({ from: position! })) {
      read.push(data);
      if (data === "sent") await write(topic, "7", ["arrived"]);
      if (data === "arrived") break;
    }
    expect(read).toEqual(["placed", "paid", "packed", "sent", "arrived"]);
  });

  it("has no entries of transactions that were aborted, and those of others when they are committed", async () => {
    const topic = await makeTopic(1);
    const log = await opened(topic);
    const followed = await follow(log, "orders.1");
    const transactional = new Producer<Buffer, Buffer>({
      clientId: "shop",
      bootstrapBrokers: [place()],
      transactionalId: `shop-${topic}`,
      idempotent: true,
    });
    onTestFinished(() => transactional.close());
    const send = async (text: string, end: "commit" | "abort"): Promise<void> => {
      const transaction = await transactional.beginTransaction();
      await transaction.send({ messages: [{ topic, key: Buffer.from("1"), value: Buffer.from(text) }] });
      await transaction[end]();
    };
    await send("kept", "commit");
    await send("taken back", "abort");
    await send("kept too", "commit");
    await write(topic, "1", ["plain"]);
    await until(() => followed.entries.length === 3);
    expect(followed.entries.map(textOf)).toEqual(["kept", "kept too", "plain"]);
    expect((await log.read("orders.1", 0, wide)).entries).toEqual(followed.entries);
  });

  it("has holes for tombstones, for what is not of its kind, and for what is too large", async () => {
    const topic = await makeTopic(1);
    const log = await opened(topic, { bindings: [{ ...binding(topic), kind: "json", maxValueBytes: 8 }] });
    await write(topic, "1", ['{"a":1}', undefined, "{", Buffer.from([0x22, 0xff, 0x22]), '"123456"', '"1234567"']);
    const { entries } = await log.read("orders.1", 0, wide);
    expect(entries.map((entry) => textOf(entry))).toEqual(['{"a":1}', "", "", "", '"123456"', ""]);
    expect(entries.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("goes on where it was when the broker is back", async () => {
    const topic = await makeTopic(1);
    const log = await opened(topic);
    const followed = await follow(log, "orders.1");
    await write(topic, "1", ["before"]);
    await until(() => followed.entries.length === 1);
    await server.program.kill();
    await server.program.start();
    await write(topic, "1", ["after"]);
    await until(() => followed.entries.length === 2);
    expect([followed.entries.map(textOf), followed.heads]).toEqual([["before", "after"], []]);
  });

  it("begins a new epoch when it was given more partitions", async () => {
    const topic = await makeTopic(1);
    const log = await opened(topic);
    const followed = await follow(log, "orders.1");
    await admin.createPartitions({
      topics: [{ name: topic, count: 4, assignments: [{ brokerIds: [1] }, { brokerIds: [1] }, { brokerIds: [1] }] }],
    });
    await until(() => followed.heads.length > 0);
    expect(followed.heads[0]!.epoch).toBeGreaterThan(followed.follower.head.epoch);
    await producer.metadata({ topics: [topic], forceUpdate: true });
    for (const key of ["1", "2", "3", "4", "5"]) await write(topic, key, [`of ${key}`]);
    await until(() => followed.entries.length > 0);
    expect(followed.entries.map(textOf)).toEqual(["of 1"]);
  });

  it("takes what clients publish, as a record with their key that any consumer reads", async () => {
    const topic = await makeTopic(2);
    const bindings = [{ ...binding(topic), key: "order-{id}", kind: "json", mode: "both" } as const];
    const [log, other] = [await opened(topic, { bindings }), await opened(topic, { bindings })];
    const followed = await follow(other, "orders.7");
    await write(topic, "order-7", ['"placed"']);
    const published = { ...numbered("orders.7", "p", 1), payload: payloadOf('"paid"'), publisher: "ada" };
    const outcomes = await log.append([published, { ...plain("orders.7", ""), payload: payloadOf('"packed"') }]);
    await until(() => followed.entries.length === 3);
    expect(followed.entries.map(textOf)).toEqual(['"placed"', '"paid"', '"packed"']);
    expect(followed.entries.map(({ publisher }) => publisher)).toEqual(["", "ada", ""]);
    const { epoch } = await other.head("orders.7");
    const [, paid, packed] = followed.entries;
    expect(outcomes).toEqual([
      { kind: "accepted", epoch, offset: paid!.offset },
      { kind: "accepted", epoch, offset: packed!.offset },
    ]);
    expect(await other.append([published])).toMatchObject([{ kind: "duplicate" }]);
    expect(
      await log.append([{ ...plain("orders.7", ""), payload: { kind: "text", data: Buffer.from("{") } }]),
    ).toMatchObject([{ kind: "failed", code: "log-full" }]);
    const records = await consumed(topic, 3);
    expect(records.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ["order-7", '"placed"'],
      ["order-7", '"paid"'],
      ["order-7", '"packed"'],
    ]);
    expect(records[1]!.headers.get("hawser-user")).toBe("ada");
    expect(JSON.parse(records[1]!.headers.get("hawser-append")!)).toMatchObject({ 4: 1, 5: 0, 6: "p" });
  });

  it("has each message once and in order over two nodes while the broker is killed, for a third node too", async () => {
    const topic = await makeTopic(1);
    const options = { bindings: [{ ...binding(topic), mode: "both" }], retryMs: 200, appendTimeoutMs: 2_000 } as const;
    const logs = [await opened(topic, options), await opened(topic, options)];
    const followed = [await follow(logs[0]!, "orders.1"), await follow(logs[1]!, "orders.1")];
    const count = 400;
    const published = { accepted: 0 };
    const publishing = publishInTurn(logs, "orders.1", count, published);
    await until(() => published.accepted > count / 4);
    await server.program.kill();
    // In the middle of it: what comes now waits for the broker, or fails and is sent again.
    expect(published.accepted).toBeLessThan(count);
    await server.program.start();
    await publishing;
    await until(() => followed.every(({ entries }) => entries.length >= count));
    const expected = Array.from({ length: count }, (_, index) => `p-${index + 1}`);
    expect(followed.map(({ entries }) => entries.map(textOf))).toEqual([expected, expected]);
    expect(followed.map(({ heads }) => heads)).toEqual([[], []]);
    const late = await opened(topic, options);
    expect((await late.read("orders.1", 0, wide)).entries).toEqual(followed[0]!.entries);
  });

  it("is only read where compaction takes records out of it", async () => {
    const topic = `orders-${(count += 1)}`;
    await admin.createTopics({
      topics: [topic],
      partitions: 1,
      replicas: 1,
      configs: [{ name: "cleanup.policy", value: "compact" }],
    });
    const bindings = [{ ...binding(topic), mode: "both" } as const];
    await expect(opened(topic, { bindings })).rejects.toMatchObject({ code: "log-foreign" });
    await expect(opened(topic)).resolves.toBeDefined();
  });

  it("has to be there when the log opens", async () => {
    await expect(opened("never-made")).rejects.toMatchObject({ code: "log-unavailable" });
  });
});
