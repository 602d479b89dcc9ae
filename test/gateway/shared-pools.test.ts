import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Cleanup } from "../command/hawser-process.ts";
import { GatewayProcess } from "./gateway-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const config = fileURLToPath(new URL("shared-log.config.ts", import.meta.url));
const key = "k".repeat(32);
const pool = (name: string): object => ({ targets: [{ name, url: "ws://127.0.0.1:1" }], health: false });
const targetsOf = async (gateway: GatewayProcess, name: string): Promise<unknown> =>
  (await gateway.ask("GET", `pools/${name}`, key)).body["targets"];

/** The URL of a server that says what it is told. */
async function echoing(owner: Cleanup): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => socket.on("message", (data) => socket.send(data, { binary: false })));
  owner.add(() => server.close());
  await once(server, "listening");
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a plain client is told that says "echo", or the status with which it is refused. */
async function openedOrRefused(url: string): Promise<unknown> {
  const socket = new WebSocket(url);
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.on("open", () => socket.send("echo"));
    socket.on("message", (data) => {
      resolve((data as Buffer).toString());
      socket.close();
    });
    socket.on("unexpected-response", (_, { statusCode }) => resolve(statusCode));
  });
}

describe("pools put over the HTTP API of one of two gateways with one log", () => {
  it("are on both, and there again after a restart; one of the file is refused", async () => {
    const folder = cleanup.folder();
    const owns = { LOG_FOLDER: join(folder, "log"), LOG_SOCKET: join(folder, "log.sock"), API_KEY: key };
    const uses = { LOG_SOCKET: owns.LOG_SOCKET, API_KEY: key, FILE_TARGET: "ws://127.0.0.1:1" };
    const [owner, user] = [
      await GatewayProcess.of(cleanup, config, owns),
      await GatewayProcess.of(cleanup, config, uses),
    ];
    expect(await user.ask("PUT", "pools/quotes", key, pool("one"))).toMatchObject({ status: 201 });
    await expect.poll(() => targetsOf(owner, "quotes")).toMatchObject([{ name: "one" }]);
    expect(await owner.ask("PUT", "pools/quotes", key, pool("two"))).toMatchObject({ status: 200 });
    await expect.poll(() => targetsOf(user, "quotes")).toMatchObject([{ name: "two" }]);
    const refused = { status: 409, body: { error: { code: "pool-configured", retry: false } } };
    expect(await user.ask("PUT", "pools/file", key, pool("one"))).toMatchObject(refused);
    // A route of both leads to one that is put later.
    const refusals = await Promise.all([owner, user].map((gateway) => openedOrRefused(gateway.plain("/live"))));
    expect(refusals).toEqual([503, 503]);
    const echo = await echoing(cleanup);
    expect(await owner.ask("PUT", "pools/live", key, { targets: [echo], health: false })).toMatchObject({
      status: 201,
    });
    for (const gateway of [owner, user]) {
      await expect.poll(() => openedOrRefused(gateway.plain("/live"))).toBe("echo");
    }
    expect(await user.ask("DELETE", "pools/live", key)).toMatchObject({ status: 200 });
    await expect.poll(() => openedOrRefused(owner.plain("/live"))).toBe(503);
    await user.process.stop("SIGKILL");
    await owner.process.stop("SIGKILL");
    const again = await GatewayProcess.of(cleanup, config, owns);
    expect(await targetsOf(again, "quotes")).toMatchObject([{ name: "two" }]);
  });
});
