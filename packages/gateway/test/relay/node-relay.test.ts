import { afterEach, describe, expect, it } from "vitest";
import { systemPorts } from "@hawser/protocol";
import { silentLogger } from "@hawser/server";
import { Home, NodeRelay } from "../../src/index.ts";
import type { NodeRelayOptions } from "../../src/index.ts";
import { FakeConnection } from "../support/fake-connection.ts";
import { FakeUpstreams } from "../support/fake-upstreams.ts";
import { attachFrame, opened } from "../support/home-scene.ts";

const ports = systemPorts();
const secret = "a secret of the service, 32 bytes";
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function nodeRelay(
  name: string,
  options: Partial<NodeRelayOptions> = {},
  known: Record<string, string> = {},
): NodeRelay {
  const home = new Home({ ...ports, name, upstreams: new FakeUpstreams() });
  const relay = new NodeRelay(
    { secret, port: 0, host: "127.0.0.1", ...options },
    { home, ports, logger: silentLogger, relayOf: (other) => known[other] },
  );
  ended.push(() => relay.close());
  return relay;
}

describe("the relay of a node", () => {
  it("says where it is when it listens, or what it was told to say", async () => {
    const relay = nodeRelay("node-a");
    expect(relay.sockets.relayAddress).toBe("");
    await relay.open();
    expect(relay.sockets.relayAddress).toBe(`ws://127.0.0.1:${relay.port}`);
    const named = nodeRelay("node-b", { address: "wss://b.internal:7430" });
    expect(named.sockets.relayAddress).toBe("wss://b.internal:7430");
  });

  it.each(["nodes", "cluster"])("finds another by the %s, and by nothing else", async (by) => {
    const a = nodeRelay("node-a");
    await a.open();
    const known = { "node-a": a.sockets.relayAddress };
    const b = by === "nodes" ? nodeRelay("node-b", { nodes: known }) : nodeRelay("node-b", {}, known);
    const answer = await opened(new FakeConnection(a.sockets));
    const connection = new FakeConnection(b.sockets);
    connection.send(attachFrame(answer));
    await expect.poll(() => connection.frames()).toMatchObject([{ type: "socket-attached" }]);
    const alone = new FakeConnection(nodeRelay("node-c").sockets);
    expect(await alone.ask(attachFrame(answer, { generation: 3 }))).toMatchObject([{ code: "socket-gone" }]);
  });

  it.each([
    { secret: "short" },
    { port: -1 },
    { port: 65_536 },
    { address: "http://b:1" },
    { address: "ws://b:1/path" },
    { nodes: { "node-b": "b:1" } },
  ])("is refused with %o", (options) => {
    expect(() => nodeRelay("node-a", options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
