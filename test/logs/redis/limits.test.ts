import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "../support/start-program.ts";
import { follow, numbered, openRedisLog, plain, textsOf, until } from "./redis-log.ts";
import { command, redisServer, startRedis } from "./redis-server.ts";

describe.skipIf(redisServer === undefined && !process.env["CI"])("a limit of the log in Redis", () => {
  let redis: Program;
  beforeAll(async () => {
    redis = await startRedis("memory");
  });
  afterAll(() => redis.remove());

  it("maxFollowed bounds the channels that a node follows", async () => {
    const log = await openRedisLog(redis.port, {}, { prefix: "followed", maxFollowed: 2 });
    const handlers = { onEntries: () => {}, onFloor: () => {}, onEpoch: () => {} };
    const [first] = [await log.follow("a", handlers), await log.follow("b", handlers), await log.follow("b", handlers)];
    await expect(log.follow("c", handlers)).rejects.toMatchObject({ code: "overloaded" });
    first.close();
    await expect(log.follow("c", handlers)).resolves.toBeDefined();
  });

  it("maxBoundFollowed bounds those that others write", async () => {
    const bindings = [{ pattern: "theirs.{id}", stream: "limits:{id}" }];
    const log = await openRedisLog(redis.port, {}, { prefix: "bound", maxBoundFollowed: 1, bindings });
    const handlers = { onEntries: () => {}, onFloor: () => {}, onEpoch: () => {} };
    const first = await log.follow("theirs.1", handlers);
    await expect(log.follow("theirs.2", handlers)).rejects.toMatchObject({ code: "overloaded" });
    first.close();
    await expect(log.follow("theirs.2", handlers)).resolves.toBeDefined();
  });

  it("maxWaitingBytes bounds appends without an outcome, of which one is always let in", async () => {
    const log = await openRedisLog(redis.port, {}, { prefix: "waiting", maxWaitingBytes: 1_000 });
    const large = plain("a", "x".repeat(400));
    const outcomes = await log.append([plain("a", "x".repeat(5_000)), large]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "failed"]);
    // Each costs 200 bytes beside its payload.
    const fitting = await log.append([plain("a", "x".repeat(300)), plain("a", "x".repeat(300))]);
    expect(fitting.map(({ kind }) => kind)).toEqual(["accepted", "accepted"]);
    const past = await log.append([plain("a", "x".repeat(300)), plain("a", "x".repeat(301))]);
    expect(past.map(({ kind }) => kind)).toEqual(["accepted", "failed"]);
  });

  it.each([
    ["maxGroupAppends", { maxGroupAppends: 1 }],
    ["maxGroupBytes", { maxGroupBytes: 1 }],
    ["maxGroupsUnderWay", { maxGroupAppends: 3, maxGroupsUnderWay: 1 }],
  ])("%s makes more calls of the script of the same appends, in their order", async (name, options) => {
    const log = await openRedisLog(redis.port, {}, { prefix: name, ...options });
    const appends = Array.from({ length: 50 }, (_, index) => numbered("a", "p", index + 1));
    const outcomes = await log.append(appends);
    expect(outcomes.every(({ kind }) => kind === "accepted")).toBe(true);
    expect(await textsOf(log, "a")).toEqual(Array.from({ length: 50 }, (_, index) => `p-${index + 1}`));
  });

  it("feedBytes bounds the feed, and a record that is larger than that is in it all the same", async () => {
    const log = await openRedisLog(redis.port, {}, { prefix: "fed", feedBytes: 50_000 });
    const followed = await follow(log, "a");
    await log.append(Array.from({ length: 3_000 }, (_, index) => plain("a", `${index}`)));
    await log.append([plain("a", "x".repeat(60_000))]);
    await until(() => followed.texts.length === 3_001);
    const length = Number((await command(redis.port, "XLEN {fed}:feed"))!.slice(1));
    expect(length).toBeLessThan(1_000);
  });
});
