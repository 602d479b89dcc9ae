import { describe, expect, it, onTestFinished } from "vitest";
import type { Program } from "../support/start-program.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { follow, numbered, openRedisLog, plain, textsOf, until } from "./redis-log.ts";
import { command, redisServer, startRedis } from "./redis-server.ts";
import type { RedisPersistence } from "./redis-server.ts";

async function redis(persistence: RedisPersistence = "memory", more: readonly string[] = []): Promise<Program> {
  const program = await startRedis(persistence, more);
  onTestFinished(() => program.remove());
  return program;
}

describe.skipIf(redisServer === undefined && !process.env["CI"])("the log in Redis", () => {
  it("gives two nodes one order, whoever appends", async () => {
    const { port } = await redis();
    const logs = [await openRedisLog(port), await openRedisLog(port)];
    const followed = await Promise.all(logs.map((log) => follow(log, "a")));
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => logs[index % 2]!.append([plain("a", `${index}`), plain("b", "other")])),
    );
    await until(() => followed.every(({ texts }) => texts.length === 200));
    expect(followed[0]!.texts).toEqual(await textsOf(logs[1]!, "a"));
    expect(followed[1]!.texts).toEqual(followed[0]!.texts);
  });

  it("decides on a node that was never there before as on the one that appended", async () => {
    const { port } = await redis();
    const first = await openRedisLog(port);
    const accepted = await first.append([numbered("a", "p", 1), numbered("a", "p", 2)]);
    const second = await openRedisLog(port);
    expect(await second.append([numbered("a", "p", 2), numbered("a", "p", 4), numbered("a", "p", 3)])).toEqual([
      { ...accepted[1], kind: "duplicate" },
      { kind: "out-of-order", last: 2 },
      expect.objectContaining({ kind: "accepted" }),
    ]);
  });

  it("has a higher epoch after FLUSHALL, and tells its followers though nobody appends", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port);
    const followed = await follow(log, "a");
    await log.append([plain("a", "1"), plain("a", "2")]);
    await until(() => followed.texts.length === 2);
    const before = await log.head("a");
    await command(port, "FLUSHALL");
    await until(() => followed.heads.length > 0);
    const after = await log.head("a");
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after).toEqual({ epoch: after.epoch, floor: 0, end: 0, lineage: [{ epoch: after.epoch, start: 0 }] });
    await log.append([plain("a", "3")]);
    await until(() => followed.texts.length === 3);
    expect(followed.texts).toEqual(["1", "2", "3"]);
  });

  it("has a higher epoch after a restart that lost everything, and carries no position over", async () => {
    const program = await redis("memory");
    const log = await openRedisLog(program.port);
    const followed = await follow(log, "a");
    await log.append([plain("a", "1")]);
    await until(() => followed.texts.length === 1);
    const before = await log.head("a");
    await program.kill();
    await program.start();
    const [outcome] = await log.append([plain("a", "2")]);
    expect(outcome).toMatchObject({ kind: "accepted", offset: 1 });
    const after = await log.head("a");
    expect(after.lineage.map(({ epoch }) => epoch)).not.toContain(before.epoch);
    expect(after.epoch).toBeGreaterThan(before.epoch);
    await until(() => followed.heads.length > 0 && followed.available.at(-1) === true);
  });

  it("carries positions over to the epoch that follows a restart that lost nothing", async () => {
    const program = await redis("always");
    const log = await openRedisLog(program.port);
    await log.append([plain("a", "1"), plain("a", "2")]);
    const before = await log.head("a");
    await program.kill();
    await program.start();
    await log.append([plain("a", "3")]);
    const after = await log.head("a");
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after.lineage).toEqual([...before.lineage, { epoch: after.epoch, start: 2 }]);
  });

  it("has a higher epoch when the stream of a channel was deleted, whose offsets go on", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port);
    await log.append([plain("a", "1"), plain("a", "2")]);
    const before = await log.head("a");
    await command(port, "DEL {hawser}:s:a");
    const after = await log.head("a");
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect([after.floor, after.end]).toEqual([2, 2]);
    expect(await log.append([plain("a", "3")])).toMatchObject([{ kind: "accepted", offset: 3 }]);
    expect(await textsOf(log, "a")).toEqual(["3"]);
  });

  it("has a higher epoch when all of a channel that is followed was deleted", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port);
    const followed = await follow(log, "a");
    await log.append([plain("a", "1"), plain("a", "2")]);
    await until(() => followed.texts.length === 2);
    const before = await log.head("a");
    await command(port, "DEL {hawser}:s:a {hawser}:c:a {hawser}:z:a");
    // Whatever makes the node look: here another connection to the same server.
    const reset = await command(port, "CLIENT KILL TYPE normal");
    expect(reset).toMatch(/^:/);
    await until(() => followed.heads.length > 0);
    expect(followed.heads[0]!.epoch).toBeGreaterThan(before.epoch);
    expect(followed.heads[0]!.end).toBe(0);
  });

  it("reads the channel itself where a node lags behind what the feed keeps", async () => {
    const { port } = await redis();
    const proxy = await FaultProxy.to(port);
    onTestFinished(() => proxy.close());
    const far = await openRedisLog(Number(new URL(proxy.urlOf("tcp://x")).port), {}, { feedBytes: 20_000 });
    const near = await openRedisLog(port, {}, { feedBytes: 20_000 });
    const followed = await follow(far, "a");
    proxy.stall("down");
    const texts = Array.from({ length: 2_000 }, (_, index) => `${index}`);
    await near.append(texts.map((text) => plain("a", text)));
    proxy.flow("down");
    await until(() => followed.texts.length >= 2_000);
    expect(followed.texts).toEqual(texts);
    expect(followed.heads).toEqual([]);
  });

  it("says so where a channel that keeps nothing was trimmed before a node could have it", async () => {
    const { port } = await redis();
    const proxy = await FaultProxy.to(port);
    onTestFinished(() => proxy.close());
    const policy = { retainCount: 0 };
    const far = await openRedisLog(Number(new URL(proxy.urlOf("tcp://x")).port), policy, { feedBytes: 20_000 });
    const near = await openRedisLog(port, policy, { feedBytes: 20_000 });
    const followed = await follow(far, "a");
    proxy.stall("down");
    await near.append(Array.from({ length: 2_000 }, (_, index) => plain("a", `${index}`)));
    proxy.flow("down");
    await until(() => followed.heads.length > 0);
    expect(followed.heads.at(-1)).toMatchObject({ floor: 2_000, end: 2_000 });
  });

  it("fails appends while the server is away longer than they wait, and goes on by itself", async () => {
    const program = await redis("always");
    const log = await openRedisLog(program.port, {}, { appendWaitMs: 50 });
    const followed = await follow(log, "a");
    await program.stop();
    await until(() => followed.available.at(-1) === false);
    expect(await log.append([plain("a", "lost")])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
    await expect(log.head("a")).rejects.toMatchObject({ code: "log-unavailable" });
    await program.start();
    await until(() => followed.available.at(-1) === true);
    expect(await log.append([plain("a", "1")])).toMatchObject([{ kind: "accepted" }]);
    await until(() => followed.texts.length === 1);
    expect(followed.texts).toEqual(["1"]);
  });

  it("keeps appends back while the server is away for a moment", async () => {
    const program = await redis("always");
    const log = await openRedisLog(program.port, {}, { appendWaitMs: 60_000 });
    const followed = await follow(log, "a");
    await program.stop();
    await until(() => followed.available.at(-1) === false);
    const appended = log.append([plain("a", "1"), plain("a", "2")]);
    await program.start();
    expect(await appended).toMatchObject([{ kind: "accepted" }, { kind: "accepted" }]);
  });

  it("gives a silent server up, and goes on when it speaks again", async () => {
    const { port } = await redis();
    const proxy = await FaultProxy.to(port);
    onTestFinished(() => proxy.close());
    const options = { silenceMs: 300, connectTimeoutMs: 1_000 };
    const log = await openRedisLog(Number(new URL(proxy.urlOf("tcp://x")).port), {}, options);
    const followed = await follow(log, "a");
    proxy.stall("down");
    await until(() => followed.available.at(-1) === false);
    proxy.flow("down");
    await until(() => followed.available.at(-1) === true);
    expect(await log.append([plain("a", "1")])).toMatchObject([{ kind: "accepted" }]);
    await until(() => followed.texts.length === 1);
  });

  it("does not wait for ever for a server that lets it in and says nothing", async () => {
    const { port } = await redis("memory", ["--requirepass", "secret"]);
    const proxy = await FaultProxy.to(port);
    onTestFinished(() => proxy.close());
    const options = { connectTimeoutMs: 1_000, client: { password: "secret" } };
    const log = await openRedisLog(Number(new URL(proxy.urlOf("tcp://x")).port), {}, options);
    const followed = await follow(log, "a");
    proxy.stall("down");
    const { count } = proxy;
    proxy.endAll("reset");
    await until(() => proxy.count > count + 2);
    proxy.flow("down");
    await until(() => followed.available.at(-1) === true);
    expect(await log.append([plain("a", "1")])).toMatchObject([{ kind: "accepted" }]);
  });

  it("answers log-full where the memory of the server is full, and appends nothing", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port);
    await log.append([plain("a", "1")]);
    await command(port, "CONFIG SET maxmemory 1");
    expect(await log.append([plain("a", "2")])).toMatchObject([{ kind: "failed", code: "log-full" }]);
    await command(port, "CONFIG SET maxmemory 100mb");
    expect(await log.append([plain("a", "3")])).toMatchObject([{ kind: "accepted", offset: 2 }]);
    expect(await textsOf(log, "a")).toEqual(["1", "3"]);
  });

  it("trims by age what nobody appends to, and tells its followers", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, { retainAgeMs: 300 });
    const followed = await follow(log, "a");
    await log.append([plain("a", "1"), plain("a", "2")]);
    await until(() => followed.floors.at(-1) === 2);
    expect(await textsOf(log, "a")).toEqual([]);
    expect(await log.append([plain("a", "3")])).toMatchObject([{ kind: "accepted", offset: 3 }]);
  });

  it("forgets a producer when its window has passed, and not when its entries are trimmed", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, { deduplicateMs: 1_500, retainCount: 1 });
    await log.append([numbered("a", "p", 1), plain("a", "x"), plain("a", "y")]);
    expect(await log.append([numbered("a", "p", 1)])).toMatchObject([{ kind: "duplicate", offset: 1 }]);
    await until(async () => (await log.append([numbered("a", "p", 5)]))[0]!.kind === "producer-unknown");
  });
});
