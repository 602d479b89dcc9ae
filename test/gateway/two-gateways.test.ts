import { afterEach, describe, expect, it } from "vitest";
import { Cleanup, freePort } from "../command/hawser-process.ts";
import { GatewayProcess, PlainClient } from "./gateway-process.ts";
import { JsBackEnd, webhookSecret } from "./js-back-end.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe("two gateways in front of one HTTP back end", () => {
  it("pass a push on to the one that holds the socket, and say when that cannot be reached", async () => {
    const backEnd = await JsBackEnd.start(cleanup);
    const key = "k".repeat(32);
    const [portA, portB] = [await freePort(), await freePort()];
    const peers = { a: `http://127.0.0.1:${portA}/hawser/api/v1`, b: `http://127.0.0.1:${portB}/hawser/api/v1` };
    const config = (name: string, port: number): object => ({
      name,
      port,
      peers,
      pools: { app: { kind: "http", url: backEnd.url, secret: webhookSecret } },
      routes: [{ pool: "app" }],
      api: { keys: [{ name: "app", key, scopes: ["push"] }] },
    });
    const a = await GatewayProcess.start(cleanup, config("a", portA));
    const b = await GatewayProcess.start(cleanup, config("b", portB));
    const client = await PlainClient.open(a.plain("/"));
    const { socket } = await backEnd.told("socket.connect");
    const push = (text: string): object => ({ messages: [{ text }] });
    expect(await b.ask("POST", `sockets/${socket}/messages`, key, push("one"))).toEqual({ status: 200, body: {} });
    const many = { sockets: [socket, socket.replace(/.{32}$/, "0".repeat(32))], ...push("two") };
    expect(await b.ask("POST", "sockets/messages", key, many)).toMatchObject({
      status: 200,
      body: { taken: 1, gone: [many.sockets[1]], unreachable: [] },
    });
    expect([await client.hear(), await client.hear()]).toEqual(["one", "two"]);
    await a.process.stop("SIGKILL");
    expect(await b.ask("POST", `sockets/${socket}/messages`, key, push("three"))).toMatchObject({ status: 503 });
    expect(await b.ask("POST", "sockets/messages", key, many)).toMatchObject({
      body: { taken: 0, unreachable: many.sockets },
    });
  });
});
