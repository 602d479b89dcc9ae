import { describe, expect, it } from "vitest";
import { defineContract } from "@hawser/protocol";
import type { ErrorFrame } from "@hawser/protocol";
import { z } from "zod";
import { welcome } from "../fake-server.ts";
import { connected, fixture, failureOf } from "../fixture.ts";

const json = (value: unknown) => ({ kind: "json", data: new TextEncoder().encode(JSON.stringify(value)) }) as const;
const error = (id: number, code: string, rest: Partial<ErrorFrame> = {}): ErrorFrame => {
  return { type: "error", id, code, message: code, retry: false, retryAfterMs: 0, ...rest };
};

describe("a call", () => {
  it("sends its request and resolves with the reply [CALL-1]", async () => {
    const { client, server, ports } = await connected();
    const reply = client.call("add", { a: 1, b: 2 });
    await ports.advance(1);
    const frame = server.peer.last("call");
    expect(frame).toMatchObject({ method: "add", idempotent: false });
    expect(frame.timeoutMs).toBeGreaterThan(29_000);
    server.peer.send({ type: "result", id: frame.id, payload: json(3) });
    await ports.advance(1);
    await expect(reply).resolves.toBe(3);
  });

  it("rejects with the server's code, the application's own too [CALL-1]", async () => {
    const { client, server, ports } = await connected();
    const outcome = failureOf(client.call("add", 1));
    await ports.advance(1);
    server.peer.send(error(server.peer.last("call").id, "app-no-funds"));
    await ports.advance(1);
    expect(await outcome).toMatchObject({
      code: "app-no-funds",
      message: "app-no-funds",
    });
  });

  it("waits for a connection, and has less time left then", async () => {
    const { client, server, ports } = fixture();
    client.goOffline();
    void client.call("add", 1, { timeoutMs: 10_000 }).catch(() => {});
    await ports.advance(4_000);
    client.goOnline();
    await ports.advance(1);
    expect(server.peer.last("call").timeoutMs).toBe(6_000);
  });

  it("fails at its deadline, and tells the server that nobody waits any more [CALL-2]", async () => {
    const { client, server, ports } = await connected();
    const outcome = failureOf(client.call("add", 1, { timeoutMs: 1_000 }));
    await ports.advance(1_001);
    expect(await outcome).toMatchObject({
      code: "deadline-exceeded",
    });
    expect(server.peer.last("cancel").id).toBe(server.peer.last("call").id);
  });

  it("is cancelled by its signal, at the server too when it was sent [CALL-3]", async () => {
    const { client, server, ports } = await connected();
    const abort = new AbortController();
    const outcome = failureOf(client.call("add", 1, { signal: abort.signal }));
    await ports.advance(1);
    abort.abort();
    expect(await outcome).toMatchObject({
      code: "cancelled",
    });
    await ports.advance(1);
    expect(server.peer.last("cancel").id).toBe(server.peer.last("call").id);
    await expect(client.call("add", 1, { signal: abort.signal })).rejects.toMatchObject({ code: "cancelled" });
    await ports.advance(1);
    expect(server.peer.of("call")).toHaveLength(1);
  });

  it("that is cut in flight fails with outcome-unknown, unless it is idempotent: then it is sent again [CALL-4]", async () => {
    const { client, server, ports } = await connected();
    const once = failureOf(client.call("pay", 1));
    const again = client.call("read", 1, { idempotent: true });
    await ports.advance(1);
    server.peer.cut();
    await ports.advance(1);
    expect(await once).toMatchObject({ code: "outcome-unknown" });
    await ports.advance(1_000);
    expect(server.peer.of("call").map(({ method }) => method)).toEqual(["read"]);
    server.peer.send({ type: "result", id: server.peer.last("call").id, payload: json("ok") });
    await ports.advance(1);
    await expect(again).resolves.toBe("ok");
  });

  it("that was not sent before the connection was lost is sent over the next [CALL-4]", async () => {
    const { client, server, ports } = fixture();
    server.welcome = { ...welcome, maxRequests: 1 };
    void client.call("read", 1, { idempotent: true }).catch(() => {});
    void client.call("pay", 1).catch(() => {});
    await ports.advance(1);
    expect(server.peer.of("call").map(({ method }) => method)).toEqual(["read"]);
    server.welcome = welcome;
    client.reconnect();
    await ports.advance(1);
    expect(
      server.peer
        .of("call")
        .map(({ method }) => method)
        .sort(),
    ).toEqual(["pay", "read"]);
  });

  it("that waits for its turn goes once, although the connection on which it waited was left for another [CALL-4]", async () => {
    const { client, server, ports } = fixture();
    server.welcome = { ...welcome, maxRequests: 1 };
    void client.call("read", 1, { idempotent: true }).catch(() => {});
    const paid = client.call("pay", 1);
    await ports.advance(1);
    const old = server.peer;
    server.welcome = welcome;
    old.send({ type: "move", deadlineMs: 10_000, delayMs: 0, endpoints: [], reason: "" });
    await ports.advance(10);
    expect(server.peer.of("call").map(({ method }) => method)).toEqual(["pay"]);
    old.cut();
    await ports.advance(10);
    expect(server.peer.of("call").map(({ method }) => method)).toEqual(["pay", "read"]);
    server.peer.send({ type: "result", id: server.peer.of("call")[0]!.id, payload: json("paid") });
    await ports.advance(1);
    await expect(paid).resolves.toBe("paid");
  });

  it("is refused when too many wait", async () => {
    const { client } = await connected({ maxPendingRequests: 2 });
    for (let count = 0; count < 2; count += 1) void client.call("add", count).catch(() => {});
    await expect(client.call("add", 3)).rejects.toMatchObject({ code: "too-many-requests", retry: true });
  });

  it("fails when its client is closed, as closed or, if it was sent, as outcome-unknown", async () => {
    const { client, ports } = await connected();
    const sent = failureOf(client.call("add", 1));
    await ports.advance(1);
    client.goOffline();
    expect(await sent).toMatchObject({ code: "outcome-unknown" });
    const waiting = failureOf(client.call("add", 1));
    await client.close();
    expect(await waiting).toMatchObject({ code: "closed" });
    await expect(client.call("add", 1)).rejects.toMatchObject({ code: "closed" });
  });

  it("holds request and reply against the contract, and gives what the schema makes of the reply", async () => {
    const contract = defineContract({
      calls: { day: { request: z.number(), reply: z.iso.datetime().transform((text) => new Date(text)) } },
    });
    const { client, server, ports } = await connected({ contract });
    await expect(client.call("day", "x" as never)).rejects.toMatchObject({ code: "payload-invalid" });
    const good = client.call("day", 1);
    await ports.advance(1);
    server.peer.send({ type: "result", id: server.peer.last("call").id, payload: json("2024-01-01T00:00:00Z") });
    await ports.advance(1);
    await expect(good).resolves.toEqual(new Date("2024-01-01T00:00:00Z"));
    const bad = failureOf(client.call("day", 1));
    await ports.advance(1);
    server.peer.send({ type: "result", id: server.peer.last("call").id, payload: json(7) });
    await ports.advance(1);
    expect(await bad).toMatchObject({ code: "payload-invalid" });
  });
});
