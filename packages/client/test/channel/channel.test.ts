import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { defineContract } from "@hawser/protocol";
import type { StandardSchemaV1 } from "@hawser/protocol";
import { z } from "zod";
import type { ReceivedMessage } from "../../src/channel/subscription.ts";
import { batch, dataOf, message, subscribed } from "../fake-server.ts";
import { connected } from "../fixture.ts";

const contract = defineContract({
  channels: {
    "chat.{room}": { message: z.object({ say: z.string(), loud: z.boolean().default(false) }) },
    "slow.{room}": { message: z.string().refine((text) => Promise.resolve(text !== "no")) },
  },
  calls: { add: { request: z.object({ a: z.number() }), reply: z.number() } },
});

type Answer = (result: Awaited<ReturnType<StandardSchemaV1<string>["~standard"]["validate"]>>) => void;

/** A schema that answers when the test says so. */
function heldSchema(): StandardSchemaV1<string> & { readonly answers: Answer[] } {
  const answers: Answer[] = [];
  const validate = (): ReturnType<StandardSchemaV1<string>["~standard"]["validate"]> =>
    new Promise((resolve) => answers.push(resolve));
  return { answers, "~standard": { version: 1, vendor: "test", validate } };
}

describe("a channel with a contract", () => {
  it("delivers what the schema makes of a message, and passes over what it refuses, with a word [SUB-4]", async () => {
    const { client, server, ports } = await connected({ contract });
    const log: unknown[] = [];
    const subscription = client.channel("chat.general").subscribe({ from: { epoch: 1, offset: 0 } });
    subscription.addEventListener("message", ({ message: { data } }) => log.push(data));
    subscription.addEventListener("invalid", ({ error, data, position }) =>
      log.push([error.code, data, position.offset]),
    );
    await ports.advance(1);
    const messages = [message(1, { say: "a" }), message(2, { say: 7 }), message(3, { say: "b", loud: true })];
    server.peer.send(subscribed(server.peer.last("subscribe")), batch(0, 3, { messages }));
    await ports.advance(1);
    expect(log).toEqual([{ say: "a", loud: false }, ["payload-invalid", { say: 7 }, 2], { say: "b", loud: true }]);
    expect(subscription.position).toEqual({ epoch: 1, offset: 3 });
  });

  it("keeps the order of messages while a schema takes its time", async () => {
    const { client, server, ports } = await connected({ contract });
    const log: unknown[] = [];
    const subscription = client.channel("slow.general").subscribe({ from: { epoch: 1, offset: 0 } });
    subscription.addEventListener("message", ({ message: { data } }) => log.push(data));
    subscription.addEventListener("invalid", () => log.push("invalid"));
    subscription.addEventListener("lost", ({ interval }) => log.push(interval));
    await ports.advance(1);
    server.peer.send(
      subscribed(server.peer.last("subscribe")),
      batch(0, 2, { messages: [message(1, "yes"), message(2, "no")] }),
      { type: "reset", number: 7, generation: 1, epoch: 1, offset: 5, lost: { from: 2, to: 5 }, reset: "trimmed" },
      batch(5, 6, { messages: [message(6, "again")] }),
    );
    await ports.advance(1);
    expect(log).toEqual(["yes", "invalid", { from: 2, to: 5 }, "again"]);
  });

  it("rejects a publish that the schema refuses, and sends what was given, not what the schema makes of it", async () => {
    const { client, server, ports } = await connected({ contract });
    const bad = client.channel("chat.general").publish({ say: 7 } as never);
    expect(bad.error).toMatchObject({ code: "payload-invalid" });
    client.channel("chat.general").publish({ say: "hi" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual([{ say: "hi" }]);
  });

  it("publishes in the order of the calls, although a schema takes its time with some", async () => {
    const { client, server, ports } = await connected({ contract });
    const channel = client.channel("slow.general");
    const publications = ["a", "no", "b"].map((text) => channel.publish(text));
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["a", "b"]);
    expect(publications[1]!.error).toMatchObject({ code: "payload-invalid" });
  });

  it("keeps that order over all its handles, whichever schema is done first [PUB-6]", async () => {
    const schema = heldSchema();
    const { client, server, ports } = await connected({
      contract: defineContract({ channels: { held: { message: schema } } }),
    });
    for (const text of ["a", "b"]) client.channel("held").publish(text);
    schema.answers[1]!({ value: "b" });
    await ports.advance(1);
    expect(server.peer.of("publish")).toEqual([]);
    schema.answers[0]!({ value: "a" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["a", "b"]);
  });

  it("disturbs nobody when a schema refuses what waits behind another", async () => {
    const schema = heldSchema();
    const { client, server, ports } = await connected({
      contract: defineContract({ channels: { held: { message: schema } } }),
    });
    const [first, second, third] = ["a", "b", "c"].map((text) => client.channel("held").publish(text));
    schema.answers[1]!({ issues: [{ message: "no" }] });
    schema.answers[2]!({ value: "c" });
    await ports.advance(1);
    expect([first!.state, third!.state]).toEqual(["queued", "queued"]);
    schema.answers[0]!({ value: "a" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["a", "c"]);
    expect(second!.error).toMatchObject({ code: "payload-invalid" });
  });

  it("counts a publish that is with its schema: bounded, waited for on close, and ended with the client", async () => {
    const schema = heldSchema();
    const { client, server, ports } = await connected({
      contract: defineContract({ channels: { held: { message: schema } } }),
      outbox: { maxMessages: 2 },
      closeTimeoutMs: 1_000,
    });
    const [first, second, third] = ["a", "b", "c"].map((text) => client.channel("held").publish(text));
    expect(third!.error).toMatchObject({ code: "outbox-full" });
    expect(client.status.outbox).toMatchObject({ queued: 2, sent: 0 });
    const closing = client.close();
    schema.answers[0]!({ value: "a" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual(["a"]);
    await ports.advance(1_000);
    await closing;
    expect([first!.state, second!.state]).toEqual(["unknown", "cancelled"]);
    schema.answers[1]!({ value: "b" });
    await ports.advance(1);
    expect(second!.state).toBe("cancelled");
    expect(client.status.outbox).toEqual({ waiting: 0, queued: 0, sent: 0, bytes: 0, since: undefined });
  });

  it("leaves no rejection behind that nobody handles when a publish has ended before its schema is done", async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (cause: unknown): void => void unhandled.push(cause);
    process.on("unhandledRejection", onUnhandled);
    onTestFinished(() => void process.off("unhandledRejection", onUnhandled));
    const schema = heldSchema();
    const { client, ports } = await connected({
      contract: defineContract({ channels: { held: { message: schema } } }),
      outbox: { maxMessages: 1 },
    });
    const channel = client.channel("held");
    channel.publish("taken in");
    expect(channel.publish("no room").error).toMatchObject({ code: "outbox-full" });
    expect(channel.publish("withdrawn", { signal: AbortSignal.abort() }).error).toMatchObject({ code: "cancelled" });
    expect(channel.publish("bad option", { ttlMs: -1 }).error).toMatchObject({ code: "option-invalid" });
    for (const answer of schema.answers) answer({ issues: [{ message: "no" }] });
    await ports.advance(1);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  it("has its position behind a message only when the schema is done with it", async () => {
    const schema = heldSchema();
    const { client, server, ports } = await connected({
      contract: defineContract({ channels: { held: { message: schema } } }),
    });
    const subscription = client.channel("held").subscribe({ from: { epoch: 1, offset: 0 } });
    const read: unknown[] = [];
    subscription.addEventListener("message", ({ message: { data } }) => read.push([data, subscription.position]));
    subscription.addEventListener("invalid", () => read.push(["invalid", subscription.position]));
    await ports.advance(1);
    server.peer.send(subscribed(server.peer.last("subscribe")), batch(0, 2));
    await ports.advance(1);
    expect(subscription.position).toEqual({ epoch: 1, offset: 0 });
    schema.answers[0]!({ value: "a" });
    await ports.advance(1);
    expect(subscription.position).toEqual({ epoch: 1, offset: 1 });
    schema.answers[1]!({ issues: [{ message: "no" }] });
    await ports.advance(1);
    expect(read).toEqual([
      ["a", { epoch: 1, offset: 1 }],
      ["invalid", { epoch: 1, offset: 2 }],
    ]);
  });

  it("cancels a publish that is still with its schema [PUB-12]", async () => {
    const { client, server, ports } = await connected({ contract });
    const abort = new AbortController();
    const publication = client.channel("slow.general").publish("a", { signal: abort.signal });
    abort.abort();
    expect(publication.state).toBe("cancelled");
    await ports.advance(1);
    expect(server.peer.of("publish")).toEqual([]);
  });

  it("is not held to a contract that does not name it", async () => {
    const { client, server, ports } = await connected({ contract });
    client.channel("other").publish({ any: "thing" });
    await ports.advance(1);
    expect(server.peer.of("publish").map(dataOf)).toEqual([{ any: "thing" }]);
  });

  it("has the contract's types", async () => {
    const { client } = await connected({ contract });
    const chat = client.channel("chat.general");
    const other = client.channel("other");
    type Chat = { say: string; loud: boolean };
    type Add = typeof client.call<"add">;
    expectTypeOf<ReturnType<typeof chat.subscribe>>().toExtend<AsyncIterable<ReceivedMessage<Chat>>>();
    expectTypeOf<Parameters<typeof chat.publish>[0]>().toEqualTypeOf<{ say: string; loud?: boolean | undefined }>();
    expectTypeOf<Parameters<typeof other.publish>[0]>().toBeUnknown();
    expectTypeOf<Parameters<Add>[1]>().toEqualTypeOf<{ a: number }>();
    expectTypeOf<ReturnType<Add>>().toEqualTypeOf<Promise<number>>();
    expectTypeOf<ReturnType<typeof client.call<"other">>>().toEqualTypeOf<Promise<unknown>>();
    expect([chat.name, other.name]).toEqual(["chat.general", "other"]);
  });

  it("closes what `await using` opened", async () => {
    const { client, server, ports } = await connected();
    const subscription = client.channel("chat").subscribe();
    await ports.advance(1);
    server.peer.send(subscribed(server.peer.last("subscribe")));
    await ports.advance(1);
    await subscription[Symbol.asyncDispose]();
    await ports.advance(1);
    expect(server.peer.of("unsubscribe")).toHaveLength(1);
  });
});
