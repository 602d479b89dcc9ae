import { describe, expect, it, onTestFinished } from "vitest";
import { openRedisLog, plain, textsOf, follow } from "./redis-log.ts";
import { command, redisServer, startRedis } from "./redis-server.ts";

const channelCount = 20_000;
const readerCount = 10_000;
const chunk = 5_000;

describe.skipIf(redisServer === undefined && !process.env["CI"])("20,000 channels in Redis", () => {
  it("are as many keys as is documented, and one feed; 10,000 who come back cost a read of their own channel each", async () => {
    const redis = await startRedis("memory", ["--stream-node-max-bytes", "512"]);
    onTestFinished(() => redis.remove());
    const writer = await openRedisLog(redis.port);
    for (let first = 0; first < channelCount; first += chunk) {
      const appends = Array.from({ length: chunk }, (_, index) => plain(`room.${first + index}`, `${first + index}`));
      expect((await writer.append(appends)).every(({ kind }) => kind === "accepted")).toBe(true);
    }
    // Of each channel its stream, its end and floor, and the sizes of its payloads; beside them the log, the feed, and what is due.
    expect(await keys(redis.port)).toBeLessThanOrEqual(3 * channelCount + 3);
    const node = await openRedisLog(redis.port);
    await command(redis.port, "CONFIG RESETSTAT");
    const rooms = Array.from({ length: readerCount }, (_, index) => (index * 19) % channelCount);
    await Promise.all(
      rooms.map(async (room) => {
        await follow(node, `room.${room}`);
        expect(await textsOf(node, `room.${room}`)).toEqual([`${room}`]);
      }),
    );
    const calls = await callsOf(redis.port);
    expect(calls("xrange")).toBeLessThanOrEqual(2 * readerCount);
    expect(calls("xread")).toBeLessThan(readerCount / 100);
  });
});

async function keys(port: number): Promise<number> {
  return Number(/^:(\d+)/.exec((await command(port, "DBSIZE"))!)![1]);
}

/** How often each command was called, by scripts too. */
async function callsOf(port: number): Promise<(name: string) => number> {
  const said = (await command(port, "INFO commandstats"))!;
  return (name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(said)?.[1] ?? 0);
}
