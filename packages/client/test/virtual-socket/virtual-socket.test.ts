import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../../src/options.ts";
import { openSocket } from "../../src/virtual-socket/open-socket.ts";
import type { VirtualSocketOptions } from "../../src/virtual-socket/options.ts";
import type { VirtualSocket } from "../../src/virtual-socket/virtual-socket.ts";
import { connected, fixture } from "../fixture.ts";
import type { Fixture } from "../fixture.ts";
import type { FakePeer } from "../fake-server.ts";
import { FakeHome } from "./fake-home.ts";

interface Scene extends Fixture<undefined> {
  readonly home: FakeHome;
  readonly socket: VirtualSocket;
  /** What was told, in order. */
  readonly told: unknown[];
}

function watch(socket: VirtualSocket): unknown[] {
  const told: unknown[] = [];
  socket.onopen = () => told.push("open");
  socket.onmessage = ({ data }) => told.push(data);
  socket.onerror = ({ error }) => told.push(`error ${error?.code}`);
  socket.onclose = ({ code, wasClean }) => told.push(`close ${code} ${wasClean}`);
  return told;
}

/** A socket that was just opened. */
async function scene(
  options: VirtualSocketOptions = {},
  client: Partial<ClientOptions> = {},
  windowBytes?: number,
): Promise<Scene> {
  const made = await connected(client);
  const home = new FakeHome(made.server, windowBytes);
  const socket = openSocket(made.client, "quotes", [], options);
  const told = watch(socket);
  await made.ports.advance(5);
  expect(told.splice(0)).toEqual(["open"]);
  return { ...made, home, socket, told };
}

const textOf = ({ data }: { readonly data: Uint8Array }): string => new TextDecoder().decode(data);

describe("a virtual socket", () => {
  it("is opened by name, path, protocols and lane, under a number of its own [SOCK-2]", async () => {
    const { client, server, ports } = await connected({ openSocket });
    const home = new FakeHome(server);
    client.openSocket("quotes", ["a", "b"], { path: "/eu", lane: "bulk", windowBytes: 1_000 });
    client.openSocket("orders");
    await ports.advance(5);
    expect(home.opens).toMatchObject([
      { number: 1, upstream: "quotes", path: "/eu", protocols: ["a", "b"], lane: "bulk", credit: 1_000 },
      { number: 2, upstream: "orders", path: "", protocols: [], lane: "", credit: 262_144 },
    ]);
  });

  it("says what to do where the client was not given the function", async () => {
    const { client } = await connected();
    expect(() => client.openSocket("quotes")).toThrow("`openSocket` is an option of createClient");
  });

  it("waits for a connection, and gives up when it is not open in time", async () => {
    const { client, server, ports } = fixture();
    server.opens = false;
    const told = watch(openSocket(client, "quotes", [], { openTimeoutMs: 3_000 }));
    await ports.advance(2_999);
    expect(told).toEqual([]);
    await ports.advance(1);
    expect(told).toEqual(["error deadline-exceeded", "close 1006 false"]);
  });

  it("is opened anew, under another number, when the connection ends before the answer [SOCK-3]", async () => {
    const { client, server, ports } = await connected();
    const home = new FakeHome(server);
    const told = watch(openSocket(client, "quotes"));
    server.peer.cut();
    await ports.advance(2_000);
    expect(told).toEqual(["open"]);
    expect(home.opens.at(-1)!.number).toBeGreaterThan(1);
  });

  it("says which one it is opened in place of, of those that the server was asked for [SOCK-25]", async () => {
    const { client, server, ports } = await connected();
    const home = new FakeHome(server);
    home.silent = true;
    openSocket(client, "quotes");
    await ports.advance(5);
    server.peer.cut();
    await ports.advance(2_000);
    home.silent = false;
    server.peer.cut();
    const told = watch(openSocket(client, "orders"));
    await ports.advance(2_000);
    expect(told).toEqual(["open"]);
    const asked = home.opens.map(({ upstream, number, instead }) => [upstream, number, instead]);
    expect(asked).toEqual([
      ["quotes", 1, 0],
      ["quotes", 2, 1],
      ["quotes", expect.any(Number), 2],
      ["orders", expect.any(Number), 0],
    ]);
  });

  it("fails with the reason that the node gives", async () => {
    const { client, server, ports } = await connected();
    new FakeHome(server).refusal = { code: "upstream-unknown", retry: false };
    const told = watch(openSocket(client, "quotes"));
    await ports.advance(5);
    expect(told).toEqual(["error upstream-unknown", "close 1006 false"]);
  });

  it("is opened over the connection that carries sockets, where another does not [SOCK-1]", async () => {
    const { client, server, ports } = await connected({ connections: 2 });
    const home = new FakeHome(server);
    const [first, second] = server.peers as [FakePeer, FakePeer];
    home.refusalOf = (peer) => (peer === first ? { code: "socket-unavailable", retry: false } : undefined);
    const told = [watch(openSocket(client, "quotes")), watch(openSocket(client, "orders"))];
    await ports.advance(50);
    expect(told).toEqual([["open"], ["open"]]);
    expect(home.peer).toBe(second);
    const asked = home.opens.length;
    watch(openSocket(client, "news"));
    await ports.advance(50);
    expect(home.opens).toHaveLength(asked + 1);
    // Nor does it go there when its own is lost.
    second.cut();
    await ports.advance(2_000);
    expect(first.of("attach-socket")).toEqual([]);
    expect(home.peer).toBe(server.peers[2]);
  });

  it("goes on over the next connection where it was, both ways [SOCK-11]", async () => {
    const { server, ports, home, socket, told } = await scene();
    socket.send("one");
    home.say("eins");
    await ports.advance(5);
    // What is under way is lost with the connection.
    server.peer.alive = false;
    socket.send("two");
    home.say("zwei");
    await ports.advance(5);
    server.peer.cut();
    server.peer.alive = true;
    socket.send("three");
    home.say("drei");
    await ports.advance(2_000);
    expect(home.got.map(textOf)).toEqual(["one", "two", "three"]);
    expect(told).toEqual(["eins", "zwei", "drei"]);
    expect(home.attaches).toMatchObject([{ generation: 2, number: 1, home: "node-1", instance: "life" }]);
    expect(socket.bufferedAmount).toBe(0);
  });

  it("ends with 4401 when there is no connection for resumeMs [SOCK-14]", async () => {
    const { server, ports, told } = await scene();
    server.opens = false;
    server.peer.cut();
    await ports.advance(29_990);
    expect(told).toEqual([]);
    await ports.advance(20);
    expect(told).toEqual(["error socket-gone", "close 4401 false"]);
  });

  it("is closed at its home when that attaches it after it was given up [SOCK-14]", async () => {
    const { server, ports, home, socket, told } = await scene();
    home.late = () => {};
    server.peer.cut();
    socket.send("kept");
    await ports.advance(30_100);
    expect(told).toEqual(["error socket-gone", "close 4401 false"]);
    home.late();
    await ports.advance(100);
    expect(home.closed).toEqual({ code: 1001, reason: "" });
    home.close(1001);
    await ports.advance(100);
    expect(home.sender.done).toBe(true);
    expect(told).toHaveLength(2);
  });

  it("is over for good when what it asked for as the last came to nothing [SOCK-14]", async () => {
    const { server, ports, home, told } = await scene();
    home.late = () => {};
    server.peer.cut();
    await ports.advance(30_100);
    const asked = home.attaches.length;
    server.peer.cut();
    await ports.advance(60_000);
    expect(home.attaches).toHaveLength(asked);
    expect(told).toEqual(["error socket-gone", "close 4401 false"]);
  });

  it("ends with 4400 at once when its home does not know it [SOCK-12]", async () => {
    const { server, ports, home, told } = await scene();
    home.refusal = { code: "socket-gone", retry: false };
    server.peer.cut();
    await ports.advance(2_000);
    expect(told).toEqual(["error socket-gone", "close 4400 false"]);
  });

  it("is asked for no more when its home has said that it does not know it [SOCK-12]", async () => {
    const { server, ports, home } = await scene();
    home.refusal = { code: "socket-gone", retry: false };
    server.peer.cut();
    await ports.advance(2_000);
    expect(home.attaches).toHaveLength(1);
    server.peer.cut();
    await ports.advance(2_000);
    expect(home.attaches).toHaveLength(1);
  });

  it("is attached again when the node lets go of it, with a higher generation, and not where that is final [SOCK-13]", async () => {
    const { server, ports, home, socket, told } = await scene();
    const detach = { type: "detach-socket", number: 1, message: "", retry: true, code: "socket-gone" } as const;
    server.peer.send({ ...detach, generation: 1 });
    socket.send("meanwhile");
    await ports.advance(1_000);
    expect(home.attaches).toMatchObject([{ generation: 2 }]);
    expect(home.got.map(textOf)).toEqual(["meanwhile"]);
    // That is the generation before.
    server.peer.send({ ...detach, generation: 1, retry: false });
    await ports.advance(5);
    expect(told).toEqual([]);
    server.peer.send({ ...detach, generation: 2, retry: false, code: "forbidden" });
    await ports.advance(5);
    expect(told).toEqual(["error forbidden", "close 4403 false"]);
  });

  it("asks again while nodes say later, and stays within resumeMs", async () => {
    const { server, ports, home, socket } = await scene();
    home.refusal = { code: "socket-unavailable", retry: true };
    server.peer.cut();
    socket.send("kept");
    await ports.advance(10_000);
    expect(home.attaches.length).toBeGreaterThan(1);
    home.refusal = undefined;
    await ports.advance(15_000);
    expect(home.got.map(textOf)).toEqual(["kept"]);
  });

  it("moves to another connection before it leaves the one that stalls", async () => {
    const { server, ports, home, socket, told } = await scene({}, { connections: 2 });
    const former = home.peer!;
    former.alive = false;
    await ports.advance(6_000);
    expect(home.peer).not.toBe(former);
    socket.send("over there");
    home.say("drüben");
    await ports.advance(5);
    expect([home.got.map(textOf), told, server.peers.length]).toEqual([["over there"], ["drüben"], 2]);
  });

  it("sends no more than the home gives credit for, and confirms what it says in bufferedAmount [SOCK-7]", async () => {
    const { ports, home, socket } = await scene({}, {}, 1_000);
    home.reads = false;
    socket.send("x".repeat(5_000));
    await ports.advance(100);
    expect(home.receiver.offset).toBe(1_000);
    expect(socket.bufferedAmount).toBe(4_000);
    home.reads = true;
    home.receiver.consumed(1_000);
    home.pump();
    await ports.advance(100);
    expect(home.got).toHaveLength(1);
    expect(socket.bufferedAmount).toBe(0);
  });

  it("cuts a large message in pieces, between which others have their turn [SOCK-18]", async () => {
    const { ports, client, home, socket } = await scene();
    const other = openSocket(client, "orders");
    await ports.advance(5);
    const before = home.pieces.length;
    socket.send("x".repeat(200_000));
    other.send("small");
    await ports.advance(50);
    const numbers = home.pieces.slice(before).map((frame) => ("number" in frame ? frame.number : 0));
    expect(numbers.indexOf(2)).toBeGreaterThan(-1);
    expect(numbers.indexOf(2)).toBeLessThan(5);
  });

  it("gives no credit for what is not told while it is paused, and tells it in order when it goes on [SOCK-8]", async () => {
    const { ports, home, socket, told } = await scene({ windowBytes: 1_000 });
    socket.pause();
    for (let index = 0; index < 100; index += 1) home.say(`message ${index}`);
    await ports.advance(1_000);
    expect(told).toEqual([]);
    const { kept, end } = home.sender;
    expect(end - kept).toBeLessThanOrEqual(1_000);
    socket.resume();
    await ports.advance(1_000);
    expect(told).toEqual(Array.from({ length: 100 }, (_, index) => `message ${index}`));
  });

  it("closes behind what it sent, as the upstream answers, and lets go of the connection", async () => {
    const { ports, home, socket, told } = await scene();
    socket.send(new Blob(["last"]));
    socket.close(4_000, "done");
    await ports.advance(100);
    expect(home.got.map(textOf)).toEqual(["last"]);
    expect(home.closed).toEqual({ code: 4_000, reason: "done" });
    home.close(4_000, "done");
    await ports.advance(100);
    expect(told).toEqual(["close 4000 true"]);
    // The home has nothing to keep [SOCK-10].
    expect(home.sender.done).toBe(true);
  });

  it("drops what comes while it closes, and gives credit for it all the same [SOCK-10]", async () => {
    const { ports, home, socket, told } = await scene({ windowBytes: 1_000 });
    socket.pause();
    home.say("x".repeat(5_000));
    await ports.advance(100);
    socket.close();
    home.close(1000);
    await ports.advance(1_000);
    expect(told).toEqual(["close 1000 true"]);
  });

  it("ends with 4410 when the home passes its credit, and tells it so [SOCK-7]", async () => {
    const { server, ports, home, told } = await scene({ windowBytes: 100 });
    const data = new Uint8Array(200);
    server.peer.send({ type: "socket-data", number: 1, from: 0, text: true, last: true, data });
    await ports.advance(100);
    expect(told).toEqual(["error socket-gone", "close 4410 false"]);
    expect(home.closed?.code).toBe(4410);
  });

  it("fails past maxBufferedBytes, and not at it", async () => {
    const { ports, home, socket, told } = await scene({ maxBufferedBytes: 1_000 }, {}, 64);
    home.reads = false;
    socket.send("x".repeat(1_000));
    await ports.advance(5);
    expect(told).toEqual([]);
    socket.send("x".repeat(100));
    await ports.advance(5);
    expect(told).toEqual(["error outbox-full", "close 1006 false"]);
  });

  it("fails for a message that is larger than maxBufferedBytes", async () => {
    const { ports, home, told } = await scene({ maxBufferedBytes: 1_000 });
    home.say("x".repeat(1_000));
    home.say("x".repeat(1_001));
    await ports.advance(100);
    expect(told).toEqual(["x".repeat(1_000), "error message-too-large", "close 1006 false"]);
    expect(home.closed?.code).toBe(1009);
  });

  it("ends with its client, which tells the home", async () => {
    const { client, ports, home, told } = await scene();
    const closing = client.close();
    await ports.advance(10);
    await closing;
    expect(told).toEqual(["error closed", "close 1006 false"]);
    expect(home.closed?.code).toBe(1001);
    const late = watch(openSocket(client, "quotes"));
    await ports.advance(5);
    expect(late).toEqual(["error closed", "close 1006 false"]);
  });
});
