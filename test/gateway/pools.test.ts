import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { Cleanup } from "../command/hawser-process.ts";
import { GatewayProcess, PlainClient } from "./gateway-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const key = "k".repeat(32);
const api = { keys: [{ name: "operator", key }] };

/** A server that tells who it is, and says everything back. */
class Echo {
  readonly url: string;
  readonly identities: (string | undefined)[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer, name: string) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (socket, request) => {
      this.identities.push(request.headers["x-hawser-identity"] as string | undefined);
      socket.on("error", () => {});
      socket.on("message", (data, binary) => socket.send(data, { binary }));
      socket.send(`${name} ${request.url}`);
    });
  }

  static async start(name: string): Promise<Echo> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const echo = new Echo(server, name);
    cleanup.add(() => echo.stop());
    return echo;
  }

  /** As when its process is killed. */
  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const targetsOf = (body: Record<string, unknown>): readonly Record<string, unknown>[] =>
  body["targets"] as readonly Record<string, unknown>[];

describe("pools of WebSocket servers behind hawser gateway", () => {
  it("get plain clients by turns; one that is killed is told by 1012, and gets none until it is back", async () => {
    const [one, two] = [await Echo.start("one"), await Echo.start("two")];
    const targets = [
      { name: "one", url: `${one.url}/base` },
      { name: "two", url: two.url },
    ];
    const health = { intervalMs: 50, timeoutMs: 1_000, failures: 1, successes: 1 };
    const gateway = await GatewayProcess.start(cleanup, {
      api,
      pools: { echo: { targets, balance: "round-robin", health } },
      routes: [{ path: "/echo/**", pool: "echo" }],
    });
    const first = await PlainClient.open(gateway.plain("/echo/a?b=c"));
    expect(await first.hear()).toBe("one /base/echo/a?b=c");
    const second = await PlainClient.open(gateway.plain("/echo"));
    expect(await second.hear()).toBe("two /echo");
    await one.stop();
    expect(await first.closed()).toMatchObject([1012, expect.anything()]);
    for (let count = 0; count < 4; count += 1) {
      const client = await PlainClient.open(gateway.plain("/echo"));
      expect(await client.hear()).toMatch(/^two/);
    }
    await expect
      .poll(async () => targetsOf((await gateway.ask("GET", "pools/echo", key)).body).map(({ state }) => state))
      .toEqual(["down", "up"]);
    const metrics = await (await fetch(new URL("/metrics", gateway.url.replace("ws:", "http:")))).text();
    expect(metrics).toContain('hawser_gateway_target_open{pool="echo",target="two"} 5\n');
    expect(metrics).toContain('hawser_gateway_target_up{pool="echo",target="one"} 0\n');
    for (const name of ["out_messages_total", "connect_milliseconds_count", "first_message_milliseconds_count"])
      expect(metrics).toContain(`hawser_gateway_target_${name}{pool="echo",target="two"} 5\n`);
    expect(metrics).toContain('hawser_gateway_target_lost_total{pool="echo",target="one"} 1\n');
  });

  it("are listed, put, drained and removed at run time, by keys with the scope", async () => {
    const [one, two] = [await Echo.start("one"), await Echo.start("two")];
    const gateway = await GatewayProcess.start(cleanup, {
      api: { keys: [...api.keys, { name: "watcher", key: "w".repeat(32), scopes: ["observe"] }] },
      pools: {},
      routes: [],
    });
    const pool = {
      targets: [
        { name: "one", url: one.url },
        { name: "two", url: two.url },
      ],
    };
    expect(await gateway.ask("PUT", "pools/echo", "w".repeat(32), pool)).toMatchObject({ status: 403 });
    expect(await gateway.ask("PUT", "pools/echo", key, { targets: ["http://x"] })).toMatchObject({
      status: 400,
      body: {
        error: {
          code: "request-invalid",
          message: expect.stringMatching(/^pools\.echo\.targets\[0\]\.url /) as string,
        },
      },
    });
    expect(await gateway.ask("PUT", "pools/echo", key, pool)).toMatchObject({ status: 201 });
    expect(await gateway.ask("GET", "pools", "w".repeat(32))).toMatchObject({
      status: 200,
      body: {
        pools: [{ name: "echo", kind: "websocket", targets: [{ name: "one", state: "up", open: 0 }, { name: "two" }] }],
      },
    });
    const drained = await gateway.ask("POST", "pools/echo/targets/one/drain", key, { withinMs: 1_000 });
    expect(targetsOf(drained.body)).toMatchObject([{ state: "draining" }, { state: "up" }]);
    const restored = await gateway.ask("POST", "pools/echo/targets/one/restore", key);
    expect(targetsOf(restored.body)).toMatchObject([{ state: "up" }, { state: "up" }]);
    expect(await gateway.ask("POST", "pools/echo/targets/six/drain", key)).toMatchObject({ status: 404 });
    expect(await gateway.ask("DELETE", "pools/echo", key)).toEqual({ status: 200, body: {} });
    expect(await gateway.ask("DELETE", "pools/echo", key)).toMatchObject({
      status: 404,
      body: { error: { code: "pool-unknown" } },
    });
  });

  it("are left out when the pool's targets are all gone: 503, by HTTP", async () => {
    const gateway = await GatewayProcess.start(cleanup, {
      pools: { none: { targets: ["ws://127.0.0.1:1"], health: false } },
      routes: [{ pool: "none" }],
    });
    await expect(PlainClient.open(gateway.plain("/"))).rejects.toThrow("503");
  });
});
