import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { findProgram, Program } from "../logs/support/start-program.ts";
import { ProxyScene, WsTarget } from "../proxy/support/proxy-scene.ts";

const file = findProgram("haproxy");
const skipped = file === undefined && !process.env["CI"];

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** HAProxy before one server, on a port of its own. */
async function haproxy(bind: string, server: string): Promise<Program> {
  const program = await Program.start({
    file: file ?? "haproxy",
    commandLine: ({ folder }) => ["-db", "-f", join(folder, "conf")],
    files: {
      conf: ({ port }) => `
global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen one
  bind 127.0.0.1:${port} ${bind}
  server one 127.0.0.1:${server}
`,
    },
  });
  stops.push(() => program.remove());
  return program;
}

/** A server that says what address it was told of. */
async function addressTarget(): Promise<WsTarget> {
  const target = await WsTarget.start(() => {});
  target.server.on("connection", (socket: WebSocket, { headers }) => socket.send(String(headers["x-forwarded-for"])));
  stops.push(() => target.stop());
  return target;
}

async function addressTold(url: string, localAddress: string): Promise<string> {
  const client = new WebSocket(url, { localAddress });
  const [data] = (await once(client, "message")) as [Buffer];
  client.close();
  await once(client, "close");
  return data.toString();
}

describe("HAProxy's own PROXY protocol", () => {
  it.skipIf(skipped).each(["send-proxy", "send-proxy-v2"])(
    "with %s tells the gateway who the client is",
    async (option) => {
      const target = await addressTarget();
      const scene = await ProxyScene.start([target.url], { listener: { proxyProtocol: { from: ["127.0.0.1"] } } });
      stops.push(() => scene.stop());
      const before = await haproxy("", `${scene.port} ${option}`);
      expect(await addressTold(`ws://127.0.0.1:${before.port}`, "127.0.0.7")).toBe("127.0.0.7");
      expect((await scene.record()).address).toBe("127.0.0.7");
    },
  );

  it.skipIf(skipped).each(["v1", "v2"] as const)("takes what the gateway says by %s", async (version) => {
    const target = await addressTarget();
    // Told of the client by the header alone, it says so to a second gateway by a header of its own.
    const second = await ProxyScene.start([target.url], { listener: { proxyProtocol: { from: ["127.0.0.1"] } } });
    stops.push(() => second.stop());
    const behind = await haproxy("accept-proxy", `${second.port} send-proxy-v2`);
    const first = await ProxyScene.start([`ws://127.0.0.1:${behind.port}`], {
      routes: [{ pool: "p", proxyProtocol: version, forwarded: "none" }],
    });
    stops.push(() => first.stop());
    expect(await addressTold(first.url, "127.0.0.9")).toBe("127.0.0.9");
  });
});
