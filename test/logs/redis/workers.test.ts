import { expect, it, describe, onTestFinished } from "vitest";
import { follow, openRedisLog, plain, until } from "./redis-log.ts";
import { command, redisServer, startRedis } from "./redis-server.ts";

describe.skipIf(redisServer === undefined && !process.env["CI"])("a worker on the stream of a channel", () => {
  it("has each message once in its group, with the fields of the reference, and answers into a bound channel", async () => {
    const redis = await startRedis("always");
    onTestFinished(() => redis.remove());
    const bindings = [{ pattern: "done.{id}", stream: "done:{id}", field: "body" }];
    const log = await openRedisLog(redis.port, {}, { bindings });
    const done = await follow(log, "done.ann");
    await log.append([{ ...plain("jobs", "resize"), publisher: "ann", key: "k" }, plain("jobs", "crop")]);

    const ask = (words: string): Promise<string | undefined> => command(redis.port, words);
    expect(await ask("XGROUP CREATE {hawser}:s:jobs workers 0")).toBe("+OK\r\n");
    const take = "XREADGROUP GROUP workers one COUNT 1 STREAMS {hawser}:s:jobs >";
    const first = (await ask(take))!.split("\r\n").filter((line) => !/^[$*]/.test(line));
    expect(first.slice(0, 2)).toEqual(["{hawser}:s:jobs", "1-0"]);
    const fields = ["data", "resize", "kind", "text", "key", "k", "publisher", "ann", "time"];
    expect(first.slice(2, 11)).toEqual(fields);
    expect(first.slice(12, 16)).toEqual(["producer", "", "sequence", "0"]);
    expect(await ask(take)).toContain("crop");
    expect(await ask("XACK {hawser}:s:jobs workers 1-0 2-0")).toBe(":2\r\n");
    await ask("XADD done:ann * body resized");
    await until(() => done.texts.length === 1);
    expect(done.texts).toEqual(["resized"]);
  });
});
