import { describe, expect, it, onTestFinished } from "vitest";
import type { RedisBinding } from "@hawser/log-redis";
import type { Program } from "../support/start-program.ts";
import { follow, numbered, openRedisLog, plain, textsOf, until } from "./redis-log.ts";
import { command, redisServer, startRedis } from "./redis-server.ts";

async function redis(): Promise<Program> {
  const program = await startRedis("always");
  onTestFinished(() => program.remove());
  return program;
}

const read: RedisBinding = { pattern: "orders.{id}", stream: "shop:orders:{id}", field: "body" };
const both: RedisBinding = { ...read, mode: "both" };

describe.skipIf(redisServer === undefined && !process.env["CI"])("a Redis stream that others write", () => {
  it("is read and followed as a channel, from any position, in either direction", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, {}, { bindings: [read] });
    for (const text of ["1", "2", "3"]) await command(port, `XADD shop:orders:7 * body ${text}`);
    expect(await textsOf(log, "orders.7")).toEqual(["1", "2", "3"]);
    const { end, floor } = await log.head("orders.7");
    expect(floor).toBe(0);
    const followed = await follow(log, "orders.7");
    for (const text of ["4", "5"]) await command(port, `XADD shop:orders:7 * body ${text}`);
    await until(() => followed.texts.length === 2);
    expect(followed.texts).toEqual(["4", "5"]);
    const options = { maxCount: 2, maxBytes: 1e6 };
    const first = await log.read("orders.7", 0, options);
    expect([first.more, first.interval.from]).toEqual([true, 0]);
    const rest = await log.read("orders.7", first.interval.to, { ...options, maxCount: 10 });
    expect([rest.entries.length, rest.more]).toEqual([3, false]);
    const newest = await log.readBackward("orders.7", Infinity, options);
    expect(newest.entries.map(({ offset }) => offset)).toEqual(rest.entries.slice(-2).map(({ offset }) => offset));
    expect(newest.more).toBe(true);
    expect((await log.readBackward("orders.7", end, { ...options, maxCount: 10 })).entries).toHaveLength(3);
  });

  it("that does not exist yet is followed all the same, beside others", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, {}, { bindings: [read] });
    const followed = [await follow(log, "orders.1"), await follow(log, "orders.2"), await follow(log, "own")];
    await command(port, "XADD shop:orders:2 * body x");
    await command(port, "XADD shop:orders:1 * body y");
    await log.append([plain("own", "z")]);
    await until(() => followed.every(({ texts }) => texts.length === 1));
    expect(followed.map(({ texts }) => texts)).toEqual([["y"], ["x"], ["z"]]);
  });

  it("shows what cannot be carried as a hole", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, {}, { bindings: [{ ...read, kind: "json" }] });
    await command(port, "XADD shop:orders:7 * body {");
    await command(port, "XADD shop:orders:7 * body 17");
    const { entries } = await log.read("orders.7", 0, { maxCount: 10, maxBytes: 1e6 });
    expect(entries.map(({ payload }) => payload?.kind)).toEqual([undefined, "json"]);
  });

  it("that is bound to be read only takes nothing; one that is bound both ways takes what others can read", async () => {
    const { port } = await redis();
    const reader = await openRedisLog(port, {}, { bindings: [read] });
    expect(await reader.append([plain("orders.7", "1")])).toMatchObject([{ kind: "failed", code: "log-full" }]);
    const log = await openRedisLog(port, {}, { bindings: [both] });
    const followed = await follow(log, "orders.7");
    const outcomes = await log.append([numbered("orders.7", "p", 1), numbered("orders.7", "p", 2)]);
    expect(outcomes).toMatchObject([{ kind: "accepted" }, { kind: "accepted" }]);
    expect(await log.append([numbered("orders.7", "p", 1), numbered("orders.7", "p", 4)])).toEqual([
      { ...outcomes[0], kind: "duplicate" },
      { kind: "out-of-order", last: 2 },
    ]);
    await until(() => followed.texts.length === 2);
    expect(await textsOf(reader, "orders.7")).toEqual(["p-1", "p-2"]);
    expect(await command(port, "XLEN shop:orders:7")).toBe(":2\r\n");
  });

  it("begins a new epoch when it is another stream under the same name", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, {}, { bindings: [read] });
    for (const text of ["1", "2"]) await command(port, `XADD shop:orders:7 * body ${text}`);
    const followed = await follow(log, "orders.7");
    const before = await log.head("orders.7");
    await command(port, "DEL shop:orders:7");
    await command(port, "XADD shop:orders:7 * body 3");
    await until(() => followed.heads.length > 0);
    const after = await log.head("orders.7");
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after.lineage.every(({ start }) => start === 0)).toBe(true);
  });

  it("tells a floor where it was trimmed by its owner, and is not deceived by an entry that was deleted", async () => {
    const { port } = await redis();
    const log = await openRedisLog(port, {}, { bindings: [read] });
    for (const text of ["1", "2", "3", "4"]) await command(port, `XADD shop:orders:7 * body ${text}`);
    const { entries } = await log.read("orders.7", 0, { maxCount: 10, maxBytes: 1e6 });
    await command(port, "XTRIM shop:orders:7 MAXLEN 2");
    expect((await log.head("orders.7")).floor).toBe(entries[2]!.offset - 1);
    const page = await log.read("orders.7", 0, { maxCount: 10, maxBytes: 1e6 });
    expect(page.interval.from).toBe(entries[2]!.offset - 1);
    expect(page.entries).toEqual(entries.slice(2));
  });

  it("goes on after the server was away", async () => {
    const program = await redis();
    const log = await openRedisLog(program.port, {}, { bindings: [both] });
    const followed = await follow(log, "orders.7");
    await program.kill();
    await program.start();
    await until(() => followed.available.at(-1) === true);
    await command(program.port, "XADD shop:orders:7 * body 1");
    await until(async () => (await textsOf(log, "orders.7")).length === 1);
    await until(() => followed.texts.length + followed.heads.filter(({ end }) => end > 0).length > 0);
    expect((await log.head("orders.7")).end).toBeGreaterThan(0);
  });
});
