import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "@hawser/client";
import { connect, wholeLog } from "../../support/clients.ts";
import { HawserProcess } from "../../support/hawser-process.ts";
import type { Program } from "../support/start-program.ts";
import { redisServer, startRedis } from "./redis-server.ts";

describe.skipIf(redisServer === undefined && !process.env["CI"])("hawser serve --log redis://", () => {
  const clients: Client[] = [];
  const nodes: HawserProcess[] = [];
  let redis: Program;

  beforeAll(async () => {
    redis = await startRedis("everysec");
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(nodes.splice(0).map((node) => node.remove()));
  });
  afterAll(() => redis.remove());

  it("starts with one option, and shares its channels with every other node", async () => {
    for (let count = 0; count < 2; count += 1) {
      nodes.push(await HawserProcess.start(["--log", `redis://127.0.0.1:${redis.port}`]));
    }
    const [first, second] = nodes.map((node, index) => connect(node.url, `user-${index}`));
    clients.push(first!, second!);
    await first!.channel("chat.general").publish("hello");
    const messages = await wholeLog(second!.channel("chat.general"));
    expect(messages.map(({ data }) => data)).toEqual(["hello"]);
  });

  it("serves with workers, which share what the process that was started reads", async () => {
    const log = `redis://127.0.0.1:${redis.port}`;
    nodes.push(await HawserProcess.start(["--log", log, "--workers", "2", "--no-page"]));
    const [first, second] = ["ann", "ben"].map((name) => connect(nodes[0]!.url, name));
    clients.push(first!, second!);
    await first!.channel("chat.workers").publish("hello");
    expect((await wholeLog(second!.channel("chat.workers"))).map(({ data }) => data)).toEqual(["hello"]);
  });
});
