import { ConnectionSet, ReconnectingWebSocket } from "@hawser/client";
import type { ConnectionSetEvents, HawserEvent, MemberStatus } from "@hawser/client";
import { createClient } from "graphql-ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { echoServer, graphQlServer, socketIoServer } from "./servers.ts";
import type { ForeignServer } from "./servers.ts";

let servers: { readonly echo: ForeignServer; readonly socketIo: ForeignServer; readonly graphQl: ForeignServer };
beforeEach(async () => {
  servers = { echo: await echoServer(), socketIo: await socketIoServer(), graphQl: await graphQlServer() };
});
afterEach(async () => {
  for (const server of Object.values(servers)) await server.kill();
});

const backoff = { minMs: 10, maxMs: 50 };

/** Every event of a set, and the wait for those that are to come. */
function watched(set: ConnectionSet) {
  const seen: string[] = [];
  const waiting: { readonly text: string; resolve(): void }[] = [];
  const note = (text: string): void => {
    seen.push(text);
    for (const waiter of waiting) if (waiter.text === text) waiter.resolve();
  };
  const on = <Type extends keyof ConnectionSetEvents>(
    type: Type,
    describeEvent: (event: HawserEvent & ConnectionSetEvents[Type]) => string,
  ): void => set.addEventListener(type, (event) => note(describeEvent(event)));
  on("open", ({ member }) => `open ${member}`);
  on("lost", ({ member }) => `lost ${member}`);
  on("closed", ({ member, code }) => `closed ${member} ${code}`);
  on("message", ({ member, data }) => `${member}: ${data as string}`);
  return {
    seen,
    /** Resolves when this event comes, or has come already. */
    until: (text: string): Promise<void> =>
      seen.includes(text)
        ? Promise.resolve()
        : new Promise((resolve) => void waiting.push({ text, resolve: () => resolve() })),
    forget: () => void seen.splice(0),
  };
}

function memberOf(set: ConnectionSet, id: string): MemberStatus {
  return set.status.members.find((member) => member.id === id)!;
}

/** Speaks each server's own protocol, over one set. */
function threefold(): ConnectionSet {
  const set = new ConnectionSet({
    defaults: { WebSocket, backoff, closeTimeoutMs: 2_000 },
    members: {
      echo: { url: servers.echo.url, protocols: "echo.v1", heartbeat: { ping: true, intervalMs: 50 } },
      // The server asks, and the client only listens.
      socketIo: { url: servers.socketIo.url, closing: { code: 3001 }, heartbeat: { intervalMs: 5_000 } },
      graphQl: {
        url: servers.graphQl.url,
        protocols: "graphql-transport-ws",
        closing: { code: 4499, reason: "done" },
        heartbeat: {
          intervalMs: 50,
          message: '{"type":"ping"}',
          isAnswer: (data) => data === '{"type":"pong"}',
        },
      },
    },
  });
  set.addEventListener("open", ({ member }) => {
    if (member === "graphQl") set.send('{"type":"connection_init"}', { to: member });
  });
  set.addEventListener("message", ({ member, data }) => {
    if (member !== "socketIo") return;
    if (data === "2") set.send("3", { to: member });
    else if ((data as string).startsWith("0")) set.send("40", { to: member });
  });
  return set;
}

const sum = (a: number, b: number): string => `421["add",${a},${b}]`;
const ask = (id: string, query: string): string => JSON.stringify({ id, type: "subscribe", payload: { query } });
const answer = (id: string, data: object): string => JSON.stringify({ id, type: "next", payload: { data } });

describe("a connection set over three servers that are not Hawser", () => {
  it("speaks to each in its own subprotocol, and goes on with two while one dies and comes back", async () => {
    const set = threefold();
    const { until, seen, forget } = watched(set);
    await Promise.all([until("open echo"), until("open socketIo"), until('graphQl: {"type":"connection_ack"}')]);
    expect(set.status.members.map(({ protocol }) => protocol)).toEqual(["echo.v1", "", "graphql-transport-ws"]);

    set.send("one", { to: "echo" });
    set.send(sum(1, 2), { to: "socketIo" });
    set.send(ask("1", "{ hello }"), { to: "graphQl" });
    await Promise.all([
      until("echo: one"),
      until("socketIo: 431[3]"),
      until(`graphQl: ${answer("1", { hello: "world" })}`),
    ]);

    await servers.echo.kill();
    await until("lost echo");
    forget();
    expect(set.send("two", { to: "echo" })).toMatchObject([{ member: "echo", state: "queued" }]);
    set.send(sum(3, 4), { to: "socketIo" });
    set.send(ask("2", "subscription { count(to: 2) }"), { to: "graphQl" });
    await Promise.all([
      until("socketIo: 431[7]"),
      until(`graphQl: ${answer("2", { count: 1 })}`),
      until(`graphQl: ${answer("2", { count: 2 })}`),
      // It is tried again, and again, without a server.
      until("lost echo"),
    ]);
    expect(seen).not.toContain("open echo");
    expect(set.status.state).toBe("open");

    await servers.echo.revive();
    await until("echo: two");
    expect(memberOf(set, "echo")).toMatchObject({ state: "open", reconnects: 1, messagesIn: 2, messagesOut: 2 });
    for (const id of ["socketIo", "graphQl"])
      expect(memberOf(set, id)).toMatchObject({ state: "open", reconnects: 0, lastError: undefined });

    forget();
    expect(await set.close()).toEqual([
      { member: "echo", code: 1000, reason: "", wasClean: true },
      { member: "socketIo", code: 3001, reason: "", wasClean: true },
      { member: "graphQl", code: 4499, reason: "done", wasClean: true },
    ]);
    expect(set.status.state).toBe("closed");
    // A server may hear the end of its socket after the client has.
    await expect.poll(() => servers.echo.closes.at(-1)).toBe(1000);
    await expect.poll(() => servers.socketIo.closes).toEqual([3001]);
    await expect.poll(() => servers.graphQl.closes).toEqual([4499]);
  });

  it("measures round trips by each server's own heartbeat, which the application does not see", async () => {
    const set = threefold();
    const measured = new Set<string>();
    await new Promise<void>((resolve) => {
      set.addEventListener("status", ({ status }) => {
        for (const { id, roundTripMs } of status.members) if (roundTripMs !== undefined) measured.add(id);
        if (measured.has("echo") && measured.has("graphQl")) resolve();
      });
    });
    expect(memberOf(set, "echo")).toMatchObject({ messagesIn: 0, messagesOut: 0 });
    expect(memberOf(set, "graphQl")).toMatchObject({ messagesIn: 1, messagesOut: 1 });
    expect(memberOf(set, "socketIo").roundTripMs).toBeUndefined();
    await set.close();
  });
});

describe("a connection set over two feeds of the same messages", () => {
  it("loses and doubles nothing with `mirror` while one dies and comes back", async () => {
    const listeners = new Set<WebSocket>();
    const feed = (socket: WebSocket): void => void listeners.add(socket);
    const [one, two] = [await echoServer(feed), await echoServer(feed)];
    const publish = (number: number): void => {
      for (const socket of listeners) if (socket.readyState === WebSocket.OPEN) socket.send(String(number));
    };
    const set = new ConnectionSet({
      policy: { kind: "mirror", key: (data) => data as string },
      defaults: { WebSocket, backoff },
      members: { one: { url: one.url }, two: { url: two.url } },
    });
    const { until, forget } = watched(set);
    const reader = set[Symbol.asyncIterator]();
    const received: number[] = [];
    const take = async (): Promise<void> => {
      const { value } = (await reader.next()) as { readonly value: { readonly data: unknown } };
      received.push(Number(value.data));
    };
    await Promise.all([until("open one"), until("open two")]);
    for (let number = 0; number < 300; number += 1) {
      if (number === 100) await one.kill();
      if (number === 200) {
        await until("lost one");
        forget();
        await one.revive();
        await until("open one");
      }
      publish(number);
      await take();
    }
    expect(received).toEqual(Array.from({ length: 300 }, (_, number) => number));
    const [first, second] = set.status.members;
    expect(first!.won + second!.won).toBe(300);
    expect(first!.reconnects).toBe(1);
    await set.close();
    await Promise.all([one.kill(), two.kill()]);
  });

  it("goes to the other one with `failover`, with what waits, and back", async () => {
    const [one, two] = [await echoServer(), await echoServer()];
    const set = new ConnectionSet({
      policy: { kind: "failover", switchBackAfterMs: 20 },
      defaults: { WebSocket, backoff },
      members: { one: { url: one.url, protocols: "echo.v1" }, two: { url: two.url, protocols: "echo.v1" } },
    });
    const { until } = watched(set);
    const used = (member: string): Promise<void> =>
      new Promise((resolve) => set.addEventListener("switch", ({ to }) => to === member && resolve()));
    set.send("first");
    await until("one: first");
    await one.kill();
    await until("lost one");
    set.send("second");
    await until("two: second");
    const back = used("one");
    await one.revive();
    await back;
    set.send("third");
    await until("one: third");
    expect((await set.close()).map(({ code }) => code)).toEqual([1000, undefined]);
    await Promise.all([one.kill(), two.kill()]);
  });
});

describe("ReconnectingWebSocket in the place of a WebSocket class", () => {
  it("serves the client library of graphql-ws, which finds the endpoint that lives", async () => {
    const dead = await echoServer();
    await dead.kill();
    const client = createClient({
      url: dead.url,
      webSocketImpl: ReconnectingWebSocket.with({
        WebSocket,
        alternates: [servers.graphQl.url],
        backoff,
        // The library has a session of its own, and connects anew when the socket closes.
        isFinal: ({ opened }) => opened,
      }),
    });
    const counts: unknown[] = [];
    for await (const { data } of client.iterate({ query: "subscription { count(to: 3) }" }))
      counts.push(data?.["count"]);
    expect(counts).toEqual([1, 2, 3]);
    await client.dispose();
  });
});
