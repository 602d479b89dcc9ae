import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker, BrokerSource, LogRecord, PlacedRecord } from "@hawser/log/broker";
import { rabbitmqSource } from "@hawser/log-rabbitmq";
import type { RabbitmqSourceOptions } from "@hawser/log-rabbitmq";
import { encodeText, systemPorts } from "@hawser/protocol";
import { connect } from "amqplib";
import { selfSigned } from "../../support/self-signed.ts";
import { expectChannelsShareAStream } from "../support/many-channels.ts";
import { expectServedSecurely } from "../support/secure-serve.ts";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

const ports = systemPorts();

describe.skipIf(rabbitmqServer === undefined && !process.env["CI"])("a stream of RabbitMQ", () => {
  const sources: BrokerSource[] = [];
  let server: RabbitmqServer;
  let streams = 0;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
  });
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.close()));
    await server?.remove();
  });

  function freshStream(): string {
    streams += 1;
    return `stream-test-${streams}`;
  }

  async function opened(options: RabbitmqSourceOptions): Promise<readonly Broker[]> {
    const source = rabbitmqSource({
      url: server.url,
      minBackoffMs: 20,
      maxBackoffMs: 500,
      confirmTimeoutMs: 2_000,
      ...options,
    });
    sources.push(source);
    return source.open(ports);
  }

  async function one(stream: string): Promise<Broker> {
    const [broker] = await opened({ stream });
    return broker!;
  }

  async function deleteStream(stream: string): Promise<void> {
    const model = await connect(server.url);
    const channel = await model.createChannel();
    await channel.deleteQueue(stream);
    await model.close();
  }

  it("begins at 1, and is empty", async () => {
    const broker = await one(freshStream());
    expect(await broker.fetch(0, 10, 0)).toEqual({ records: [], start: 1, end: 0 });
    await broker.produce([append(1)]);
    expect(await broker.fetch(0, 10, 0)).toMatchObject({ start: 1, end: 1, records: [{ offset: 1 }] });
  });

  it("gives back what was put in, with the time at which it was", async () => {
    const broker = await one(freshStream());
    const before = ports.clock.now();
    const records = [append(1, "ünï"), { ...append(2), payload: { kind: "bytes", data: new Uint8Array(0) } } as const];
    await broker.produce(records);
    const { records: found } = await broker.fetch(1, 10, 0);
    expect(found.map(({ record }) => plain(record))).toEqual(records.map(plain));
    expect(found[0]!.time).toBeGreaterThanOrEqual(before);
  });

  it("gives what lies at and above an offset, old and new, to several who read at once", async () => {
    const broker = await one(freshStream());
    // Sixteen go in one message, so that no offset between them is left out.
    for (let from = 0; from < 288; from += 96) {
      await broker.produce(Array.from({ length: 96 }, (_, index) => append(from + index + 1)));
    }
    const offsets = async (offset: number, count: number): Promise<readonly number[]> =>
      (await broker.fetch(offset, count, 0)).records.map((placed) => placed.offset);
    const pages = await Promise.all([
      offsets(1, 3),
      offsets(250, 2),
      offsets(288, 10),
      offsets(17, 1),
      offsets(289, 5),
    ]);
    expect(pages).toEqual([[1, 2, 3], [250, 251], [288], [17], []]);
    expect(await broker.fetch(287, 1, 0)).toMatchObject({ end: 288 });
    expect(await broker.fetch(7_000, 1, 0)).toEqual({ records: [], start: 1, end: 288 });
    expect(await all(broker)).toEqual(Array.from({ length: 288 }, (_, index) => `record-${index + 1}`));
  });

  it("waits for what comes, when it is asked to", async () => {
    const broker = await one(freshStream());
    await broker.produce([append(1)]);
    expect((await broker.fetch(1, 10, 0)).records).toHaveLength(1);
    const waited = broker.fetch(1, 10, 20_000);
    await broker.produce([append(2)]);
    expect((await waited).records.map(({ offset }) => offset)).toEqual([1, offsetOf(2)]);
  });

  it("shows at once what another connection was told to be there", async () => {
    const stream = freshStream();
    const [writer, reader] = [await one(stream), await one(stream)];
    await reader.fetch(1, 10, 0);
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      await writer.produce([append(sequence)]);
      expect((await reader.fetch(offsetOf(sequence), 10, 0)).end).toBe(offsetOf(sequence));
    }
  });

  it("does not seem to end where a consumer has yet to be given what was there long ago", async () => {
    const broker = await one(freshStream());
    const records = Array.from({ length: 3_000 }, (_, index) => append(index + 1));
    await broker.produce(records);
    let last = 0;
    for (let end = 1; last < end;) {
      const fetched = await broker.fetch(last, 1_000, last === 0 ? 0 : 20_000);
      last = fetched.records.at(-1)!.offset;
      end = fetched.end;
    }
    expect(last).toBe(records.length);
  });

  it("leaves nothing out for those who read with the same consumer at once", async () => {
    const broker = await one(freshStream());
    await broker.produce(Array.from({ length: 100 }, (_, index) => append(index + 1)));
    await broker.fetch(1, 10, 0);
    const asked = [10, 12, 11, 40];
    const pages = await Promise.all(asked.map((offset) => broker.fetch(offset, 1_000, 0)));
    for (const [index, { records }] of pages.entries()) {
      expect(records.length).toBeGreaterThan(50);
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, place) => asked[index]! + place));
    }
  });

  it("is found new when it was deleted and made again under those who read", async () => {
    const stream = freshStream();
    const broker = await one(stream);
    await broker.produce([append(1), append(2), append(3)]);
    await broker.fetch(3, 10, 0);
    const waiting = broker.fetch(3, 10, 20_000);
    await deleteStream(stream);
    expect((await waiting).end).toBe(0);
    await broker.produce([append(4)]);
    expect(await all(broker)).toEqual(["record-4"]);
  });

  it("rejects what nobody takes", async () => {
    const stream = freshStream();
    const broker = await one(stream);
    await deleteStream(stream);
    await expect(broker.produce([append(1)])).rejects.toMatchObject({ code: "log-unavailable", retry: true });
  });

  it("gives records of others as foreign ones, at their offset", async () => {
    const stream = freshStream();
    const broker = await one(stream);
    const model = await connect(server.url);
    const channel = await model.createConfirmChannel();
    channel.sendToQueue(stream, Buffer.from("not ours"), { headers: { at: new Date(), nested: { deep: [1, 2.5] } } });
    await channel.waitForConfirms();
    await model.close();
    await broker.produce([append(1)]);
    const { records } = await broker.fetch(1, 10, 0);
    expect(records.map(({ offset, record }) => [offset, record.kind])).toEqual([
      [1, "foreign"],
      [offsetOf(2), "append"],
    ]);
    expect((await broker.fetch(1, 1, 0)).records[0]).toEqual(records[0]);
  });

  it("has each record in a message of its own where that is asked for, and reads what others put together", async () => {
    const stream = freshStream();
    const [alone] = await opened({ stream, recordsPerMessage: 1 });
    const together = await one(stream);
    await alone!.produce([append(1), append(2)]);
    await together.produce([append(3), append(4), append(5)]);
    const { records } = await alone!.fetch(1, 10, 0);
    expect(records.map(({ offset }) => offset)).toEqual([1, 17, 33, 34, 35]);
    expect((await together.fetch(34, 10, 0)).records.map(({ record }) => record.id)).toEqual(["record-4", "record-5"]);
    expect(await all(together)).toEqual([1, 2, 3, 4, 5].map((number) => `record-${number}`));
  });

  it.each([0, 17, 1.5])("does not take %s records for a message", async (recordsPerMessage) => {
    await expect(opened({ stream: freshStream(), recordsPerMessage })).rejects.toMatchObject({
      code: "option-invalid",
    });
  });

  it("is several where there are several partitions, and refuses another number of them", async () => {
    const stream = freshStream();
    const brokers = await opened({ stream, partitions: 2 });
    await Promise.all(brokers.map((broker, index) => broker.produce([append(index + 1)])));
    expect(await Promise.all(brokers.map(all))).toEqual([["record-1"], ["record-2"]]);
    for (const partitions of [1, 3]) {
      await expect(opened({ stream, partitions })).rejects.toMatchObject({ code: "log-foreign" });
    }
    await one(`${stream}-plain`);
    await expect(opened({ stream: `${stream}-plain`, partitions: 2 })).rejects.toMatchObject({ code: "log-foreign" });
  });

  it("is refused when it has other settings, or is not there and not to be made", async () => {
    const stream = freshStream();
    await opened({ stream, maxBytes: 1_000_000_000, maxAgeMs: 86_400_000, segmentBytes: 1_000_000 });
    await expect(opened({ stream, maxBytes: 2_000_000_000 })).rejects.toMatchObject({
      code: "log-foreign",
      message: expect.stringContaining("x-max-length-bytes"),
    });
    await expect(opened({ stream: "nowhere", declare: false })).rejects.toMatchObject({ code: "log-foreign" });
  });

  it("is not opened with a wrong password, or where nobody listens, and says why", async () => {
    await expect(opened({ stream: "a", password: "wrong" })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("ACCESS_REFUSED"),
    });
    await expect(opened({ stream: "a", url: "amqp://127.0.0.1:1" })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("is reached by TLS, where the certificate is good", async () => {
    const url = `amqps://localhost:${server.tlsPort}`;
    const [broker] = await opened({ stream: freshStream(), url, tls: { ca: selfSigned.cert } });
    await broker!.produce([append(1)]);
    expect(await all(broker!)).toEqual(["record-1"]);
    await expect(opened({ stream: "a", url })).rejects.toMatchObject({
      code: "log-unavailable",
      message: expect.stringContaining("self-signed certificate"),
    });
  });

  it("is served from by an address with TLS alone", async () => {
    await expectServedSecurely({
      address: (password) => `rabbitmq-stream+tls://guest:${password}@127.0.0.1:${server.tlsPort}/?stream=served`,
      password: "guest",
      refusal: /ACCESS_REFUSED/,
    });
  });

  it("is reached by any node that answers", async () => {
    const [broker] = await opened({ stream: freshStream(), hosts: ["127.0.0.1:1", `127.0.0.1:${server.port}`] });
    await broker!.produce([append(1)]);
    expect(await all(broker!)).toEqual(["record-1"]);
  });

  it("has room: 10,000 channels share one, and 10,000 who come back to them cost it a few passes", async () => {
    const options = { url: server.url, stream: freshStream() };
    await expectChannelsShareAStream(
      () => rabbitmqSource(options),
      () => server.streams(),
    );
  });

  it("is sent no more than the broker has yet to confirm", async () => {
    for (const limits of [{ maxUnconfirmed: 2 }, { maxUnconfirmedBytes: 2 * encodeText("text 1").length }]) {
      const [broker] = await opened({ stream: freshStream(), ...limits });
      const under = [broker!.produce([append(1)]), broker!.produce([append(2)])];
      await expect(broker!.produce([append(3)])).rejects.toThrow("not sent: RabbitMQ has yet to confirm 2 records");
      await Promise.all(under);
      await broker!.produce([append(4)]);
      expect(await all(broker!)).toEqual(["record-1", "record-2", "record-4"]);
    }
  });

  it("moves its start when the broker trims it", async () => {
    const [broker] = await opened({ stream: freshStream(), maxBytes: 100_000, segmentBytes: 50_000, maxStartAgeMs: 0 });
    const large = { ...append(1), payload: { kind: "bytes", data: new Uint8Array(10_000) } } as const;
    let start = 1;
    for (let count = 0; start === 1 && count < 200; count += 1) {
      await broker!.produce([large, large, large, large]);
      ({ start } = await broker!.fetch(1, 1, 0));
    }
    expect(start).toBeGreaterThan(1);
    expect((await broker!.fetch(1, 1, 0)).records[0]!.offset).toBe(start);
  });

  it("keeps what it confirmed when it is killed, and goes on by itself", async () => {
    const stream = freshStream();
    const broker = await one(stream);
    const confirmed: string[] = [];
    let sequence = 0;
    const publish = async (): Promise<void> => {
      sequence += 1;
      const record = append(sequence);
      await broker.produce([record]);
      confirmed.push(record.id);
    };
    for (let count = 0; count < 200; count += 1) await publish();
    // A queue's declaration is written by RabbitMQ 3 some seconds after it was confirmed; what is stopped in order has it.
    await server.stop();
    await server.start();
    while ((await broker.fetch(offsetOf(200), 10, 0).catch(() => undefined)) === undefined);
    const waiting = broker.fetch(offsetOf(200), 10, 60_000).catch((error: unknown) => error);
    const underWay = Promise.allSettled(Array.from({ length: 200 }, publish));
    await server.kill();
    await underWay;
    await waiting;
    await expect(broker.produce([append(9_999)])).rejects.toMatchObject({ code: "log-unavailable" });
    await server.start();
    for (let isBack = false; !isBack;) {
      isBack = await publish().then(
        () => true,
        () => false,
      );
      // To ask without a pause would take a core from the broker that starts.
      await new Promise<void>((resolve) => void ports.timers.after(20, resolve));
    }
    const found = new Set(await all(broker));
    // While nobody was there, nothing waited to be sent.
    expect(found.has("record-9999")).toBe(false);
    expect(confirmed.filter((id) => !found.has(id))).toEqual([]);
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

/** Of the first record in a message of the stream; messages are counted from 1. */
function offsetOf(message: number): number {
  return (message - 1) * 16 + 1;
}
