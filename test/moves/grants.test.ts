import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, run } from "../command/hawser-process.ts";
import { Cluster, numbered, Reader } from "./cluster.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const secret = "a secret of the tests, with more than 32 bytes";

describe("a user without the right to history", () => {
  it("goes on where he was when he is moved to another node of one data folder", async () => {
    const environment = { HAWSER_SECRET: secret };
    const cluster = await Cluster.start(cleanup, environment);
    const [a, b] = [await cluster.node(), await cluster.node()];
    const mint = async (...allow: string[]): Promise<string> =>
      (await run(["token", "--user", "ann", ...allow.flatMap((one) => ["--allow", one])], { environment })).out.trim();
    const reader = new Reader(cluster.client(await mint("subscribe:news"), a.url, b.url), "news", "now");
    const writer = cluster.client(await mint("publish:news"), b.url);
    await reader.subscribed;
    for (let number = 0; number < 50; number += 1) {
      await writer.channel("news").publish(`w-${number}`);
      if (number === 20) await a.process.stop();
    }
    await reader.reached(50);
    expect(reader.told).toEqual([]);
    expect(reader.of("w")).toEqual(numbered("w", 50));
  });
});
