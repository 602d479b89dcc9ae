import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGateway } from "@hawser/gateway";
import type { Gateway } from "@hawser/gateway";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { holding } from "./support/held.ts";
import { ProcessTarget } from "./support/process-target.ts";
import { closing, open } from "./support/proxy-scene.ts";

const held = holding();

/** A gateway on a port of its own, its URL, and the targets that its plain clients came to, in their order. */
async function start(
  targets: readonly { name: string; url: string }[],
): Promise<{ url: string; came: () => string[] }> {
  const health = { path: "/", intervalMs: 50, timeoutMs: 1_500, failures: 1, successes: 1 };
  const came: string[] = [];
  const gateway: Gateway = createGateway({
    pools: { app: { targets, balance: "round-robin", health } },
    routes: [{ pool: "app" }],
    accessLog: { record: ({ target }) => came.push(target ?? "none") },
  });
  const server = createServer();
  server.on("upgrade", gateway.upgrade);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  held({
    stop: async () => {
      await gateway.close();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, came: () => came };
}

/** Where a client comes to, told by the access log when it has gone. */
async function visit({ url, came }: Awaited<ReturnType<typeof start>>): Promise<string> {
  const before = came().length;
  const client = await open(url);
  client.close();
  await closing(client);
  await expect.poll(() => came().length).toBeGreaterThan(before);
  return came().at(-1)!;
}

describe("a target that hangs, though its connections stay", () => {
  it("loses its clients with 1012 when its health is asked for, gets none, and its share again when it is back", async () => {
    const [frozen, living] = [held(await ProcessTarget.start()), held(await ProcessTarget.start())];
    const scene = await start([
      { name: "frozen", url: frozen.url },
      { name: "living", url: living.url },
    ]);
    const clients: WebSocket[] = [];
    for (let index = 0; index < 4; index += 1) clients.push(await open(scene.url));
    const closed = clients.map(closing);
    frozen.freeze();
    // By turns, the first on the first.
    expect([(await closed[0]!).code, (await closed[2]!).code]).toEqual([1012, 1012]);
    expect(clients.map(({ readyState }) => readyState)).toEqual([3, 1, 3, 1]);
    for (let index = 0; index < 4; index += 1) expect(await visit(scene)).toBe("living");
    frozen.thaw();
    await expect.poll(() => visit(scene)).toBe("frozen");
    const visits: string[] = [];
    for (let index = 0; index < 6; index += 1) visits.push(await visit(scene));
    expect(visits.filter((name) => name === "frozen")).toHaveLength(3);
  });
});
