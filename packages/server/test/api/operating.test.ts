import { memoryLog } from "@hawser/log";
import type { HawserServer } from "@hawser/server";
import { afterEach, describe, expect, it } from "vitest";
import { RawSocket } from "../raw-socket.ts";
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

describe("operating over the HTTP API", () => {
  it("ends the sessions of a user, with the reason that it names", async () => {
    const server = await open();
    const ann = await RawSocket.upgraded(server.url);
    ann.say({ type: "connect", token: "ann", session: "one" });
    await ann.message();
    const answer = await ask(server, "POST", "users/ann/disconnect", { body: { reason: "You are out." } });
    expect(answer).toMatchObject({ status: 200, body: { nodes: 1 } });
    expect((await ann.message())[0]).toMatchObject({ type: "error", code: "disconnected", message: "You are out." });
    ann.destroy();
  });

  it("needs no body to end them, and takes a reason of 1,024 bytes, none longer", async () => {
    const server = await open();
    expect(await ask(server, "POST", "users/ann/disconnect")).toMatchObject({ status: 200 });
    const of = (bytes: number) => ask(server, "POST", "users/ann/disconnect", { body: { reason: "x".repeat(bytes) } });
    expect(await of(1_024)).toMatchObject({ status: 200 });
    expect(await of(1_025)).toMatchObject({ status: 400, body: { error: { code: "payload-invalid" } } });
    expect(await ask(server, "POST", "users/two%20words/disconnect")).toMatchObject({
      status: 400,
      body: { error: { code: "channel-invalid" } },
    });
  });

  it("tells the nodes and what they count", async () => {
    const server = await open({ cluster: { endpoints: ["wss://a.example.org/hawser"] }, log: memoryLog() });
    const ann = await RawSocket.upgraded(server.url);
    ann.say({ type: "connect", token: "ann", session: "one" });
    await ann.message();
    expect(await ask(server, "GET", "counts")).toMatchObject({
      status: 200,
      body: { nodes: 1, connections: 1, sessions: 1 },
    });
    const { body } = await ask(server, "GET", "nodes");
    expect(body).toMatchObject({
      nodes: [{ name: "node-a", self: true, state: "up", endpoints: ["wss://a.example.org/hawser"], sessions: 1 }],
    });
    expect(body.nodes[0].version).toMatch(/^\d+\.\d+\.\d+/);
    expect(body.nodes[0].presence).toBeUndefined();
    ann.destroy();
  });
});
