import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker, BrokerSource, LogRecord, PlacedRecord } from "@hawser/log/broker";
import { kafkaLogAsSet, kafkaSource } from "@hawser/log-kafka";
import type { KafkaSourceOptions } from "@hawser/log-kafka";
import { encodeText, systemPorts } from "@hawser/protocol";
import { Admin, Consumer, Producer } from "@platformatic/kafka";
import { expectChannelsShareAStream } from "../support/many-channels.ts";
import { outcomeOf } from "../support/outcome-of.ts";
import { startKafka, user, withoutKafka } from "./kafka-server.ts";
import type { KafkaServer } from "./kafka-server.ts";

const ports = systemPorts();

describe.skipIf(withoutKafka)("a topic of Kafka", () => {
  const sources: BrokerSource[] = [];
  let server: KafkaServer;
  let admin: Admin;
  let topics = 0;

  beforeAll(async () => {
    server = await startKafka();
    admin = new Admin({ clientId: "test", bootstrapBrokers: [place()] });
  });
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.close()));
    await admin?.close();
    await server?.program.remove();
  });

  function place(): string {
    return `127.0.0.1:${server.program.port}`;
  }

  function freshTopic(): string {
    topics += 1;
    return `topic-test-${topics}`;
  }

  async function opened(options: KafkaSourceOptions): Promise<readonly Broker[]> {
    const source = kafkaSource({ brokers: [place()], minBackoffMs: 20, maxBackoffMs: 200, ...options });
    sources.push(source);
    return source.open(ports);
  }

  async function one(topic: string): Promise<Broker> {
    const [broker] = await opened({ topic });
    return broker!;
  }

  /** What a broker answers, once it does: it is away, or the log is being made again. */
  async function soon<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        expect(error).toMatchObject({ code: "log-unavailable", retry: true });
      }
    }
  }

  async function make(
    topic: string,
    configs: readonly { name: string; value: string }[],
    partitions = 1,
  ): Promise<void> {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: [...configs] });
  }

  it("begins at 1, and is empty", async () => {
    const broker = await one(freshTopic());
    expect(await broker.fetch(0, 10, 0)).toEqual({ records: [], start: 1, end: 0 });
    await broker.produce([append(1)]);
    expect(await broker.fetch(0, 10, 0)).toMatchObject({ start: 1, end: 1, records: [{ offset: 1 }] });
  });

  it("gives back what was put in, with the time at which it was", async () => {
    const broker = await one(freshTopic());
    const before = ports.clock.now();
    const records = [append(1, "ünï"), { ...append(2), payload: { kind: "bytes", data: new Uint8Array(0) } } as const];
    await broker.produce(records);
    const { records: found } = await broker.fetch(1, 10, 0);
    expect(found.map(({ record }) => plain(record))).toEqual(records.map(plain));
    expect(found[0]!.time).toBeGreaterThanOrEqual(before);
  });

  it("gives what lies at and above an offset, old and new, to several who read at once", async () => {
    const broker = await one(freshTopic());
    for (let from = 0; from < 300; from += 100) {
      await broker.produce(Array.from({ length: 100 }, (_, index) => append(from + index + 1)));
    }
    const offsets = async (offset: number, count: number): Promise<readonly number[]> =>
      (await broker.fetch(offset, count, 0)).records.map((placed) => placed.offset);
    const pages = await Promise.all([
      offsets(1, 3),
      offsets(250, 2),
      offsets(300, 10),
      offsets(17, 1),
      offsets(301, 5),
    ]);
    expect(pages).toEqual([[1, 2, 3], [250, 251], [300], [17], []]);
    expect(await broker.fetch(299, 1, 0)).toMatchObject({ end: 300 });
    expect(await broker.fetch(7_000, 1, 0)).toEqual({ records: [], start: 1, end: 300 });
    expect(await all(broker)).toEqual(Array.from({ length: 300 }, (_, index) => `record-${index + 1}`));
  });

  it("writes together what came while the broker was asked, in its order, in as many batches as it takes", async () => {
    const topic = freshTopic();
    await make(topic, [{ name: "max.message.bytes", value: "20000" }]);
    const broker = await one(topic);
    const text = "x".repeat(3_000);
    const calls = Array.from({ length: 8 }, (_, call) =>
      broker.produce([1, 2, 3].map((index) => append(call * 3 + index, text))),
    );
    await Promise.all(calls);
    expect(await all(broker)).toEqual(Array.from({ length: 24 }, (_, index) => `record-${index + 1}`));
    await expect(broker.produce([append(25, "x".repeat(30_000))])).rejects.toMatchObject({ code: "log-unavailable" });
    await broker.produce([append(26)]);
    expect((await all(broker)).at(-1)).toBe("record-26");
  });

  it("takes no more than may wait", async () => {
    const [broker] = await opened({ topic: freshTopic(), maxWaitingBytes: 1_000 });
    const first = broker!.produce([append(1, "x".repeat(1_000))]);
    await expect(broker!.produce([append(2)])).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("maxWaitingBytes"),
    });
    await first;
    await broker!.produce([append(3)]);
    expect(await all(broker!)).toEqual(["record-1", "record-3"]);
  });

  it("waits for what comes, when it is asked to", async () => {
    const broker = await one(freshTopic());
    await broker.produce([append(1)]);
    expect((await broker.fetch(1, 10, 20_000)).records).toHaveLength(1);
    const waited = broker.fetch(1, 10, 20_000);
    // What asks for an answer at once is not held up by that.
    expect((await broker.fetch(1, 10, 0)).records).toHaveLength(1);
    await broker.produce([append(2)]);
    expect((await waited).records.map(({ offset }) => offset)).toEqual([1, 2]);
  });

  it("shows at once what another connection was told to be there", async () => {
    const topic = freshTopic();
    const [writer, reader] = [await one(topic), await one(topic)];
    await reader.fetch(1, 10, 0);
    for (let sequence = 1; sequence <= 100; sequence += 1) {
      await writer.produce([append(sequence)]);
      expect((await reader.fetch(sequence, 10, 0)).end).toBe(sequence);
    }
  });

  it("is found new when it was deleted and made again under those who read", async () => {
    const topic = freshTopic();
    const broker = await one(topic);
    await broker.produce([append(1), append(2), append(3)]);
    await broker.fetch(3, 10, 20_000);
    const waiting = broker.fetch(3, 10, 20_000).catch(() => undefined);
    await admin.deleteTopics({ topics: [topic] });
    await soon(() => opened({ topic }));
    await waiting;
    expect(await soon(() => broker.fetch(3, 10, 1_000))).toEqual({ records: [], start: 1, end: 0 });
    await soon(() => broker.produce([append(4)]));
    expect(await soon(() => all(broker))).toEqual(["record-4"]);
  });

  it("moves its start when records are deleted, also under those who wait", async () => {
    const topic = freshTopic();
    const broker = await one(topic);
    await broker.produce(Array.from({ length: 20 }, (_, index) => append(index + 1)));
    expect((await broker.fetch(20, 10, 20_000)).records).toHaveLength(1);
    const waiting = broker.fetch(20, 10, 20_000);
    await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 12n }] }] });
    expect(await broker.fetch(1, 2, 0)).toMatchObject({
      records: [{ offset: 13 }, { offset: 14 }],
      start: 13,
      end: 20,
    });
    await broker.produce([append(21)]);
    expect(await waiting).toMatchObject({ records: [{ offset: 20 }, { offset: 21 }], start: 13, end: 21 });
    await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 21n }] }] });
    expect(await broker.fetch(21, 10, 0)).toEqual({ records: [], start: 22, end: 21 });
    expect(await broker.fetch(21, 10, 1_000)).toEqual({ records: [], start: 22, end: 21 });
  });

  it("gives records of others, and of the broker itself, as foreign ones, at their offset", async () => {
    const topic = freshTopic();
    const broker = await one(topic);
    const producer = new Producer({
      clientId: "test",
      bootstrapBrokers: [place()],
      idempotent: true,
      transactionalId: topic,
      compression: "gzip",
    });
    const transaction = await producer.beginTransaction();
    await transaction.send({
      messages: [{ topic, key: Buffer.from("a key"), value: Buffer.from("not ours"), partition: 0 }],
    });
    await transaction.commit();
    await producer.close();
    // What ends a transaction is written after it was committed.
    while ((await broker.fetch(1, 10, 0)).end < 2);
    await broker.produce([append(1)]);
    const { records } = await broker.fetch(1, 10, 0);
    expect(records.map(({ offset, record }) => [offset, record.kind])).toEqual([
      [1, "foreign"],
      [2, "foreign"],
      [3, "append"],
    ]);
    expect((await broker.fetch(1, 1, 0)).records[0]).toEqual(records[0]);
  });

  it("is read by a consumer group as what it is used to: the payload as value, the channel as key, headers", async () => {
    const topic = freshTopic();
    const broker = await one(topic);
    await broker.produce([append(1)]);
    const consumer = new Consumer({ clientId: "test", groupId: "workers", bootstrapBrokers: [place()] });
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false });
    for await (const { key, value, headers } of stream) {
      const texts = Array.from(headers, ([name, text]) => [name.toString(), text.toString()]);
      expect(key.toString()).toBe("orders.7");
      expect(value.toString()).toBe("text 1");
      expect(Object.fromEntries(texts)).toMatchObject({
        "hawser-kind": "append",
        "hawser-channel": "orders.7",
        "hawser-type": "text",
        "hawser-user": "ann",
      });
      break;
    }
    const closed: Promise<void> = new Promise((resolve) => consumer.close(true, () => resolve()));
    await closed;
  });

  it("is several partitions where they are asked for, and refuses another number of them", async () => {
    const topic = freshTopic();
    const brokers = await opened({ topic, partitions: 2 });
    await Promise.all(brokers.map((broker, index) => broker.produce([append(index + 1)])));
    expect(await Promise.all(brokers.map(all))).toEqual([["record-1"], ["record-2"]]);
    await expect(opened({ topic, partitions: 3 })).rejects.toMatchObject({
      code: "log-foreign",
      message: expect.stringContaining("has 2 partitions"),
    });
  });

  it("is refused when it is compacted, keeps less than was asked for, or is not there and not to be made", async () => {
    const topic = freshTopic();
    await make(topic, [{ name: "cleanup.policy", value: "compact" }]);
    await expect(opened({ topic })).rejects.toMatchObject({
      code: "log-foreign",
      message: expect.stringContaining("compacted"),
    });
    await expect(opened({ topic: "nowhere", create: false })).rejects.toMatchObject({ code: "log-foreign" });
    await expect(opened({ topic: freshTopic(), durabilities: ["flush"] })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining("flush.messages"),
    });
  });

  it("says what it keeps as it is set", async () => {
    const topic = freshTopic();
    await make(topic, [{ name: "flush.messages", value: "1" }]);
    const log = await kafkaLogAsSet({ brokers: [place()], topic });
    expect(log.capabilities.durabilities).toEqual(["memory", "commit", "flush"]);
  });

  it("takes nothing while it is set to keep less than was promised, until it is set right", async () => {
    const topic = freshTopic();
    await make(topic, [{ name: "flush.messages", value: "1" }]);
    const [broker] = await opened({ topic, durabilities: ["flush"], settingsIntervalMs: 50 });
    const set = (value: string): Promise<void> =>
      admin.alterConfigs({
        resources: [{ resourceType: 2, resourceName: topic, configs: [{ name: "flush.messages", value }] }],
        validateOnly: false,
      });
    const becomes = async (said: RegExp): Promise<void> => {
      while (!said.test(await outcomeOf(broker!.produce([append(1)]))));
    };
    expect(await outcomeOf(broker!.produce([append(1)]))).toBe("taken");
    await set("100");
    await becomes(/^log-unavailable: .*flush\.messages/);
    await set("1");
    await becomes(/^taken$/);
  });

  it("has room: 10,000 channels share a topic, and 10,000 who come back to them cost it a few passes", async () => {
    const options = { brokers: [place()], topic: freshTopic() };
    await expectChannelsShareAStream(
      () => kafkaSource(options),
      async () => (await admin.listTopics()).length,
    );
  });

  it("is opened with a name and password where they are asked for, and says why it is not without", async () => {
    const url = (password: string): string => `kafka://${user.username}:${password}@127.0.0.1:${server.saslPort}`;
    const topic = freshTopic();
    const [broker] = await opened({ topic, brokers: [`127.0.0.1:${server.saslPort}`], url: url(user.password) });
    await broker!.produce([append(1)]);
    expect(await all(broker!)).toEqual(["record-1"]);
    await expect(opened({ topic, brokers: [`127.0.0.1:${server.saslPort}`], url: url("wrong") })).rejects.toMatchObject(
      {
        code: "log-unavailable",
        message: expect.stringMatching(/authentication/i),
      },
    );
    await expect(opened({ topic, brokers: ["127.0.0.1:1"] })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("keeps what it acknowledged when it is killed, and goes on by itself", async () => {
    const broker = await one(freshTopic());
    const acknowledged: string[] = [];
    let sequence = 0;
    const publish = async (): Promise<void> => {
      sequence += 1;
      const record = append(sequence);
      await broker.produce([record]);
      acknowledged.push(record.id);
    };
    for (let count = 0; count < 100; count += 1) await publish();
    await broker.fetch(100, 10, 1_000);
    const waiting = broker.fetch(100, 10, 60_000).catch((error: unknown) => error);
    const underWay = Promise.allSettled(Array.from({ length: 200 }, publish));
    await server.program.kill();
    await underWay;
    await waiting;
    await expect(broker.produce([append(9_999)])).rejects.toMatchObject({ code: "log-unavailable", retry: true });
    await expect(broker.fetch(100, 10, 0)).rejects.toMatchObject({ code: "log-unavailable", retry: true });
    await server.program.start();
    await soon(publish);
    const found = new Set(await soon(() => all(broker)));
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  });
});

async function all(broker: Broker): Promise<readonly string[]> {
  const records: PlacedRecord[] = [];
  for (;;) {
    const next = (records.at(-1)?.offset ?? 0) + 1;
    const { records: page, end } = await broker.fetch(next, 50, 0);
    records.push(...page);
    if ((records.at(-1)?.offset ?? 0) >= end) return records.map(({ record }) => record.id);
  }
}

type Append = Extract<LogRecord, { kind: "append" }>;

function append(sequence: number, text = `text ${sequence}`): Append {
  return {
    kind: "append",
    id: `record-${sequence}`,
    channel: "orders.7",
    epoch: 1,
    sequence,
    previous: sequence - 1,
    deduplicateMs: Infinity,
    producer: "a producer",
    payload: { kind: "text", data: encodeText(text) },
    key: "",
    publisher: "ann",
  };
}

function plain(record: LogRecord): unknown {
  return record.kind === "append"
    ? { ...record, payload: { ...record.payload, data: [...record.payload.data] } }
    : record;
}
