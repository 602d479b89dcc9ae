import { describe, expect, it, onTestFinished } from "vitest";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { Seeded } from "../../support/seeded.ts";
import { follow, numbered, openRedisLog, textsOf, until } from "./redis-log.ts";
import { redisServer, startRedis } from "./redis-server.ts";

const count = 3_000;

describe.skipIf(redisServer === undefined && !process.env["CI"])("appends whose outcome is not known", () => {
  it("are appended once and in order when they are sent again, over connections that are cut at any byte", async () => {
    const redis = await startRedis("always");
    onTestFinished(() => redis.remove());
    const random = new Seeded(7);
    const proxy = await FaultProxy.to(redis.port, {
      faultOf: () => ({
        afterBytes: { up: random.magnitude(40_000, 200_000), down: random.magnitude(10_000, 400_000) },
        end: "reset",
      }),
    });
    onTestFinished(() => proxy.close());
    const cut = await openRedisLog(Number(new URL(proxy.urlOf("tcp://x")).port), {}, { maxGroupAppends: 16 });
    const whole = await openRedisLog(redis.port);
    const followed = [await follow(cut, "a"), await follow(whole, "a")];
    let failures = 0;
    for (let next = 1; next <= count;) {
      const appends = Array.from({ length: Math.min(60, count - next + 1) }, (_, index) =>
        numbered("a", "p", next + index),
      );
      const outcomes = await cut.append(appends);
      for (const { kind } of outcomes) {
        if (kind !== "accepted" && kind !== "duplicate") {
          failures += 1;
          break;
        }
        next += 1;
      }
    }
    expect(failures).toBeGreaterThan(0);
    const texts = Array.from({ length: count }, (_, index) => `p-${index + 1}`);
    expect(await textsOf(whole, "a")).toEqual(texts);
    await until(() => followed.every((one) => one.texts.length >= count));
    expect(followed.map((one) => one.texts)).toEqual([texts, texts]);
    expect(followed.map((one) => one.heads)).toEqual([[], []]);
  });
});
