import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker, BrokerSource, Fetched, LogRecord } from "@hawser/log/broker";
import { channelSubject, natsSource, textOfHeader } from "@hawser/log-nats";
import type { NatsOptions } from "@hawser/log-nats";
import { encodeText, systemPorts } from "@hawser/protocol";
import { jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Program } from "../support/start-program.ts";
import { expectChannelsShareAStream } from "../support/many-channels.ts";
import { outcomeOf } from "../support/outcome-of.ts";
import { anotherPort, isRemoved, startNats, withoutNats } from "./nats-server.ts";

const wide = 1_000_000;
const longMs = 60_000;

describe.skipIf(withoutNats)("NATS JetStream as a broker of records", () => {
  const sources: BrokerSource[] = [];
  let nats: Program;
  let bare: NatsConnection;
  let manager: JetStreamManager;
  let streams = 0;
  let stream = "";

  beforeAll(async () => {
    nats = await startNats();
  });
  beforeEach(async () => {
    bare = await connect({ port: nats.port });
    manager = await jetstreamManager(bare);
  });
  afterEach(async () => {
    await bare.close();
    await Promise.all(sources.splice(0).map((source) => source.close()));
  });
  afterAll(() => nats?.remove());

  async function open(options: NatsOptions = {}): Promise<readonly Broker[]> {
    const source = natsSource({ servers: `127.0.0.1:${nats.port}`, stream, ...options });
    sources.push(source);
    return source.open(systemPorts());
  }

  async function fresh(options: NatsOptions = {}): Promise<Broker> {
    streams += 1;
    stream = `kit${streams}`;
    const [broker] = await open(options);
    return broker!;
  }

  it("numbers records from 1, each once, and waits for the next where it is asked to", async () => {
    const broker = await fresh();
    expect(await broker.fetch(0, wide, 0)).toEqual({ records: [], start: 1, end: 0 });
    const waiting = broker.fetch(0, wide, longMs);
    await broker.produce([append("a", "1")]);
    expect(offsets(await waiting)).toEqual([1]);
    const next = broker.fetch(1, wide, longMs);
    await broker.produce([append("a", "2"), append("b", "3")]);
    const both = await next;
    expect(both.records[0]).toMatchObject({ offset: 1, record: { id: "1" } });
    expect(await broker.fetch(2, wide, 0)).toMatchObject({ records: [{ offset: 2 }, { offset: 3 }], start: 1, end: 3 });
    expect(await broker.fetch(4, wide, 0)).toMatchObject({ records: [], end: 3 });
  });

  it("shows at once what another node was told to be appended", async () => {
    const here = await fresh();
    const [there] = await open();
    for (let offset = 1; offset <= 50; offset += 1) {
      await there!.produce([append("a", `${offset}`)]);
      const { records, end } = await here.fetch(offset, wide, 0);
      expect(records.map(({ record }) => record.id)).toEqual([`${offset}`]);
      expect(end).toBe(offset);
    }
  });

  it("reads what is old and what is new with the same times and identities, also that of others", async () => {
    const broker = await fresh();
    await broker.fetch(0, wide, 0);
    await broker.produce(Array.from({ length: 200 }, (_, index) => append("grün\n", `${index}`)));
    bare.publish(`${stream}.0.theirs`, "not ours");
    await bare.flush();
    const tail = await broker.fetch(1, wide, 0);
    const [cold] = await open();
    const stored = await cold!.fetch(1, wide, 0);
    expect(stored.records).toEqual(tail.records);
    expect(stored.records).toHaveLength(201);
    expect(stored.records.at(-1)).toMatchObject({ offset: 201, record: { kind: "foreign" } });
    const some = await Promise.all([1, 57, 120, 201].map((offset) => cold!.fetch(offset, 1, 0)));
    expect(some.flatMap(offsets)).toEqual([1, 57, 120, 201]);
  });

  it("reads on where nobody read for long, however much came, and keeps no more than its limit of it", async () => {
    const broker = await fresh({ maxBuffered: 16 });
    const reader = broker.fetch(0, wide, longMs);
    await broker.produce(Array.from({ length: 2_000 }, (_, index) => append("a", `${index}`)));
    const seen = offsets(await reader);
    while ((seen.at(-1) ?? 0) < 2_000) {
      const fetched = await broker.fetch(seen.at(-1)!, wide, longMs);
      expect(fetched.records[0]?.offset).toBe(seen.at(-1));
      seen.push(...offsets(fetched).slice(1));
    }
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  });

  it("shows programs of others the channel in the subject, and the rest in headers", async () => {
    const broker = await fresh();
    await broker.produce([{ ...append("orders.grün 1", "1"), publisher: "ann\n" }]);
    const message = await manager.streams.getMessage(`${stream}_0`, {
      last_by_subj: channelSubject(stream, 0, "orders.grün 1"),
    });
    expect(message?.subject).toBe(`${stream}.0.orders.gr%C3%BCn%201`);
    expect(textOfHeader(message!.header.get("hawser-channel"))).toBe("orders.grün 1");
    expect(textOfHeader(message!.header.get("hawser-user"))).toBe("ann\n");
    expect(message!.string()).toBe("1");
  });

  it("begins a stream anew that somebody deleted", async () => {
    const broker = await fresh();
    await broker.produce([append("a", "1")]);
    expect(offsets(await broker.fetch(0, wide, 0))).toEqual([1]);
    await manager.streams.delete(`${stream}_0`);
    expect(await answered(() => broker.fetch(1, wide, 0))).toEqual({ records: [], start: 1, end: 0 });
    await broker.produce([append("a", "2")]);
    expect(await broker.fetch(0, wide, longMs)).toMatchObject({ records: [{ offset: 1, record: { id: "2" } }] });
  });

  it("says of a stream that was made anew, and has grown as far, that what it gave is not there", async () => {
    const broker = await fresh();
    await broker.produce([append("a", "1"), append("a", "2")]);
    expect(offsets(await broker.fetch(0, wide, 0))).toEqual([1, 2]);
    const { config } = await manager.streams.info(`${stream}_0`);
    await manager.streams.delete(`${stream}_0`);
    await isRemoved(nats, `${stream}_0`);
    await manager.streams.add(config);
    const [other] = await open();
    await other!.produce([append("a", "3"), append("a", "4"), append("a", "5")]);
    const { records, start } = await answered(() => broker.fetch(2, wide, 0));
    expect(start <= 2 && records.every(({ record }) => record.id !== "2")).toBe(true);
    expect(await broker.fetch(0, wide, 0)).toMatchObject({ records: [{ record: { id: "3" } }, {}, {}], end: 3 });
  });

  it("shows a purged stream as one whose records were trimmed", async () => {
    const broker = await fresh();
    await broker.produce([append("a", "1"), append("a", "2")]);
    await broker.fetch(0, wide, 0);
    await manager.streams.purge(`${stream}_0`);
    const [cold] = await open();
    expect(await cold!.fetch(0, wide, 0)).toEqual({ records: [], start: 3, end: 2 });
    await cold!.produce([append("a", "3")]);
    expect(await broker.fetch(3, wide, 0)).toMatchObject({ records: [{ offset: 3 }], start: 3, end: 3 });
  });

  it("fails clearly while the server is away, at once, and goes on by itself", async () => {
    const broker = await fresh();
    await broker.produce([append("a", "1")]);
    await broker.fetch(0, wide, 0);
    const waiting = broker.fetch(1, wide, longMs).catch((error: unknown) => error);
    for (const end of ["stop", "kill"] as const) {
      await nats[end]();
      await waiting;
      await expect(broker.produce([append("a", "lost")])).rejects.toMatchObject({ code: "log-unavailable" });
      await expect(broker.fetch(1, wide, 0)).rejects.toMatchObject({ code: "log-unavailable" });
      await nats.start();
      expect(await answered(() => broker.fetch(1, 1, 0))).toMatchObject({ records: [{ record: { id: "1" } }] });
      await broker.produce([append("a", `after ${end}`)]);
    }
    const { records } = await broker.fetch(1, wide, 0);
    expect(records.map(({ record }) => record.id)).toEqual(["1", "after stop", "after kill"]);
  });

  it("spreads a log over as many streams as it was made with, whoever opens it", async () => {
    await fresh({ partitions: 3 });
    expect(await open()).toHaveLength(3);
    await expect(open({ partitions: 2 })).rejects.toMatchObject({ code: "option-invalid" });
  });

  it("refuses a stream that is not its own", async () => {
    await manager.streams.add({ name: "theirs_0", subjects: ["theirs.0", "theirs.0.>"] });
    await expect(open({ stream: "theirs" })).rejects.toMatchObject({ code: "log-foreign" });
  });

  it.each<NatsOptions>([{ storage: "memory" }, { replicas: 3 }, { maxPayloadBytes: 1_048_576 }])(
    "refuses streams and servers that keep less than %j promises",
    async (options) => {
      await fresh();
      await expect(open(options)).rejects.toMatchObject({ code: "option-invalid" });
    },
  );

  it("refuses flush where the server's monitoring says that it syncs later, or says nothing", async () => {
    await fresh();
    const silent = await anotherPort();
    await expect(open({ flush: { monitoring: [`http://127.0.0.1:${silent}`] } })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining("does not answer"),
    });
    const port = await anotherPort();
    const lax = await startNats((place) => `${place.jetstream("")}\nhttp: "127.0.0.1:${port}"`);
    try {
      await expect(
        open({ servers: `127.0.0.1:${lax.port}`, flush: { monitoring: [`http://127.0.0.1:${port}`] } }),
      ).rejects.toMatchObject({ code: "option-invalid", message: expect.stringContaining("sync_interval") });
    } finally {
      await lax.remove();
    }
  });

  it("allows flush where the servers' monitoring says that they sync always", async () => {
    await fresh();
    const monitoring = createServer((_, response) => response.end(JSON.stringify({ config: { sync_always: true } })));
    await new Promise<void>((resolve) => monitoring.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void monitoring.close());
    const { port } = monitoring.address() as AddressInfo;
    expect(await open({ flush: { monitoring: [`http://127.0.0.1:${port}`] } })).toHaveLength(1);
  });

  it("takes nothing while its stream or its server keeps less than was promised, until that is set right", async () => {
    const answer = { syncs: true };
    const monitoring = createServer((_, response) =>
      response.end(JSON.stringify({ config: { sync_always: answer.syncs } })),
    );
    await new Promise<void>((resolve) => monitoring.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void monitoring.close());
    const { port } = monitoring.address() as AddressInfo;
    const flush = { monitoring: [`http://127.0.0.1:${port}`] };
    const broker = await fresh({ flush, settingsIntervalMs: 20 });
    const becomes = async (said: RegExp): Promise<void> => {
      while (!said.test(await outcomeOf(broker.produce([append("a", "1")]))));
    };
    expect(await outcomeOf(broker.produce([append("a", "1")]))).toBe("taken");
    answer.syncs = false;
    await becomes(/^log-unavailable: .*sync_interval/);
    answer.syncs = true;
    await becomes(/^taken$/);
    const { config } = await manager.streams.info(`${stream}_0`);
    await manager.streams.update(config.name, { ...config, max_msg_size: 1_000 });
    await becomes(/^log-unavailable: .*max_msg_size/);
    await manager.streams.update(config.name, config);
    await becomes(/^taken$/);
  });

  it("has room: 10,000 channels share a stream, and 10,000 who come back to them cost it a few passes", async () => {
    streams += 1;
    const options = { servers: `127.0.0.1:${nats.port}`, stream: `kit${streams}` };
    await expectChannelsShareAStream(
      () => natsSource(options),
      async () => (await manager.getAccountInfo()).streams,
    );
  });

  it("needs no more permissions than the documentation says", async () => {
    const documented = await readFile(new URL("../../../docs/operating/nats.md", import.meta.url), "utf8");
    const permissions = /permissions \{[\s\S]*?\n\}/.exec(documented)![0];
    const login = { user: "ann", pass: "secret" };
    const strict = await startNats(
      (place) => `${place.jetstream("")}\nauthorization { users: [{ user: ann, password: secret, ${permissions} }] }`,
      login,
    );
    onTestFinished(() => strict.remove());
    const options = { servers: `127.0.0.1:${strict.port}`, stream: "chat", ...login };
    const [broker] = await open(options);
    expect(await broker!.fetch(0, wide, 0)).toMatchObject({ end: 0 });
    await broker!.produce([append("a", "1"), append("b", "2")]);
    expect(offsets(await broker!.fetch(1, wide, longMs))).toEqual([1, 2]);
    const [cold] = await open(options);
    expect(offsets(await cold!.fetch(1, 1, 0))).toEqual([1]);
  });
});

function append(channel: string, id: string): Extract<LogRecord, { kind: "append" }> {
  const numbers = { epoch: 1, sequence: 0, previous: 0, deduplicateMs: 0 };
  const payload = { kind: "text", data: encodeText(id) } as const;
  return { kind: "append", id, channel, producer: "", key: "", publisher: "", payload, ...numbers };
}

function offsets({ records }: Fetched): number[] {
  return records.map(({ offset }) => offset);
}

/** What is answered when it is, after the failures that come before. */
async function answered(ask: () => Promise<Fetched>): Promise<Fetched> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      expect(error).toMatchObject({ code: "log-unavailable" });
    }
  }
}
