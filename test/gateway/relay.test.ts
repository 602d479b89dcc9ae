import { openSocket } from "@hawser/client";
import type { VirtualSocket } from "@hawser/client";
import { afterEach, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { JsBackEnd, webhookSecret } from "./js-back-end.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** The socket's next message. */
const heard = (socket: VirtualSocket): Promise<unknown> =>
  new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
  });

/** Two processes, of which the second knows where the first takes links; and a balancer in front that sends each connection to one. */
async function balanced(): Promise<{
  readonly home: GatewayProcess;
  readonly balancer: FaultProxy;
  readonly socket: VirtualSocket;
}> {
  const backEnd = await JsBackEnd.start(cleanup);
  const pools = { app: { kind: "http", url: backEnd.url, secret: webhookSecret } };
  const relay = { port: 0, host: "127.0.0.1", secret: "a secret of the service, 32 bytes" };
  const home = await GatewayProcess.start(cleanup, { name: "gateway-a", pools, relay });
  const [, port = ""] = await home.process.printed(/Relay +port (\d+)/);
  const other = await GatewayProcess.start(cleanup, {
    name: "gateway-b",
    pools,
    relay: { ...relay, nodes: { "gateway-a": `ws://127.0.0.1:${port}` } },
  });
  const ports = [home, other].map(({ url }) => Number(new URL(url).port));
  const balancer = await FaultProxy.to(0, { targetOf: (connection) => ports[connection === 0 ? 0 : 1]! });
  cleanup.add(() => balancer.close());
  const client = connect(balancer.urlOf(home.url), "ann");
  cleanup.add(() => client.close());
  const socket = openSocket(client, "app");
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = reject;
  });
  return { home, balancer, socket };
}

describe("two processes of a gateway", () => {
  it("carry a virtual socket on through the other one [SOCK-16]", async () => {
    const { balancer, socket } = await balanced();
    const first = heard(socket);
    socket.send("before");
    expect(await first).toBe("before");
    balancer.endAll("reset");
    const second = heard(socket);
    socket.send("behind");
    expect(await second).toBe("behind");
    expect(balancer.count).toBe(2);
  });

  it("carry it on while its home is drained, which goes when the socket is closed [SOCK-21]", async () => {
    const { home, balancer, socket } = await balanced();
    const ended = home.process.stop("SIGTERM");
    // The client is told to move, and its connection to the home is closed by it.
    while (balancer.count < 2) {
      const answer = heard(socket);
      socket.send("on the way");
      expect(await answer).toBe("on the way");
    }
    const answer = heard(socket);
    socket.send("moved");
    expect(await answer).toBe("moved");
    const closed = new Promise((resolve) => (socket.onclose = ({ code }) => resolve(code)));
    socket.close(1000);
    expect(await closed).toBe(1000);
    expect(await ended).toMatchObject({ code: 0 });
  });

  it("end it with 4400 when its home is killed, as the other one finds out [SOCK-12]", async () => {
    const { home, balancer, socket } = await balanced();
    balancer.endAll("reset");
    const answer = heard(socket);
    socket.send("by the other way");
    expect(await answer).toBe("by the other way");
    const closed = new Promise((resolve) => (socket.onclose = ({ code }) => resolve(code)));
    home.process.child.kill("SIGKILL");
    expect(await closed).toBe(4400);
  });
});
