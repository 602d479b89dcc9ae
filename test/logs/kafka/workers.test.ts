import { createHash } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { kafkaLog } from "@hawser/log-kafka";
import { createServer, silentLogger } from "@hawser/server";
import { Consumer, MessagesStreamModes } from "@platformatic/kafka";
import type { Message } from "@platformatic/kafka";
import { freePort } from "../../command/hawser-process.ts";
import { connect } from "../../support/clients.ts";
import { startKafka, withoutKafka } from "./kafka-server.ts";

const key = "k".repeat(32);

describe.skipIf(withoutKafka)("workers on channels in Kafka", () => {
  it("share what clients publish as a consumer group, and answer into a channel and an inbox, once each", async () => {
    const kafka = await startKafka();
    onTestFinished(() => kafka.program.remove());
    const brokers = [`127.0.0.1:${kafka.program.port}`];
    const node = createServer({
      log: kafkaLog({ brokers, topic: "chat", partitions: 2 }),
      authenticate: ({ token }) => ({ user: token }),
      port: await freePort(),
      host: "127.0.0.1",
      logger: silentLogger,
      api: { keys: [{ name: "workers", key }] },
    });
    await node.listen();
    onTestFinished(() => node.close());
    const api = `${node.url.replace("ws", "http")}/api/v1`;

    const client = connect(node.url, "ann");
    onTestFinished(() => client.close());
    const done = client.channel<string>("done.resize").subscribe({ from: { last: 100 } });
    const notes = client.inbox.subscribe({ from: { last: 100 } });
    const jobs = ["a", "b", "c", "d", "e", "f"];
    for (const [index, job] of jobs.entries()) await client.channel<string>(`jobs.${index}`).publish(job);
    await client.channel<string>("chatter").publish("not for them");

    const answer = async ({ key: channel, value, headers }: Message<Buffer, Buffer, Buffer, Buffer>): Promise<void> => {
      const texts = new Map(Array.from(headers, ([name, text]) => [name.toString(), text.toString()]));
      if (texts.get("hawser-kind") !== "append" || !channel.toString().startsWith("jobs.")) return;
      const [, sequence, , , producer] = texts.get("hawser-order")!.split(" ");
      // An outbox numbers each channel for itself.
      const idempotencyKey = createHash("sha256").update(`${channel.toString()} ${producer} ${sequence}`).digest("hex");
      const message = { json: JSON.parse(value.toString()).toUpperCase(), idempotencyKey };
      for (const path of ["channels/done.resize/messages", `users/${texts.get("hawser-user")}/messages`]) {
        // As after an answer that did not arrive: it is asked for twice.
        for (let times = 0; times < 2; times += 1) {
          const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
          await fetch(`${api}/${path}`, { method: "POST", headers, body: JSON.stringify(message) });
        }
      }
    };
    const work = async (): Promise<void> => {
      const consumer = new Consumer({ clientId: "resize", groupId: "resize", bootstrapBrokers: brokers });
      const stream = await consumer.consume({
        topics: ["chat"],
        mode: MessagesStreamModes.EARLIEST,
        autocommit: false,
      });
      onTestFinished(async () => {
        await Promise.resolve(stream.close());
        await Promise.resolve(consumer.close(true));
      });
      for await (const message of stream) {
        await answer(message);
        await Promise.resolve(message.commit());
      }
    };
    let isOver = false;
    for (let workers = 0; workers < 2; workers += 1) {
      work().catch((error: unknown) => {
        // What is under way when the test ends.
        if (!isOver) throw error;
      });
    }

    const read = async (messages: AsyncIterable<{ readonly data: unknown }>): Promise<Set<unknown>> => {
      const found: unknown[] = [];
      for await (const { data } of messages) {
        found.push(data);
        if (found.length === jobs.length) break;
      }
      return new Set(found);
    };
    const all = new Set(["A", "B", "C", "D", "E", "F"]);
    expect(await Promise.all([read(done), read(notes)])).toEqual([all, all]);
    isOver = true;
  });
});
