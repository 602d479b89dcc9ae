import { createClient, readHistory, webSocketConnector } from "@hawser/client";
import type { Client, InvalidEvent } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { chatContracts } from "./support/chat-contracts.ts";
import { connect } from "./support/clients.ts";

const at = Date.UTC(2026, 0, 2);

describe.each(chatContracts)("a contract in %s", (_library, contract) => {
  let server: HawserServer<typeof contract>;
  /** A server of the same application that does not know the contract. */
  let lax: HawserServer;
  const clients: { close(): Promise<void> }[] = [];

  const strictClient = (url: string): Client<typeof contract> => {
    const client = createClient({ url, contract, connector: webSocketConnector({ WebSocket }) });
    clients.push(client);
    return client;
  };
  const laxClient = (url: string): Client => {
    const client = connect(url, "");
    clients.push(client);
    return client;
  };
  /** The next message of a channel, from when this resolves on. */
  const follow = async (client: Client<typeof contract>, name: "chat.general") => {
    const subscription = client.channel(name).subscribe();
    const subscribed = new Promise((resolve) => subscription.addEventListener("subscribed", resolve));
    const invalid: InvalidEvent[] = [];
    subscription.addEventListener("invalid", (event) => invalid.push(event));
    await subscribed;
    const messages = subscription[Symbol.asyncIterator]();
    return { invalid, next: async () => (await messages.next()).value?.data };
  };

  beforeEach(async () => {
    const common = { port: 0, host: "127.0.0.1", authenticate: anonymous({ allowNames: true }), logger: silentLogger };
    server = createServer({ ...common, log: memoryLog(), contract, calls: { add: ({ a, b }) => ({ sum: a + b }) } });
    lax = createServer({ ...common, log: memoryLog(), calls: { add: () => ({ sum: "not a number" }) } });
    await Promise.all([server.listen(), lax.listen()]);
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all([server.close(), lax.close()]);
  });

  it("lets publish take a schema's input, keeps that in the log, and gives readers its output", async () => {
    const client = strictClient(server.url);
    const reader = await follow(client, "chat.general");
    await client.channel("chat.general").publish({ say: "hello", at });
    const output = { say: "hello", loud: false, at: new Date(at) };
    expect(await reader.next()).toEqual(output);
    expect((await readHistory(client.channel("chat.general"))).messages.map(({ data }) => data)).toEqual([output]);
    const raw = await readHistory(laxClient(server.url).channel("chat.general"));
    expect(raw.messages.map(({ data }) => data)).toEqual([{ say: "hello", at }]);
  });

  it("does the same for what the application publishes on the server", async () => {
    const client = strictClient(server.url);
    const reader = await follow(client, "chat.general");
    await server.publish("chat.general", { say: "from the server", loud: true, at });
    expect(await reader.next()).toEqual({ say: "from the server", loud: true, at: new Date(at) });
    expect(reader.invalid).toEqual([]);
    const empty = server.publish("chat.general", { say: "", at });
    await expect(empty).rejects.toMatchObject({ code: "payload-invalid" });
  });

  it("holds what is published against the schema before anything is sent", async () => {
    const client = strictClient(server.url);
    const publication = client.channel("chat.general").publish({ say: "", at });
    await expect(publication).rejects.toMatchObject({ code: "payload-invalid" });
    expect(client.statistics.messagesOut).toBe(0);
    await client.channel("chat.general").publish({ say: "hello", at });
    expect(client.statistics.messagesOut).toBe(1);
  });

  it("holds on the server what a client without the contract publishes", async () => {
    const reader = await follow(strictClient(server.url), "chat.general");
    const channel = laxClient(server.url).channel("chat.general");
    for (const data of [{ say: "", at }, { say: 7, at }, { say: "no time" }, "text", null, [], new Uint8Array(3)]) {
      await expect(channel.publish(data), JSON.stringify(data)).rejects.toMatchObject({ code: "payload-invalid" });
    }
    await channel.publish({ say: "good", at });
    expect(await reader.next()).toMatchObject({ say: "good" });
    expect(reader.invalid).toEqual([]);
  });

  it("passes over, and tells, what a reader gets from a server without the contract", async () => {
    const reader = await follow(strictClient(lax.url), "chat.general");
    const bad = await lax.publish("chat.general", { say: 7 });
    await lax.publish("chat.general", { say: "good", at });
    expect(await reader.next()).toMatchObject({ say: "good" });
    expect(reader.invalid).toMatchObject([{ error: { code: "payload-invalid" }, position: bad, data: { say: 7 } }]);
  });

  it("gives a call's handler the request's output, and its caller the reply's", async () => {
    const client = strictClient(server.url);
    expect(await client.call("add", { a: "1", b: 2 })).toEqual({ sum: "3" });
    expect(await laxClient(server.url).call("add", { a: "1", b: 2 })).toEqual({ sum: 3 });
  });

  it("holds a call's request and reply against the schema at both ends", async () => {
    const wrong = { a: 1, b: 2 };
    // A method whose name the compiler does not know, as in JavaScript: the schema has to say no.
    const add: string = "add";
    const refused = strictClient(server.url).call(add, wrong);
    await expect(refused).rejects.toMatchObject({ code: "payload-invalid" });
    await expect(laxClient(server.url).call("add", wrong)).rejects.toMatchObject({ code: "payload-invalid" });
    await expect(strictClient(lax.url).call("add", { a: "1", b: 2 })).rejects.toMatchObject({
      code: "payload-invalid",
    });
  });

  it("lets no reply out that a handler of the server's own has wrong", async () => {
    const wrong = createServer({
      port: 0,
      host: "127.0.0.1",
      log: memoryLog(),
      authenticate: anonymous({ allowNames: true }),
      logger: silentLogger,
      contract,
      calls: { add: () => ({ sum: "three" as never }) },
    });
    await wrong.listen();
    try {
      await expect(laxClient(wrong.url).call("add", { a: "1", b: 2 })).rejects.toMatchObject({ code: "call-failed" });
    } finally {
      await wrong.close();
    }
  });
});
