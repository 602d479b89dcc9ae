import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Append } from "@hawser/log";
import { bindingCases } from "@hawser/log/conformance";
import type { BindingHarness } from "@hawser/log/conformance";
import { natsLog } from "@hawser/log-nats";
import type { NatsBinding } from "@hawser/log-nats";
import { systemPorts } from "@hawser/protocol";
import { jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Program } from "../support/start-program.ts";
import { follow, openNatsLog, plain, textOf, until } from "./nats-log.ts";
import { isRemoved, startNats, withoutNats } from "./nats-server.ts";

const ports = systemPorts();
const wide = { maxCount: 1_000_000, maxBytes: 1e9 };

describe.skipIf(withoutNats)("subjects of a stream that others write", () => {
  let nats: Program;
  let manager: JetStreamManager;
  let publish: (subject: string, data: string | Uint8Array) => Promise<unknown>;
  let count = 0;
  let stream = "";
  let bindings: readonly NatsBinding[] = [];

  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats?.remove());
  beforeEach(async () => {
    const bare = await connect({ port: nats.port });
    onTestFinished(() => bare.close());
    manager = await jetstreamManager(bare);
    publish = (subject, data) => jetstream(bare).publish(`${stream}.${subject}`, data);
    stream = `shop${(count += 1)}`;
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], allow_direct: count % 2 === 0 });
    bindings = [{ pattern: "orders.{id}", stream, subject: `${stream}.orders.{id}` }];
  });

  const open = () => openNatsLog(nats.port, { bindings, stream: `log${count}` });

  for (const { name, needs, run } of bindingCases) {
    it(name, async () => {
      const harness: BindingHarness = {
        ...ports,
        create: async () => natsLog({ servers: `127.0.0.1:${nats.port}`, bindings, stream: `log${count}` }),
        write: async (key, values) => {
          for (const value of values) await publish(`orders.${key}`, value ?? Uint8Array.of(0xff));
        },
        recreate: async () => {
          const { config } = await manager.streams.info(stream);
          await manager.streams.delete(stream);
          await isRemoved(nats, stream);
          await manager.streams.add(config);
        },
        drive: (work) => work,
        settle: () => new Promise((resolve) => void ports.timers.after(5, resolve)),
      };
      expect(needs(harness)).toBe(true);
      await expect(run(harness)).resolves.toBeUndefined();
    });
  }

  for (const way of ["by consumers", "directly"]) {
    it(`are read from any position, in either direction, ${way}`, async () => {
      for (let index = 1; index <= 600; index += 1) await publish(`orders.${index % 2}`, `${index}`);
      const log = await open();
      const head = await log.head("orders.0");
      expect(head).toMatchObject({ floor: 0, end: 600 });
      expect(await log.head("orders.1")).toMatchObject({ floor: 0, end: 599 });
      expect(await log.head("orders.none")).toMatchObject({ floor: 0, end: 0 });
      const all = await log.read("orders.0", 0, wide);
      expect(all).toMatchObject({ interval: { from: 0, to: 600 }, more: false });
      expect(all.entries.map(textOf)).toEqual(Array.from({ length: 300 }, (_, index) => `${index * 2 + 2}`));
      const first = await log.read("orders.0", 3, { maxCount: 2, maxBytes: 1e6 });
      expect(first).toMatchObject({ interval: { from: 3, to: 6 }, more: true });
      expect(first.entries.map(textOf)).toEqual(["4", "6"]);
      const newest = await log.readBackward("orders.0", Infinity, { maxCount: 3, maxBytes: 1e6 });
      expect(newest.entries.map(textOf)).toEqual(["596", "598", "600"]);
      expect(newest.more).toBe(true);
      const oldest = await log.readBackward("orders.0", 4, wide);
      expect(oldest).toMatchObject({ interval: { from: 0, to: 4 }, more: false });
      expect(oldest.entries.map(textOf)).toEqual(["2", "4"]);
      const bytes = await log.read("orders.0", 0, { maxCount: 100, maxBytes: 2 });
      expect(bytes.entries.map(textOf)).toEqual(["2", "4"]);
    });
  }

  it("are followed beside the log's own channels, each message by the channel that it is for", async () => {
    await publish("orders.1", "before");
    const log = await open();
    const followed = [await follow(log, "orders.1"), await follow(log, "orders.2"), await follow(log, "own")];
    await publish("orders.2", "x");
    await publish("elsewhere", "nobody's");
    await publish("orders.1", "y");
    await log.append([plain("own", "z")]);
    await until(() => followed.every(({ texts }) => texts.length === 1));
    expect(followed.map(({ texts }) => texts)).toEqual([["y"], ["x"], ["z"]]);
  });

  it("take nothing from clients of Hawser", async () => {
    const log = await open();
    const outcomes = await log.append([plain("orders.1", "no"), plain("own", "yes")]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["failed", "accepted"]);
    expect(await log.head("orders.1")).toMatchObject({ end: 0 });
  });

  describe("both ways", () => {
    const numbered = (sequence: number, previous = sequence - 1, text = `p-${sequence}`): Append => ({
      ...plain("orders.1", text, "ann"),
      producer: "p",
      sequence,
      previous,
    });
    beforeEach(() => {
      bindings = bindings.map((binding) => ({ ...binding, mode: "both" }));
    });

    it("take what clients publish, as it is, beside what others write", async () => {
      const log = await open();
      const followed = await follow(log, "orders.1");
      await publish("orders.1", "theirs");
      const outcomes = await log.append([numbered(1), plain("own", "yes"), numbered(2)]);
      const { epoch } = await log.head("orders.1");
      expect(outcomes).toMatchObject([
        { kind: "accepted", epoch, offset: 2 },
        { kind: "accepted" },
        { kind: "accepted", epoch, offset: 3 },
      ]);
      await until(() => followed.texts.length === 3);
      expect(followed.texts).toEqual(["theirs", "p-1", "p-2"]);
      const { entries } = await log.read("orders.1", 0, wide);
      expect(entries.map(({ publisher }) => publisher)).toEqual(["", "ann", "ann"]);
      const message = await manager.streams.getMessage(stream, { seq: 3 });
      expect([message?.subject, message?.string()]).toEqual([`${stream}.orders.1`, "p-2"]);
    });

    it("hold publishers to their numbers on every node, whoever wrote in between", async () => {
      const [here, there] = [await open(), await open()];
      await here.append([numbered(1)]);
      await publish("orders.1", "theirs");
      expect(await there.append([numbered(1), numbered(3), numbered(2)])).toMatchObject([
        { kind: "duplicate", offset: 1 },
        { kind: "out-of-order", last: 1 },
        { kind: "accepted", offset: 3 },
      ]);
      expect(await here.append([numbered(2), numbered(3)])).toMatchObject([
        { kind: "duplicate", offset: 3 },
        { kind: "accepted", offset: 4 },
      ]);
      const stranger = { ...numbered(8, 7), producer: "stranger" };
      expect(await there.append([stranger])).toEqual([{ kind: "producer-unknown" }]);
    });

    it("have each message once, however many nodes were told to append it at the same time", async () => {
      const nodes = [await open(), await open(), await open()];
      const rounds = await Promise.all(
        nodes.map((log) => log.append(Array.from({ length: 20 }, (_, n) => numbered(n + 1)))),
      );
      const accepted = rounds.flat().filter(({ kind }) => kind === "accepted");
      expect(accepted).toHaveLength(20);
      const { entries } = await nodes[0]!.read("orders.1", 0, wide);
      expect(entries.map(textOf)).toEqual(Array.from({ length: 20 }, (_, n) => `p-${n + 1}`));
    });

    it("decide anew when the stream was made anew", async () => {
      const log = await open();
      await log.append([numbered(1), numbered(2)]);
      const { config } = await manager.streams.info(stream);
      await manager.streams.delete(stream);
      await isRemoved(nats, stream);
      await manager.streams.add(config);
      expect(await log.append([numbered(3)])).toEqual([{ kind: "producer-unknown" }]);
    });

    it("fail past their limits, and go on", async () => {
      const log = await openNatsLog(nats.port, {
        bindings,
        stream: `log${count}`,
        maxBoundWaiting: 2,
        maxPayloadBytes: 10,
      });
      const outcomes = await log.append([numbered(1), numbered(2), numbered(3)]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "failed"]);
      expect(
        (await log.append([numbered(3, 2, "0123456789"), numbered(4, 3, "0123456789!")])).map(({ kind }) => kind),
      ).toEqual(["accepted", "failed"]);
    });

    it("are refused in a stream that keeps less than is promised", async () => {
      const { config } = await manager.streams.info(stream);
      await manager.streams.delete(stream);
      await isRemoved(nats, stream);
      await manager.streams.add({ ...config, storage: StorageType.Memory });
      await expect(open()).rejects.toMatchObject({ code: "option-invalid" });
    });
  });

  it("go on where they were when the server is back", async () => {
    const log = await open();
    const followed = await follow(log, "orders.1");
    await publish("orders.1", "1");
    await until(() => followed.texts.length === 1);
    await nats.kill();
    await nats.start();
    const bare = await connect({ port: nats.port });
    onTestFinished(() => bare.close());
    await jetstream(bare).publish(`${stream}.orders.1`, "2");
    await until(() => followed.texts.length === 2);
    expect(followed).toMatchObject({ texts: ["1", "2"], heads: [] });
  });

  it("of a stream that was made anew begin a new epoch", async () => {
    const log = await open();
    const followed = await follow(log, "orders.1");
    await publish("orders.1", "1");
    await until(() => followed.texts.length === 1);
    const { epoch } = await log.head("orders.1");
    const { config } = await manager.streams.info(stream);
    await manager.streams.delete(stream);
    await isRemoved(nats, stream);
    await manager.streams.add(config);
    await until(() => followed.heads.length > 0);
    expect(followed.heads[0]!.epoch).toBeGreaterThan(epoch);
    await publish("orders.1", "new");
    await until(() => followed.texts.length === 2);
    expect((await log.read("orders.1", 0, wide)).entries.map(textOf)).toEqual(["new"]);
  });

  it("need their stream to be there when the log opens", async () => {
    bindings = [{ pattern: "a", stream: "missing", subject: "a" }];
    await expect(open()).rejects.toMatchObject({ code: "log-unavailable" });
  });
});
