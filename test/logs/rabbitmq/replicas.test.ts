import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { rabbitmqLog } from "@hawser/log-rabbitmq";
import type { RabbitmqLogOptions } from "@hawser/log-rabbitmq";
import { plain } from "@hawser/log/conformance";
import { systemPorts } from "@hawser/protocol";
import { connect } from "amqplib";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

const kept = { retainCount: 1_000, retainBytes: 1e9, retainAgeMs: 1e9, deduplicateMs: 60_000 };

describe.skipIf(rabbitmqServer === undefined && !process.env["CI"])("the replicas of a stream of RabbitMQ", () => {
  it("are held against `replicas` by the management plugin, and without it a warning says that they are not", async () => {
    const server = await RabbitmqServer.start({ isManaged: true });
    onTestFinished(() => server.remove());
    await managed(server);
    const open = async (options: RabbitmqLogOptions) => {
      const log = rabbitmqLog({ url: server.url, minBackoffMs: 20, maxBackoffMs: 200, ...options });
      onTestFinished(() => log.close());
      await log.open({ ...systemPorts(), policyOf: () => ({ durability: "commit", ...kept }) });
      return log;
    };
    const { management } = server;
    const fits = await open({ stream: "one", replicas: 1, management });
    expect(await fits.append([plain("a", "x")])).toMatchObject([{ kind: "accepted" }]);
    // The broker has one node, so that a stream has one replica, whatever is asked for.
    await expect(open({ stream: "three", replicas: 3, management })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining("has 1 replicas, and `replicas` says 3") as string,
    });
    await expect(open({ stream: "secret", replicas: 2, management, username: "nobody" })).rejects.toMatchObject({
      code: "log-unavailable",
    });
    const warned = new Promise<string>((resolve) => process.once("warning", ({ message }) => resolve(message)));
    const unseen = await open({ stream: "three", replicas: 3 });
    expect(await warned).toContain("cannot see whether three has 3 replicas");
    expect(await unseen.append([plain("a", "x")])).toMatchObject([{ kind: "accepted" }]);
  });
});

/** Resolves when the management knows what was made a moment ago: it is told by the broker from time to time. */
async function managed({ management, url }: RabbitmqServer): Promise<void> {
  const model = await connect(url);
  const channel = await model.createChannel();
  await channel.assertQueue("probe", { durable: true, arguments: { "x-queue-type": "stream" } });
  await model.close();
  const authorization = `Basic ${Buffer.from("guest:guest").toString("base64")}`;
  for (;;) {
    const response = await fetch(`${management}/api/queues/%2F/probe`, { headers: { authorization } }).catch(
      () => undefined,
    );
    const body = (await response?.json()) as { members?: unknown } | undefined;
    if (Array.isArray(body?.members)) return;
    await pause(50);
  }
}
