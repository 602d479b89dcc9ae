import { describe, expect, it } from "vitest";
import { sharedSubprotocol } from "@hawser/protocol";
import type { SharedMessage } from "@hawser/protocol";
import { serveSharedWorker } from "../../src/shared/serve-shared-worker.ts";
import type { SharedWorkerScope } from "../../src/shared/serve-shared-worker.ts";
import { sharedConnector } from "../../src/shared/shared-connector.ts";
import type { SharedConnectorOptions } from "../../src/shared/shared-connector.ts";
import { takenEvery } from "../../src/shared/line.ts";
import type { Connector, Transport } from "../../src/transport/transport.ts";
import { SimulatedPorts } from "../simulated-ports.ts";
import { FakeBrowser } from "./fake-browser.ts";
import type { FakePage } from "./fake-browser.ts";
import { FakeNode } from "./fake-node.ts";

const url = "ws://node-1/hawser";
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A tab with its connector, and what became of each stream that it began. */
class Tab {
  readonly page: FakePage;
  readonly connector: Connector;
  readonly streams: Stream[] = [];

  constructor(page: FakePage, connector: Connector) {
    this.page = page;
    this.connector = connector;
  }

  connect(to = url): Stream {
    const stream = new Stream();
    stream.transport = this.connector.connect(to, "hawser.v1", {
      onOpen: (subprotocol) => stream.events.push(subprotocol),
      onMessage: (message) => stream.events.push([...message]),
      onClose: (code) => stream.events.push(code),
    });
    this.streams.push(stream);
    return stream;
  }
}

class Stream {
  transport!: Transport;
  /** The subprotocol at `onOpen`, the bytes of each message, the code at `onClose`. */
  readonly events: (string | number | number[])[] = [];

  get closed(): boolean {
    return this.events.some((event) => typeof event === "number");
  }
}

function world(mode: Mode, options: Partial<SharedConnectorOptions> = {}) {
  const ports = new SimulatedPorts();
  const node = new FakeNode(ports.timers);
  const browser = new FakeBrowser(ports.timers);
  const { limits } = options;
  browser.workerScript = (page) => {
    const scope: SharedWorkerScope = { onconnect: null, navigator: { locks: page.platform.locks! } };
    serveSharedWorker(scope, { connector: node, ports, ...(limits === undefined ? {} : { limits }) });
    return (port) => scope.onconnect?.({ ports: [port] } as never);
  };
  const tab = (own: Partial<SharedConnectorOptions> = {}): Tab => {
    const page = browser.open();
    const connector = sharedConnector({
      principal: "ann",
      connector: node,
      ports,
      platform: page.platform,
      ...(mode === "worker" ? { worker: page.worker } : {}),
      ...options,
      ...own,
    });
    return new Tab(page, connector);
  };
  return { ports, node, browser, tab };
}

type Mode = "worker" | "tabs";

const messages = (came: readonly SharedMessage[]): [number, number[]][] =>
  came.flatMap((message) =>
    message.kind === "message" ? [[message.stream, [...message.message]] as [number, number[]]] : [],
  );

describe.each<Mode>(["worker", "tabs"])("tabs that share connections (%s)", (mode) => {
  it("have one physical connection, each with a stream of its own", async () => {
    const { ports, node, tab } = world(mode);
    const tabs = [tab(), tab(), tab(), tab()];
    const streams = tabs.map((one) => one.connect());
    await ports.advance(100);
    expect(node.sockets).toHaveLength(1);
    expect(node.sockets[0]!.subprotocol).toBe(sharedSubprotocol);
    expect(streams.map(({ events }) => events)).toEqual([["hawser.v1"], ["hawser.v1"], ["hawser.v1"], ["hawser.v1"]]);
    // They are numbered as they begin to send, not as they came (SHARE-2).
    for (const index of [2, 0, 3]) streams[index]!.transport.send(bytes(index, index));
    await ports.advance(10);
    expect(messages(node.sockets[0]!.came())).toEqual([
      [1, [2, 2]],
      [2, [0, 0]],
      [3, [3, 3]],
    ]);
    node.sockets[0]!.say({ kind: "message", stream: 2, message: bytes(7) });
    node.sockets[0]!.say({ kind: "message", stream: 1, message: bytes(8) });
    node.sockets[0]!.say({ kind: "message", stream: 9, message: bytes(9) });
    await ports.advance(10);
    expect(streams.map(({ events }) => events.slice(1))).toEqual([[[7]], [], [[8]], []]);
  });

  it("confirm a mark behind what came before it, tab by tab [SHARE-6]", async () => {
    const { ports, node, tab } = world(mode);
    const streams = [tab().connect(), tab().connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(10);
    const [socket] = node.sockets;
    socket!.came();
    const mark = bytes(1, 2, 3, 4, 5, 6, 7, 8);
    socket!.say({ kind: "message", stream: 2, message: bytes(5) });
    socket!.say({ kind: "mark", stream: 2, mark });
    await ports.advance(10);
    expect(socket!.came()).toEqual([{ kind: "confirm", stream: 2, mark }]);
    expect(streams[1]!.events).toEqual(["hawser.v1", [5]]);
  });

  it("end one by one, and the connection with the last", async () => {
    const { ports, node, tab } = world(mode);
    const streams = [tab().connect(), tab().connect(), tab().connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(10);
    const [socket] = node.sockets;
    socket!.came();
    streams[0]!.transport.close(1000, "bye");
    socket!.say({ kind: "close", stream: 2, code: 4503, reason: "no" });
    await ports.advance(10);
    expect(socket!.came()).toEqual([{ kind: "close", stream: 1, code: 1000, reason: "bye" }]);
    expect(streams.map(({ events }) => events.at(-1))).toEqual([1000, 4503, "hawser.v1"]);
    expect(socket!.closed).toBeUndefined();
    streams[2]!.transport.close(1000, "");
    await ports.advance(10);
    expect(socket!.closed?.code).toBe(1000);
    expect(node.open).toHaveLength(0);
  });

  it("all end with the connection's code when it ends, and connect anew", async () => {
    const { ports, node, tab } = world(mode);
    const tabs = [tab(), tab()];
    for (const one of tabs) one.connect();
    await ports.advance(100);
    node.sockets[0]!.end(1006);
    await ports.advance(10);
    expect(tabs.map(({ streams }) => streams[0]!.events)).toEqual([
      ["hawser.v1", 1006],
      ["hawser.v1", 1006],
    ]);
    for (const one of tabs) one.connect();
    await ports.advance(100);
    expect(node.open).toHaveLength(1);
    expect(tabs.map(({ streams }) => streams[1]!.events)).toEqual([["hawser.v1"], ["hawser.v1"]]);
  });

  it("are told when the connection cannot be made", async () => {
    const { ports, node, tab } = world(mode);
    node.opens = false;
    const [one, other] = [tab().connect(), tab().connect("bad:")];
    await ports.advance(100);
    node.sockets[0]!.end(1006);
    await ports.advance(10);
    expect(one.events).toEqual([1006]);
    expect(other.events).toEqual([1006]);
  });

  it("never share between principals, or endpoints [SHARE-12]", async () => {
    const { ports, node, tab } = world(mode);
    tab().connect();
    tab({ principal: "bob" }).connect();
    tab().connect("ws://node-2/hawser");
    tab().connect();
    await ports.advance(100);
    expect(node.sockets.map((socket) => socket.url).sort()).toEqual([url, url, "ws://node-2/hawser"]);
  });

  it("put two streams of one client on two connections, which all share [SHARE-12]", async () => {
    const { ports, node, tab } = world(mode);
    for (const one of [tab(), tab(), tab()]) {
      one.connect();
      one.connect();
    }
    await ports.advance(100);
    expect(node.sockets).toHaveLength(2);
  });

  it("make another connection when the node says how many streams it takes, and none on one that goes away [SHARE-7]", async () => {
    const { ports, node, tab } = world(mode);
    const first = tab().connect();
    await ports.advance(100);
    first.transport.send(bytes(1));
    await ports.advance(10);
    node.sockets[0]!.say({ kind: "streams", max: 2 });
    tab().connect();
    await ports.advance(10);
    tab().connect();
    await ports.advance(10);
    expect(node.sockets).toHaveLength(2);
    node.sockets[1]!.say({ kind: "streams", max: 0 });
    node.sockets[0]!.say({ kind: "streams", max: 0 });
    tab().connect();
    await ports.advance(10);
    expect(node.sockets).toHaveLength(3);
    expect(first.closed).toBe(false);
  });

  it("that crash are found, and their streams closed", async () => {
    const { ports, node, tab } = world(mode);
    const [stays, dies] = [tab(), tab()];
    const streams = [stays.connect(), dies.connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(10);
    node.sockets[0]!.came();
    dies.page.crash();
    await ports.advance(10);
    expect(node.sockets[0]!.came()).toEqual([expect.objectContaining({ kind: "close", stream: 2, code: 1006 })]);
    expect(streams[0]!.closed).toBe(false);
  });

  it("that are hidden leave at once, and come back with a new stream", async () => {
    const { ports, node, tab } = world(mode);
    const [stays, hides] = [tab(), tab()];
    const streams = [stays.connect(), hides.connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(10);
    node.sockets[0]!.came();
    hides.page.hide();
    expect(streams[1]!.events.at(-1)).toBe(1006);
    await ports.advance(10);
    expect(node.sockets[0]!.came()).toEqual([expect.objectContaining({ kind: "close", stream: 2 })]);
    const again = hides.connect();
    await ports.advance(10);
    expect(again.events).toEqual(["hawser.v1"]);
    expect(node.sockets).toHaveLength(1);
  });

  it("that are frozen cost a bounded memory: past it their stream ends, and the others go on", async () => {
    const maxUnreadBytes = 2 * takenEvery;
    const { ports, node, tab } = world(mode, { limits: { maxUnreadBytes } });
    const [awake, frozen] = [tab(), tab()];
    const streams = [awake.connect(), frozen.connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(10);
    node.sockets[0]!.came();
    frozen.page.freeze();
    const message = new Uint8Array(16_384 - 256);
    for (let index = 0; index < 8; index += 1) {
      for (const stream of [1, 2]) node.sockets[0]!.say({ kind: "message", stream, message });
      await ports.advance(10);
    }
    expect(node.sockets[0]!.came()).toEqual([]);
    expect(frozen.page.missed).toBeLessThan(12);
    for (let index = 0; index < 100; index += 1) {
      for (const stream of [1, 2]) node.sockets[0]!.say({ kind: "message", stream, message });
      await ports.advance(10);
    }
    expect(node.sockets[0]!.came()).toEqual([expect.objectContaining({ kind: "close", stream: 2, code: 1006 })]);
    expect(frozen.page.missed).toBeLessThan(12);
    expect(streams[0]!.events).toHaveLength(1 + 108);
    frozen.page.thaw();
    await ports.advance(10);
    expect(streams[1]!.events.at(-1)).toBe(1006);
    const again = frozen.connect();
    await ports.advance(10);
    expect(again.events).toEqual(["hawser.v1"]);
  });

  it("take a connection on which nobody hears anything for dead, all at once", async () => {
    const { ports, node, tab } = world(mode);
    const tabs = [tab(), tab()];
    const streams = tabs.map((one) => one.connect());
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(5_000);
    streams[0]!.transport.close(4001, "nothing was heard");
    await ports.advance(10);
    expect(streams[1]!.events.at(-1)).toBe(1006);
    expect(node.open).toHaveLength(0);
    tabs[0]!.connect();
    await ports.advance(10);
    expect(node.open).toHaveLength(1);
  });

  it("keep a connection on which others still hear something", async () => {
    const { ports, node, tab } = world(mode);
    const streams = [tab().connect(), tab().connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.send(bytes(1));
    await ports.advance(5_000);
    node.sockets[0]!.say({ kind: "message", stream: 2, message: bytes(1) });
    streams[0]!.transport.close(4001, "nothing was heard");
    await ports.advance(10);
    expect(streams[1]!.closed).toBe(false);
    expect(node.open).toHaveLength(1);
  });

  it.each([
    ["what is no envelope", (node: FakeNode) => node.sockets[0]!.raw(bytes(0xff))],
    ["a confirm", (node: FakeNode) => node.sockets[0]!.say({ kind: "confirm", stream: 1, mark: new Uint8Array(8) })],
  ])("close the connection at %s of a server", async (_name, act) => {
    const { ports, node, tab } = world(mode);
    const stream = tab().connect();
    await ports.advance(100);
    act(node);
    await ports.advance(10);
    expect(node.open).toHaveLength(0);
    expect(stream.events.at(-1)).toBe(1006);
  });

  it("cut a connection that does not take what they send", async () => {
    const { ports, node, tab } = world(mode, { limits: { maxUnsentBytes: 1_000 } });
    const stream = tab().connect();
    await ports.advance(100);
    node.sockets[0]!.bufferedBytes = 1_000;
    stream.transport.send(bytes(1));
    await ports.advance(10);
    expect(stream.closed).toBe(false);
    node.sockets[0]!.bufferedBytes = 1_001;
    stream.transport.send(bytes(1));
    await ports.advance(10);
    expect(stream.events.at(-1)).toBe(1006);
  });

  it("have at most so many streams as the host takes", async () => {
    const { ports, tab } = world(mode, { limits: { maxStreams: 2 } });
    const one = tab();
    const streams = [one.connect(), one.connect()];
    await ports.advance(100);
    const third = one.connect();
    await ports.advance(6_000);
    expect(streams.map(({ closed }) => closed)).toEqual([false, false]);
    expect(third.events.at(-1)).toBe(1006);
  });

  it("have room for as many again as the server has ended", async () => {
    const { ports, node, tab } = world(mode, { limits: { maxStreams: 2 } });
    const tabs = [tab(), tab()];
    for (let round = 0; round < 5; round += 1) {
      const streams = tabs.map((one) => one.connect());
      await ports.advance(100);
      for (const { transport } of streams) transport.send(bytes(1));
      await ports.advance(10);
      for (const stream of [1, 2]) node.sockets[round]!.say({ kind: "close", stream, code: 4000, reason: "" });
      await ports.advance(10);
      expect(streams.map(({ events }) => events)).toEqual([
        ["hawser.v1", 4000],
        ["hawser.v1", 4000],
      ]);
    }
  });

  it("let go of their lock when they are hidden", async () => {
    const { ports, browser, tab } = world(mode);
    const [stays, hides] = [tab(), tab()];
    stays.connect();
    await ports.advance(100);
    hides.connect();
    await ports.advance(100);
    const before = browser.locks.held.length;
    hides.page.hide();
    await ports.advance(10);
    expect(browser.locks.held).toHaveLength(before - 1);
  });

  it("leave nothing behind when all are closed", async () => {
    const { ports, node, browser, tab } = world(mode);
    const streams = [tab().connect(), tab().connect()];
    await ports.advance(100);
    for (const { transport } of streams) transport.close(1000, "");
    await ports.advance(10);
    expect(node.open).toHaveLength(0);
    expect(ports.pending).toBe(0);
    expect(browser.locks.waiting.filter((name) => name.includes("alive"))).toEqual([]);
  });
});

describe("a shared worker", () => {
  it("that dies is found, and started again by the next stream", async () => {
    const { ports, node, browser, tab } = world("worker");
    const tabs = [tab(), tab()];
    const streams = tabs.map((one) => one.connect());
    await ports.advance(100);
    browser.worker!.crash();
    await ports.advance(10);
    expect(streams.map(({ events }) => events.at(-1))).toEqual([1006, 1006]);
    const again = tabs.map((one) => one.connect());
    await ports.advance(10);
    expect(again.map(({ events }) => events)).toEqual([["hawser.v1"], ["hawser.v1"]]);
    expect(node.sockets).toHaveLength(2);
  });

  it("whose script is not there gives way to a tab", async () => {
    const { ports, node, browser, tab } = world("worker");
    browser.workerScript = undefined;
    const tabs = [tab(), tab()];
    const streams = tabs.map((one) => one.connect());
    await ports.advance(10);
    expect(streams.map(({ events }) => events)).toEqual([[1006], [1006]]);
    const again = tabs.map((one) => one.connect());
    await ports.advance(100);
    expect(again.map(({ events }) => events)).toEqual([["hawser.v1"], ["hawser.v1"]]);
    expect(node.sockets).toHaveLength(1);
  });

  it.each([
    ["may not be made", (): never => expect.unreachable("SecurityError")],
    ["the browser does not have", () => undefined],
  ])("that %s gives way to a tab at once", async (_name, worker) => {
    const { ports, node, tab } = world("tabs", { worker });
    const streams = [tab().connect(), tab().connect()];
    await ports.advance(100);
    expect(streams.map(({ events }) => events)).toEqual([["hawser.v1"], ["hawser.v1"]]);
    expect(node.sockets).toHaveLength(1);
  });

  it("that does not answer in time gives way to a tab", async () => {
    const { ports, browser, tab } = world("worker", { hostTimeoutMs: 3_000 });
    browser.workerScript = () => () => {};
    const one = tab();
    const stream = one.connect();
    await ports.advance(2_999);
    expect(stream.closed).toBe(false);
    await ports.advance(1);
    expect(stream.events).toEqual([1006]);
    const again = one.connect();
    await ports.advance(100);
    expect(again.events).toEqual(["hawser.v1"]);
  });
});

describe("the tab that holds the connections", () => {
  it.each([
    ["crashes", (page: FakePage) => page.crash()],
    ["is closed", (page: FakePage) => page.hide()],
  ])("hands over when it %s", async (_name, leave) => {
    const { ports, node, tab } = world("tabs");
    const [host, ...others] = [tab(), tab(), tab()];
    host.connect();
    await ports.advance(100);
    const streams = others.map((one) => one.connect());
    await ports.advance(100);
    leave(host.page);
    await ports.advance(10);
    expect(streams.map(({ events }) => events)).toEqual([
      ["hawser.v1", 1006],
      ["hawser.v1", 1006],
    ]);
    const again = others.map((one) => one.connect());
    await ports.advance(10);
    expect(again.map(({ events }) => events)).toEqual([["hawser.v1"], ["hawser.v1"]]);
    expect(node.sockets).toHaveLength(2);
  });

  it("is waited for by who called while there was none", async () => {
    const { ports, node, tab } = world("tabs");
    const [host, other] = [tab(), tab()];
    host.connect();
    await ports.advance(100);
    host.page.freeze();
    const stream = other.connect();
    await ports.advance(1_000);
    expect(stream.events).toEqual([]);
    host.page.crash();
    await ports.advance(10);
    expect(stream.events).toEqual(["hawser.v1"]);
    expect(node.sockets).toHaveLength(2);
  });

  it("loses its place when it is frozen and does not answer, and knows it when it wakes", async () => {
    const { ports, node, tab } = world("tabs");
    const [host, other] = [tab(), tab()];
    const first = host.connect();
    await ports.advance(100);
    host.page.freeze();
    const stream = other.connect();
    await ports.advance(4_990);
    expect(stream.events).toEqual([]);
    await ports.advance(100);
    expect(stream.events).toEqual(["hawser.v1"]);
    host.page.thaw();
    await ports.advance(100);
    expect(first.events.at(-1)).toBe(1006);
    expect(node.open).toHaveLength(1);
    const again = host.connect();
    await ports.advance(100);
    expect(again.events).toEqual(["hawser.v1"]);
    expect(node.open).toHaveLength(1);
    // It is a candidate again.
    other.page.crash();
    await ports.advance(10);
    host.connect();
    await ports.advance(100);
    expect(node.sockets).toHaveLength(3);
  });
});

describe("a tab without locks", () => {
  it("holds its own connection", async () => {
    const { ports, node, browser, tab } = world("tabs");
    const { platform } = browser.open();
    const streams = [0, 1].map(() => tab({ platform: { ...platform, locks: undefined } }).connect());
    await ports.advance(100);
    expect(streams.map(({ events }) => events)).toEqual([["hawser.v1"], ["hawser.v1"]]);
    expect(node.sockets).toHaveLength(2);
  });
});

describe("sharedConnector", () => {
  it.each([
    ["principal", { principal: undefined as never }],
    ["hostTimeoutMs", { hostTimeoutMs: 0 }],
    ["limits.maxUnreadBytes", { limits: { maxUnreadBytes: 2 * takenEvery - 1 } }],
    ["limits.maxStreams", { limits: { maxStreams: 0 } }],
    ["limits.maxUnsentBytes", { limits: { maxUnsentBytes: 1.5 } }],
  ])("refuses a wrong %s by its name", (name, options) => {
    const { tab } = world("tabs");
    expect(() => tab(options)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(name) }),
    );
  });

  it("refuses any other codec than the binary one", () => {
    const { tab } = world("tabs");
    const { connector } = tab();
    const handlers = { onOpen: () => {}, onMessage: () => {}, onClose: () => {} };
    expect(() => connector.connect(url, "hawser.v1.json", handlers)).toThrow(
      expect.objectContaining({ code: "option-invalid" }),
    );
  });
});
