import { describe, expect, it, onTestFinished } from "vitest";
import { redisLogAsSet } from "@hawser/log-redis";
import { freePort, Program } from "../support/start-program.ts";
import { follow, numbered, openRedisLog, plain, textsOf, until } from "./redis-log.ts";
import { command, redisServer, startRedis } from "./redis-server.ts";
import type { RedisPersistence } from "./redis-server.ts";

async function redis(persistence: RedisPersistence = "memory", more: readonly string[] = []): Promise<Program> {
  const program = await startRedis(persistence, more);
  onTestFinished(() => program.remove());
  return program;
}

/** A replica that has what its primary has now. */
async function replicaOf(primary: Program): Promise<Program> {
  const replica = await redis("memory", ["--replicaof", "127.0.0.1", `${primary.port}`]);
  await until(
    async () => (await command(replica.port, "INFO replication"))?.includes("master_link_status:up") === true,
  );
  // Before its first word to the primary it counts for nothing there.
  await until(async () => (await command(primary.port, "INFO replication"))?.includes("state=online") === true);
  return replica;
}

describe.skipIf(redisServer === undefined && !process.env["CI"])("a server of the log in Redis", () => {
  it.each([
    ["memory", "commit", "appendonly"],
    ["everysec", "flush", "appendfsync is everysec"],
  ] as const)("that is set to %s is refused for durability %s", async (persistence, durability, reason) => {
    const { port } = await redis(persistence);
    await expect(openRedisLog(port, {}, { durabilities: [durability] })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining(reason),
    });
  });

  it.each([
    ["memory", ["memory"]],
    ["everysec", ["memory", "commit"]],
    ["always", ["memory", "commit", "flush"]],
  ] as const)("that is set to %s keeps the durabilities %j", async (persistence, kept) => {
    const { port } = await redis(persistence);
    const log = await redisLogAsSet({ url: `redis://127.0.0.1:${port}` });
    expect(log.capabilities.durabilities).toEqual(kept);
  });

  it("that is set to keep less while nodes run takes nothing until it is set right, and says why", async () => {
    const { port } = await redis("always");
    const options = { durabilities: ["flush"], settingsIntervalMs: 20, appendWaitMs: 0 } as const;
    const log = await openRedisLog(port, {}, options);
    const refusals = [
      ["appendfsync everysec", "appendfsync is everysec"],
      ["appendonly no", "appendonly is no"],
      ["maxmemory-policy allkeys-lru", "noeviction"],
    ] as const;
    await command(port, "CONFIG SET maxmemory 100mb");
    for (const [setting, reason] of refusals) {
      await command(port, `CONFIG SET ${setting}`);
      const refused = expect.objectContaining({ kind: "failed", message: expect.stringContaining(reason) });
      await until(async () => refused.asymmetricMatch((await log.append([plain("a", "1")]))[0]));
      const right = setting.replace(/everysec|allkeys-lru|no$/, (word) => rightly[word]!);
      await command(port, `CONFIG SET ${right}`);
      await until(async () => (await log.append([plain("a", "1")]))[0]!.kind === "accepted");
    }
  });

  it("that throws keys away when its memory is full is refused", async () => {
    const { port } = await redis("memory", ["--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru"]);
    await expect(openRedisLog(port)).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining("noeviction"),
    });
  });

  it("that is not there is not available", async () => {
    const options = { openTimeoutMs: 100, connectTimeoutMs: 50 };
    await expect(openRedisLog(await freePort(), {}, options)).rejects.toMatchObject({ code: "log-unavailable" });
  });

  it("lets a user in who may do no more than the reference says, who cannot ask how durable it is", async () => {
    const { port } = await redis("always");
    const asked = "+@connection +info +wait +evalsha +script|load +xread";
    const inScript =
      "+time +hmget +hset +exists +del +get +set +xadd +xrange +xrevrange +xtrim +rpush +lpop +zadd +zrem +zrangebyscore";
    expect(await command(port, `ACL SETUSER ann on >secret ~{hawser}* ${asked} ${inScript}`)).toBe("+OK\r\n");
    const options = { client: { username: "ann", password: "secret" } };
    const log = await openRedisLog(port, {}, { ...options, durabilities: ["memory", "commit"] });
    const followed = await follow(log, "a");
    expect(await log.append([numbered("a", "p", 1)])).toMatchObject([{ kind: "accepted" }]);
    await until(() => followed.texts.length === 1);
    await expect(openRedisLog(port, {}, { ...options, durabilities: ["flush"] })).rejects.toMatchObject({
      message: expect.stringContaining("CONFIG GET"),
    });
  });

  it("acknowledges what as many replicas have as it is told, and nothing that fewer have", async () => {
    const primary = await redis();
    const hasty = await openRedisLog(primary.port, {}, { replicas: 1, replicasTimeoutMs: 100 });
    expect(await hasty.append([numbered("a", "p", 1)])).toMatchObject([{ kind: "failed", code: "log-unavailable" }]);
    const replica = await replicaOf(primary);
    const log = await openRedisLog(primary.port, {}, { replicas: 1, replicasTimeoutMs: 30_000 });
    // What failed had its outcome unknown: it is there, and its repetition is a duplicate that the replica has.
    expect(await log.append([numbered("a", "p", 1), numbered("a", "p", 2)])).toMatchObject([
      { kind: "duplicate", offset: 1 },
      { kind: "accepted", offset: 2 },
    ]);
    expect(await command(replica.port, "XLEN {hawser}:s:a")).toBe(":2\r\n");
  });

  it("is found by Sentinels again after a failover, in a higher epoch that takes back what the replica never had", async () => {
    const primary = await redis();
    const replica = await replicaOf(primary);
    const sentinels = await sentinel(primary.port);
    const options = { sentinel: { name: "main", nodes: [{ host: "127.0.0.1", port: sentinels.port }] } };
    const log = await openRedisLog(0, {}, options);
    const followed = await follow(log, "a");
    await log.append([plain("a", "1")]);
    await until(async () => (await command(replica.port, "XLEN {hawser}:s:a")) === ":1\r\n");
    const before = await log.head("a");
    // The replica stops to hear, and the primary acknowledges one more.
    await command(replica.port, "REPLICAOF NO ONE");
    await log.append([plain("a", "2")]);
    await until(() => followed.texts.length === 2);
    await command(sentinels.port, "SENTINEL REMOVE main");
    await command(sentinels.port, `SENTINEL MONITOR main 127.0.0.1 ${replica.port} 1`);
    await primary.kill();
    await until(() => followed.heads.length > 0);
    const after = await log.head("a");
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after.end).toBe(1);
    expect(after.lineage).toEqual([...before.lineage, { epoch: after.epoch, start: 1 }]);
    expect(await textsOf(log, "a")).toEqual(["1"]);
  });

  it("that became a replica is left for the primary", async () => {
    const primary = await redis();
    const replica = await replicaOf(primary);
    const sentinels = await sentinel(primary.port);
    const options = { sentinel: { name: "main", nodes: [{ host: "127.0.0.1", port: sentinels.port }] } };
    const log = await openRedisLog(0, {}, options);
    await command(replica.port, "REPLICAOF NO ONE");
    await command(sentinels.port, "SENTINEL REMOVE main");
    await command(sentinels.port, `SENTINEL MONITOR main 127.0.0.1 ${replica.port} 1`);
    await command(primary.port, `REPLICAOF 127.0.0.1 ${replica.port}`);
    await until(async () => (await log.append([plain("a", "1")]))[0]!.kind === "accepted");
    expect(await command(replica.port, "XLEN {hawser}:s:a")).toBe(":1\r\n");
  });
});

/** What a setting has to be instead. */
const rightly: Readonly<Record<string, string>> = { everysec: "always", "allkeys-lru": "noeviction", no: "yes" };

function sentinel(port: number): Promise<Program> {
  const program = Program.start({
    file: redisServer!,
    commandLine: ({ folder, port: own }) => [`${folder}/sentinel.conf`, "--sentinel", "--port", `${own}`],
    files: { "sentinel.conf": `bind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${port} 1\n` },
  });
  onTestFinished(async () => (await program).remove());
  return program;
}
