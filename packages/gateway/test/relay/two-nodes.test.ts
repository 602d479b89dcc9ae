import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { memoryLog } from "@hawser/log";
import { protobufCodec, systemPorts } from "@hawser/protocol";
import type { ClientFrame, ServerFrame, SocketOpenedFrame } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { Home, Relay, RelayListener, wsRelayDialer } from "../../src/index.ts";
import { FakeUpstreams } from "../support/fake-upstreams.ts";
import { attachFrame, ClientEnd, openFrame } from "../support/home-scene.ts";

const ports = systemPorts();
const secret = "a secret of the service, 32 bytes";
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

interface RealNode {
  readonly server: HawserServer;
  readonly home: Home;
  readonly upstreams: FakeUpstreams;
  readonly listener: RelayListener;
  readonly reported: unknown[];
}

/** A node with sockets of its own: its door, and its relay, on free ports. */
async function realNode(name: string, addresses: Map<string, string>, own = secret): Promise<RealNode> {
  const upstreams = new FakeUpstreams();
  const reported: unknown[] = [];
  const home = new Home({ ...ports, name, upstreams });
  const relay = new Relay({
    ...ports,
    home,
    dialer: wsRelayDialer({ ...ports, secret: own }),
    addressOf: (other) => addresses.get(other),
    report: (_, error) => reported.push(error),
  });
  const listener = new RelayListener({
    ...ports,
    accept: (link) => relay.accept(link),
    secret: own,
    port: 0,
    host: "127.0.0.1",
  });
  await listener.open();
  addresses.set(name, `ws://127.0.0.1:${listener.port}`);
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    sockets: relay,
    name,
  });
  await server.listen();
  ended.push(() => Promise.all([listener.close(), server.close()]));
  return { server, home, upstreams, listener, reported };
}

/** A client frame by frame, over a WebSocket. */
class RawClient {
  readonly #socket: WebSocket;
  readonly #frames: ServerFrame[] = [];
  #heard = (): void => {};

  constructor(url: string) {
    this.#socket = new WebSocket(url, "hawser.v1");
    this.#socket.on("message", (data: Buffer) => {
      this.#frames.push(...protobufCodec.decodeServer(data));
      this.#heard();
    });
    ended.push(() => this.#socket.terminate());
  }

  async connect(session: string): Promise<this> {
    await once(this.#socket, "open");
    this.send({ type: "connect", token: "", session, agent: "test" });
    await this.until("connected");
    return this;
  }

  send(frame: ClientFrame): void {
    this.#socket.send(protobufCodec.encode(frame));
  }

  /** The next frame of one of those types; others ahead of it are dropped. */
  async until<const Type extends ServerFrame["type"]>(...types: Type[]): Promise<ServerFrame & { type: Type }> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift())
        if ((types as string[]).includes(frame.type)) return frame as ServerFrame & { type: Type };
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  cut(): void {
    this.#socket.terminate();
  }
}

async function openedAt(node: RealNode): Promise<{ client: RawClient; answer: SocketOpenedFrame }> {
  const client = await new RawClient(node.server.url).connect("s1");
  client.send(openFrame());
  return { client, answer: await client.until("socket-opened") };
}

describe("two nodes", () => {
  it("carry a socket on through the other, byte-exact, when its connection is lost [SOCK-16]", async () => {
    const addresses = new Map<string, string>();
    const [a, b] = [await realNode("node-a", addresses), await realNode("node-b", addresses)];
    const { client, answer } = await openedAt(a);
    const end = new ClientEnd(answer, 262_144);
    const message = Uint8Array.from({ length: 150_000 }, (_, index) => (index * 31) & 255);
    a.upstreams.newest.say(message);
    end.take([await client.until("socket-data"), await client.until("socket-data")]);
    client.cut();
    const other = await new RawClient(b.server.url).connect("s1");
    other.send(attachFrame(answer, { received: end.receiver.offset }));
    expect(await other.until("socket-attached", "error")).toMatchObject({ type: "socket-attached" });
    while (end.got.length === 0) end.take([await other.until("socket-data")]);
    expect(Buffer.from(end.got[0]!.data).equals(message)).toBe(true);
    other.send({ type: "socket-data", number: 1, from: 0, text: false, last: true, data: message.subarray(0, 1_000) });
    expect(await other.until("socket-window")).toMatchObject({ received: 1_032 });
    expect(a.upstreams.newest.got).toEqual([{ text: false, data: message.slice(0, 1_000) }]);
  });

  it("say that it is gone at once when its home was killed [SOCK-12]", async () => {
    const addresses = new Map<string, string>();
    const [a, b] = [await realNode("node-a", addresses), await realNode("node-b", addresses)];
    const { answer } = await openedAt(a);
    const other = await new RawClient(b.server.url).connect("s1");
    other.send(attachFrame(answer));
    await other.until("socket-attached");
    await a.listener.close();
    expect(await other.until("detach-socket")).toMatchObject({ number: 1, retry: true });
    other.send(attachFrame(answer, { id: 3, generation: 3 }));
    expect(await other.until("socket-attached", "error")).toMatchObject({ id: 3, code: "socket-gone" });
  });

  it("do not believe each other with other secrets", async () => {
    const addresses = new Map<string, string>();
    const a = await realNode("node-a", addresses);
    const b = await realNode("node-b", addresses, "another secret of the service, 32 bytes");
    const { answer } = await openedAt(a);
    const other = await new RawClient(b.server.url).connect("s1");
    other.send(attachFrame(answer));
    expect(await other.until("socket-attached", "error")).toMatchObject({ code: "socket-gone" });
    expect(b.reported).toHaveLength(1);
  });

  it("do not believe one that takes every link and proves nothing", async () => {
    const addresses = new Map<string, string>();
    const impostor = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(impostor, "listening");
    ended.push(() => impostor.close());
    const b = await realNode("node-b", addresses);
    const { port } = impostor.address() as { port: number };
    addresses.set("node-a", `ws://127.0.0.1:${port}`);
    const other = await new RawClient(b.server.url).connect("s1");
    other.send(attachFrame({ token: new Uint8Array(16), home: "node-a", instance: "1" }));
    expect(await other.until("error")).toMatchObject({ code: "socket-gone" });
    expect(String(b.reported[0])).toContain("no node of this service");
  });
});

describe("the port of a relay", () => {
  it("refuses who does not upgrade, and who proves nothing", async () => {
    const { listener } = await realNode("node-a", new Map());
    const plain = await fetch(`http://127.0.0.1:${listener.port}/`);
    expect(plain.status).toBe(426);
    const socket = connect(listener.port, "127.0.0.1");
    ended.push(() => socket.destroy());
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
  });
});
