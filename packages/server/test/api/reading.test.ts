import type { HawserServer } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { ask, openApi } from "./support.ts";

const servers: HawserServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(...given: Parameters<typeof openApi>): Promise<HawserServer> {
  const server = await openApi(...given);
  servers.push(server);
  return server;
}

const dataOf = (answer: { body: { messages: { json: unknown }[] } }): unknown[] =>
  answer.body.messages.map(({ json }) => json);

describe("history over the HTTP API", () => {
  it("goes on from page to page, and from the last one to what comes", async () => {
    const server = await open();
    for (let data = 1; data <= 5; data += 1) await server.publish("c", data);
    const first = await ask(server, "GET", "channels/c/messages?limit=3");
    expect(first).toMatchObject({ status: 200, body: { floor: 0, from: 0, to: 3, more: true } });
    expect(dataOf(first)).toEqual([1, 2, 3]);
    const second = await ask(server, "GET", `channels/c/messages?limit=3&position=${first.body.next}`);
    expect(second.body.more).toBe(false);
    expect(dataOf(second)).toEqual([4, 5]);
    await server.publish("c", 6);
    expect(dataOf(await ask(server, "GET", `channels/c/messages?position=${second.body.next}`))).toEqual([6]);
  });

  it("goes backward from the newest", async () => {
    const server = await open();
    for (let data = 1; data <= 5; data += 1) await server.publish("c", data);
    const first = await ask(server, "GET", "channels/c/messages?limit=2&backward=true");
    expect(dataOf(first)).toEqual([4, 5]);
    const second = await ask(server, "GET", `channels/c/messages?limit=2&backward=true&position=${first.body.next}`);
    expect(dataOf(second)).toEqual([2, 3]);
    const third = await ask(server, "GET", `channels/c/messages?limit=2&backward=true&position=${second.body.next}`);
    expect(third.body.more).toBe(false);
    expect(dataOf(third)).toEqual([1]);
  });

  it("gives no more than maxHistoryPage, and defaultHistoryPage where no limit is named", async () => {
    const server = await open({ limits: { maxHistoryPage: 3, defaultHistoryPage: 2 } });
    for (let data = 1; data <= 5; data += 1) await server.publish("c", data);
    expect(dataOf(await ask(server, "GET", "channels/c/messages"))).toEqual([1, 2]);
    expect(dataOf(await ask(server, "GET", "channels/c/messages?limit=100"))).toEqual([1, 2, 3]);
  });

  it("tells who comes with a position of another log", async () => {
    const server = await open();
    await server.publish("c", 1);
    expect(await ask(server, "GET", "channels/c/messages?position=1:1")).toMatchObject({
      status: 409,
      body: { error: { code: "epoch-unknown", retry: false } },
    });
  });

  it("reads no channel of the service's own", async () => {
    const server = await open();
    await server.sendToUser("ann", "secret");
    for (const channel of ["$user.ann", "$presence", "$inbox"]) {
      expect(await ask(server, "GET", `channels/${channel}/messages`)).toMatchObject({
        status: 400,
        body: { error: { code: "channel-invalid" } },
      });
    }
  });
});

describe("presence over the HTTP API", () => {
  it("tells who is in a channel that has presence", async () => {
    const server = await open({ channels: [{ pattern: "room.*", presence: true }] });
    expect(await ask(server, "GET", "channels/room.one/presence")).toMatchObject({
      status: 200,
      body: { count: 0, members: [] },
    });
    expect(await ask(server, "GET", "channels/other/presence")).toMatchObject({
      status: 404,
      body: { error: { code: "presence-unavailable" } },
    });
    expect(await ask(server, "GET", "channels/$user.ann/presence")).toMatchObject({
      status: 400,
      body: { error: { code: "channel-invalid" } },
    });
  });
});
