import { memoryLog } from "@hawser/log";
import { HawserError, defineContract } from "@hawser/protocol";
import type { HawserServer } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { ask, fullKey, openApi } from "./support.ts";

const servers: HawserServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(...given: Parameters<typeof openApi>): Promise<HawserServer> {
  const server = await openApi(...given);
  servers.push(server);
  return server;
}

const history = async (server: HawserServer, channel: string): Promise<unknown[]> =>
  (await ask(server, "GET", `channels/${channel}/messages`)).body.messages;

describe("publishing over the HTTP API", () => {
  it("publishes JSON, text and bytes, with a key and a publisher, and history gives them back", async () => {
    const server = await open();
    const first = await ask(server, "POST", "channels/chat.one/messages", {
      body: { json: { n: 1 }, key: "k", publisher: "billing" },
    });
    expect(first).toMatchObject({ status: 200, body: { duplicate: false, position: { offset: 1 } } });
    await ask(server, "POST", "channels/chat.one/messages", { body: { text: "grüße" } });
    await ask(server, "POST", "channels/chat.one/messages", { body: { bytes: "AAEC/w==" } });
    await ask(server, "POST", "channels/chat.one/messages", { body: { json: null } });
    expect(await history(server, "chat.one")).toMatchObject([
      { offset: 1, json: { n: 1 }, key: "k", publisher: "billing" },
      { offset: 2, text: "grüße", key: "", publisher: "" },
      { offset: 3, bytes: "AAEC/w==" },
      { offset: 4, json: null },
    ]);
  });

  it("takes a channel's name percent-encoded", async () => {
    const server = await open();
    expect(await ask(server, "POST", "channels/a%2Fb.%C3%BC/messages", { body: { json: 1 } })).toMatchObject({
      status: 200,
    });
    expect(await history(server, encodeURIComponent("a/b.ü"))).toHaveLength(1);
    const broken = await ask(server, "POST", "channels/%C3/messages", { body: { json: 1 } });
    expect(broken).toMatchObject({ status: 400, body: { error: { code: "request-invalid", retry: false } } });
  });

  it("takes a message once for an idempotency key, whichever node is asked", async () => {
    const log = memoryLog();
    const server = await open({ log });
    const body = { json: "paid", idempotencyKey: "order-1" };
    const first = await ask(server, "POST", "channels/orders/messages", { body });
    expect(first.body.duplicate).toBe(false);
    const again = await ask(server, "POST", "channels/orders/messages", { body });
    expect(again).toMatchObject({ status: 200, body: { duplicate: true, position: first.body.position } });
    const other = await ask(server, "POST", "channels/orders/messages", {
      body: { ...body, idempotencyKey: "order-2" },
    });
    expect(other.body.duplicate).toBe(false);
    const elsewhere = await ask(server, "POST", "channels/refunds/messages", { body });
    expect(elsewhere.body.duplicate).toBe(false);
    expect(await history(server, "orders")).toHaveLength(2);
  });

  it("keeps the idempotency keys of different back ends apart, and those of one name together", async () => {
    const keyOf = (last: string): string => `${"k".repeat(32)}${last}`;
    const server = await open({}, [
      { name: "one", key: keyOf("1") },
      { name: "one", key: keyOf("2") },
      { name: "two", key: keyOf("3") },
    ]);
    const duplicates = [];
    for (const last of ["1", "2", "3"]) {
      const { body } = await ask(server, "POST", "channels/c/messages", {
        body: { json: 1, idempotencyKey: "x" },
        key: keyOf(last),
      });
      duplicates.push(body.duplicate);
    }
    expect(duplicates).toEqual([false, true, false]);
  });

  it("takes an idempotency key of 128 bytes, and none longer", async () => {
    const server = await open();
    const publish = (idempotencyKey: string) =>
      ask(server, "POST", "channels/c/messages", { body: { json: 1, idempotencyKey } });
    expect(await publish("ü".repeat(64))).toMatchObject({ status: 200 });
    expect(await publish(`${"ü".repeat(64)}x`)).toMatchObject({
      status: 400,
      body: { error: { code: "request-invalid" } },
    });
    expect(await publish("")).toMatchObject({ status: 400 });
  });

  it("refuses an idempotency key where the channel does not de-duplicate", async () => {
    const server = await open({ channels: [{ pattern: "c", deduplicateMs: 0 }] });
    const answer = await ask(server, "POST", "channels/c/messages", { body: { json: 1, idempotencyKey: "x" } });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "request-invalid" } } });
    expect(answer.body.error.message).toContain("deduplicateMs");
  });

  it("publishes many in their order", async () => {
    const server = await open();
    const messages = [1, 2, 3].map((json) => ({ channel: json === 2 ? "b" : "a", json, idempotencyKey: `k${json}` }));
    const first = await ask(server, "POST", "messages", { body: { messages } });
    expect(first).toMatchObject({ status: 200, body: { results: [{ duplicate: false }, {}, {}] } });
    expect(await history(server, "a")).toMatchObject([{ json: 1 }, { json: 3 }]);
    const again = await ask(server, "POST", "messages", { body: { messages } });
    expect(again.body.results.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual([true, true, true]);
    expect(again.body.results[2].position).toEqual(first.body.results[2].position);
  });

  it("publishes none of many where one cannot be published, and names it", async () => {
    const server = await open({ channels: [{ pattern: "small", maxPayloadBytes: 8 }] });
    const messages = [
      { channel: "a", json: 1 },
      { channel: "small", json: "more than eight" },
    ];
    const answer = await ask(server, "POST", "messages", { body: { messages } });
    expect(answer).toMatchObject({ status: 413, body: { error: { code: "message-too-large" } } });
    expect(answer.body.error.message).toMatch(/^messages\[1\]: /);
    expect(await history(server, "a")).toEqual([]);
  });

  it("answers 503 with what became of each when the log took some only", async () => {
    const log = memoryLog();
    const append = log.append.bind(log);
    log.append = async (appends) =>
      (await append(appends)).map((outcome, index) =>
        index === 1 ? { kind: "failed", code: "log-unavailable", message: "The log is away." } : outcome,
      );
    const server = await open({ log });
    const messages = [1, 2].map((json) => ({ channel: "a", json }));
    expect(await ask(server, "POST", "messages", { body: { messages } })).toMatchObject({
      status: 503,
      body: {
        error: { code: "log-unavailable", retry: true },
        results: [{ duplicate: false }, { error: { code: "log-unavailable", retry: true } }],
      },
    });
  });

  it("takes a batch of maxApiBatch messages, and none longer", async () => {
    const server = await open({ limits: { maxApiBatch: 3 } });
    const batch = (count: number) => ({
      body: { messages: Array.from({ length: count }, () => ({ channel: "a", json: 1 })) },
    });
    expect(await ask(server, "POST", "messages", batch(3))).toMatchObject({ status: 200 });
    expect(await ask(server, "POST", "messages", batch(4))).toMatchObject({ status: 400 });
    expect(await ask(server, "POST", "messages", batch(0))).toMatchObject({ status: 400 });
  });

  it("holds what is published against the contract", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => (typeof value === "number" ? { value } : { issues: [{ message: "no number" }] }),
      },
    };
    const server = await open({ contract: defineContract({ channels: { "n.{id}": { message: schema } } }) as never });
    expect(await ask(server, "POST", "channels/n.one/messages", { body: { json: 1 } })).toMatchObject({ status: 200 });
    const refused = await ask(server, "POST", "channels/n.one/messages", { body: { json: "x" } });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "payload-invalid" } } });
  });

  it.each([
    [{}, "one of json, text and bytes"],
    [{ json: 1, text: "x" }, "one of json, text and bytes"],
    [{ text: 1 }, "text"],
    [{ bytes: "AA" }, "Base64"],
    [{ json: 1, idempotencykey: "x" }, "idempotencykey"],
    [{ json: 1, key: 1 }, "key"],
    [[], "JSON object"],
    [null, "JSON object"],
  ])("refuses the body %j, and says why", async (body, reason) => {
    const server = await open();
    const answer = await ask(server, "POST", "channels/c/messages", { body });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "request-invalid" } } });
    expect(answer.body.error.message).toContain(reason);
  });

  it("refuses channels of the service's own, and names that are none", async () => {
    const server = await open();
    for (const channel of ["$presence", "$user.ann", "a..b"]) {
      expect(await ask(server, "POST", `channels/${channel}/messages`, { body: { json: 1 } })).toMatchObject({
        status: 400,
        body: { error: { code: "channel-invalid" } },
      });
    }
  });

  it("sends into the inbox of a user, once for an idempotency key", async () => {
    const server = await open();
    const body = { json: { for: "ann" }, idempotencyKey: "x" };
    expect(await ask(server, "POST", "users/ann/messages", { body })).toMatchObject({
      status: 200,
      body: { position: { offset: 1 }, duplicate: false },
    });
    expect((await ask(server, "POST", "users/ann/messages", { body })).body.duplicate).toBe(true);
    expect(await ask(server, "POST", "users/two%20words/messages", { body })).toMatchObject({
      status: 400,
      body: { error: { code: "channel-invalid" } },
    });
  });

  it("says so and hides the rest when something unforeseen happens", async () => {
    const log = memoryLog();
    log.head = async () => {
      throw new Error("a secret of the inside");
    };
    const server = await open({ log });
    const answer = await ask(server, "GET", "channels/c/messages", { key: fullKey });
    expect(answer).toMatchObject({ status: 500, body: { error: { code: "internal", retry: true } } });
    expect(JSON.stringify(answer.body)).not.toContain("secret");
    log.head = async () => {
      throw new HawserError("log-unavailable", "The log is away.", { retry: true });
    };
    expect(await ask(server, "GET", "channels/c/messages")).toMatchObject({
      status: 503,
      body: { error: { code: "log-unavailable", retry: true } },
    });
  });
});
