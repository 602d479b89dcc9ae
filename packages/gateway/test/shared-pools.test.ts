import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { Operation } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { createGateway } from "../src/index.ts";
import type { Gateway, GatewayOptions, GatewayPoolOptions } from "../src/index.ts";
import { MemoryRegisters } from "./support/memory-registers.ts";

const options = (name: string): GatewayPoolOptions => ({
  targets: [{ name, url: "ws://127.0.0.1:1" }],
  health: false,
});
const gateways: Gateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

async function node(registers: MemoryRegisters, pools: GatewayOptions["pools"] = {}): Promise<Gateway> {
  const gateway = createGateway({ pools });
  gateways.push(gateway);
  await gateway.start(registers.host());
  return gateway;
}

async function ask(gateway: Gateway, operation: string, pool: string, body?: object): Promise<number> {
  const { run } = gateway.operations.find(({ name }) => name === operation)!;
  const call: Parameters<Operation["run"]>[0] = {
    key: { name: "a", scopes: new Set(), covers: () => true },
    shownKey: "",
    path: { pool },
    query: new Map(),
    body,
    charge: () => {},
  };
  return (await run(call)).status;
}

/** The pools of a node, each by its first target. */
const poolsOf = ({ pools }: Gateway): Record<string, string | undefined> =>
  Object.fromEntries(pools.map((pool) => [pool.name, pool.kind === "websocket" ? pool.targets[0]?.name : pool.url]));

describe("a pool that is put over the API", () => {
  it("is on all nodes, and on those that start later; so is its change, and its removal", async () => {
    const registers = new MemoryRegisters();
    const [one, two] = [await node(registers), await node(registers)];
    expect(await ask(one, "putPool", "quotes", options("old"))).toBe(201);
    expect(await ask(two, "putPool", "quotes", options("new"))).toBe(200);
    const three = await node(registers);
    for (const gateway of [one, two, three]) expect(poolsOf(gateway)).toEqual({ quotes: "new" });
    expect(await ask(three, "removePool", "quotes")).toBe(200);
    for (const gateway of [one, two, three]) expect(poolsOf(gateway)).toEqual({});
    await expect(ask(one, "removePool", "quotes")).rejects.toMatchObject({ body: { code: "pool-unknown" } });
  });

  it("may not have the name of one in the node's configuration, which can neither be changed nor removed", async () => {
    const gateway = await node(new MemoryRegisters(), { quotes: options("file") });
    const refused = { status: 409, body: { code: "pool-configured" } };
    await expect(ask(gateway, "putPool", "quotes", options("api"))).rejects.toMatchObject(refused);
    await expect(ask(gateway, "removePool", "quotes")).rejects.toMatchObject(refused);
    expect(poolsOf(gateway)).toEqual({ quotes: "file" });
  });

  it("stays over a reload; while the configuration has one of its name, that one holds", async () => {
    const registers = new MemoryRegisters();
    const gateway = await node(registers);
    await ask(gateway, "putPool", "quotes", options("api"));
    await ask(gateway, "putPool", "other", options("api"));
    gateway.reload({ pools: { quotes: options("file") } });
    expect(poolsOf(gateway)).toEqual({ quotes: "file", other: "api" });
    const second = await node(registers, {});
    await ask(second, "putPool", "quotes", options("newer"));
    expect(poolsOf(gateway)).toEqual({ quotes: "file", other: "api" });
    gateway.reload({ pools: {} });
    expect(poolsOf(gateway)).toEqual({ quotes: "newer", other: "api" });
  });

  it("is refused with what is wrong, and left out by a node that cannot have it", async () => {
    const registers = new MemoryRegisters();
    const gateway = await node(registers);
    await expect(ask(gateway, "putPool", "quotes", { targets: ["http://x"] })).rejects.toMatchObject({ status: 400 });
    expect(poolsOf(gateway)).toEqual({});
    const register = await registers.host().openRegister("pools", () => {});
    await register.set("strange", { kind: "of another version" });
    expect(poolsOf(gateway)).toEqual({});
    expect(await ask(gateway, "putPool", "strange", options("known"))).toBe(200);
    expect(poolsOf(gateway)).toEqual({ strange: "known" });
  });
});

describe("a server that a gateway is part of", () => {
  it("knows the pools in its log before it takes anybody", async () => {
    const log = keptOpen(memoryLog());
    const first = await serving(log);
    expect(await ask(first.gateway, "putPool", "quotes", options("one"))).toBe(201);
    const second = await serving(log);
    expect(poolsOf(second.gateway)).toEqual({ quotes: "one" });
    expect(await ask(second.gateway, "putPool", "trades", options("two"))).toBe(201);
    await expect.poll(() => poolsOf(first.gateway)).toEqual({ quotes: "one", trades: "two" });
    await first.server.close();
    await second.server.close();
  });
});

async function serving(log: Log): Promise<{ gateway: Gateway; server: ReturnType<typeof createServer> }> {
  const gateway = createGateway({ pools: {} });
  gateways.push(gateway);
  const server = createServer({
    log,
    authenticate: anonymous(),
    parts: [gateway],
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
  });
  await server.listen();
  return { gateway, server };
}

/** A log that two servers open, and none closes. */
function keptOpen(log: Log): Log {
  let opened: Promise<void> | undefined;
  return new Proxy(log, {
    get: (target, name) => {
      if (name === "open") return (given: Parameters<Log["open"]>[0]) => (opened ??= target.open(given));
      if (name === "close") return async () => {};
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
