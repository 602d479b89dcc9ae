import { httpStreamConnector, openSocket, webSocketConnector } from "@hawser/client";
import type { Client, Connector, VirtualSocket } from "@hawser/client";
import { jsonCodec } from "@hawser/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { sessionTransports } from "../support/transports.ts";
import { countsOf, NodeTabs } from "../tabs/node-tabs.ts";
import { echo, until } from "./echoing.ts";
import { homeNode } from "./scene.ts";
import { StandardUpstream } from "./standard-upstream.ts";

const isHttp = (name: string): boolean => name.startsWith("HTTP");

async function upstream(): Promise<Record<string, string>> {
  const server = await StandardUpstream.start();
  onTestFinished(() => server.close());
  return { echo: `${server.url}/echo` };
}

/** How the socket failed to open. */
async function failure(socket: VirtualSocket): Promise<unknown> {
  const told: unknown[] = [];
  socket.onopen = () => told.push("open");
  socket.onerror = ({ error }) => told.push(error?.code);
  await until(socket, "close");
  return told;
}

describe.each(sessionTransports.filter(({ name }) => !isHttp(name)))("virtual sockets over $name", (transport) => {
  it.each([undefined, jsonCodec])(
    "are byte-exact while their connection is reset again and again (%#)",
    async (codec) => {
      const { server } = await homeNode(await upstream(), onTestFinished, {}, transport.server);
      const proxy = await FaultProxy.to(Number(new URL(transport.urlOf(server)).port));
      onTestFinished(() => proxy.close());
      const client = connect(proxy.urlOf(transport.urlOf(server)), "ann", {
        connector: transport.connector(codec),
        ...(codec && { codec }),
      });
      onTestFinished(() => client.close());
      const sockets = [openSocket(client, "echo"), openSocket(client, "echo")];
      await Promise.all(sockets.map((socket) => until(socket, "open")));
      const echoes = await Promise.all(
        sockets.map((socket, index) =>
          echo(socket, (came) => {
            if (index === 0 && came % 100 === 50) proxy.endAll("reset");
            return came < 500;
          }),
        ),
      );
      for (const { code, said, heard } of echoes) {
        expect(code).toBe(1000);
        expect(heard).toBe(said);
      }
      expect(proxy.count).toBeGreaterThan(4);
    },
  );
});

describe.each(sessionTransports.filter(({ name }) => isHttp(name)))("virtual sockets over $name", (transport) => {
  it("fail at once, and say why [SOCK-1]", async () => {
    const { server, home } = await homeNode(await upstream(), onTestFinished, {}, transport.server);
    const client = connect(transport.urlOf(server), "ann", { connector: transport.connector() });
    onTestFinished(() => client.close());
    expect(await failure(openSocket(client, "echo"))).toEqual(["socket-unavailable"]);
    expect(home.size).toBe(0);
  });
});

describe("a virtual socket whose client has to go over HTTP for a while", () => {
  /** A client that goes the way that is in force when it connects. */
  async function changing(socketResumeMs: number) {
    const { server, home } = await homeNode(await upstream(), onTestFinished, { socketResumeMs });
    const ways = { socket: webSocketConnector({ WebSocket }), http: httpStreamConnector() };
    const way: { now: keyof typeof ways } = { now: "socket" };
    const connector: Connector = {
      name: "changing",
      connect: (url, subprotocol, handlers) => ways[way.now].connect(url, subprotocol, handlers),
    };
    const client = connect(server.url, "ann", { connector });
    onTestFinished(() => client.close());
    const socket = openSocket(client, "echo");
    await until(socket, "open");
    const goBy = async (next: keyof typeof ways): Promise<void> => {
      const { id } = client.status.connections[0]!;
      way.now = next;
      client.reconnect();
      await expect
        .poll(() => client.status.connections.some((one) => one.id > id && one.state === "connected"))
        .toBe(true);
    };
    return { home, socket, goBy };
  }

  it("goes on where it was when a connection goes both ways again", async () => {
    const { socket, goBy } = await changing(30_000);
    const heard = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
    await goBy("http");
    socket.send("meanwhile");
    await goBy("socket");
    expect(await heard).toBe("meanwhile");
  });

  it("ends with 4401 when none does in time [SOCK-14]", async () => {
    const { home, socket, goBy } = await changing(300);
    const closed = until(socket, "close");
    await goBy("http");
    expect(await closed).toMatchObject({ code: 4401, wasClean: false });
    await expect.poll(() => home.size).toBe(0);
  });
});

describe("virtual sockets of tabs that share a connection", () => {
  it("are byte-exact while it is reset again and again, each tab's its own", async () => {
    const { server } = await homeNode(await upstream(), onTestFinished);
    const proxy = await FaultProxy.to(Number(new URL(server.url).port));
    onTestFinished(() => proxy.close());
    const tabs = new NodeTabs();
    const clients: Client[] = [1, 2, 3].map(() => tabs.open("ann", proxy.urlOf(server.url)));
    onTestFinished(async () => {
      await Promise.all(clients.map((client) => client.close()));
    });
    const sockets = clients.map((client) => openSocket(client, "echo"));
    await Promise.all(sockets.map((socket) => until(socket, "open")));
    expect(await countsOf(server.url)).toEqual({ sockets: 1, streams: 3 });
    const echoes = await Promise.all(
      sockets.map((socket, index) =>
        echo(socket, (came) => {
          if (index === 0 && came % 100 === 50) proxy.endAll("reset");
          return came < 500;
        }),
      ),
    );
    for (const { code, said, heard } of echoes) {
      expect(code).toBe(1000);
      expect(heard).toBe(said);
    }
    expect(proxy.count).toBeGreaterThan(4);
  });
});
