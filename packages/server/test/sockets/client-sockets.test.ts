import { describe, expect, it } from "vitest";
import type { ClientFrame } from "@hawser/protocol";
import type { SocketClient, SocketFrame, SocketService, Source } from "../../src/core.ts";
import { encodeFramed } from "../../src/core.ts";
import { startNode } from "../support/test-node.ts";

const open: ClientFrame = {
  type: "open-socket",
  id: 7,
  number: 1,
  upstream: "quotes",
  path: "",
  protocols: [],
  lane: "",
  credit: 1_000,
  instead: 0,
};
const data = (from: number): ClientFrame => ({
  type: "socket-data",
  number: 1,
  from,
  text: false,
  last: false,
  data: new Uint8Array(10),
});

/** A service that keeps what it is told. */
class HeardSockets implements SocketService {
  readonly clients: SocketClient[] = [];
  readonly frames: SocketFrame[] = [];
  readonly drains: number[] = [];
  rechecks = 0;
  ended = 0;
  closed = 0;
  drained = (): void => {};

  attach(client: SocketClient): ReturnType<SocketService["attach"]> {
    this.clients.push(client);
    return {
      handle: (frame) => void this.frames.push(frame),
      recheck: async () => void (this.rechecks += 1),
      close: () => void (this.ended += 1),
    };
  }

  drain(withinMs: number): Promise<void> {
    this.drains.push(withinMs);
    return new Promise((resolve) => (this.drained = resolve));
  }

  close(): void {
    this.closed += 1;
  }
}

describe("frames about virtual sockets", () => {
  it("are refused by a node that opens none [SOCK-1]", async () => {
    const { client } = await startNode();
    const ann = await client().connect();
    expect(await ann.ask(data(0), open)).toMatchObject([{ type: "error", id: 7, code: "socket-unavailable" }]);
  });

  it("are refused over HTTP, whatever the node opens [SOCK-1]", async () => {
    const sockets = new HeardSockets();
    const { client } = await startNode({ sockets });
    const ann = await client(undefined, { request: "lasting" }).connect();
    expect(await ann.ask(open)).toMatchObject([{ type: "error", id: 7, code: "socket-unavailable" }]);
    expect(sockets.clients).toEqual([]);
  });

  it("go to the node's service, with the session, the user and his rights [SOCK-1]", async () => {
    const sockets = new HeardSockets();
    const capabilities = [{ pattern: "quotes", verbs: ["open"] as const }];
    const { client } = await startNode({ sockets, identities: { ann: { capabilities } } });
    const ann = await client(undefined, { address: "192.0.2.7" }).connect("ann", "s1");
    ann.send(open, data(0));
    expect(sockets.frames.map(({ type }) => type)).toEqual(["open-socket", "socket-data"]);
    const [found] = sockets.clients;
    expect(found).toMatchObject({ session: "s1", address: "192.0.2.7", identity: { user: "ann" }, closed: false });
    expect([found!.may("quotes"), found!.may("orders")]).toEqual([true, false]);
  });

  it("are requests, which an answer ends, and are told when the connection ends", async () => {
    const sockets = new HeardSockets();
    const { client } = await startNode({ sockets });
    const ann = await client().connect();
    ann.send(open);
    sockets.clients[0]!.answer(7, { type: "socket-attached", id: 7, received: 0, credit: 5 });
    sockets.clients[0]!.answer(7, { type: "socket-attached", id: 7, received: 0, credit: 6 });
    expect(await ann.frames()).toEqual([{ type: "socket-attached", id: 7, received: 0, credit: 5 }]);
    ann.transport.handlers?.onClose(1006, "");
    expect(sockets).toMatchObject({ ended: 1 });
    expect(sockets.clients[0]!.closed).toBe(true);
  });

  it("are judged anew when rights are", async () => {
    const sockets = new HeardSockets();
    const { client, node } = await startNode({ sockets });
    (await client().connect()).send(open);
    await node.refresh("ann");
    expect(sockets.rechecks).toBe(1);
  });

  it("have sources that write when the connection flushes", async () => {
    const sockets = new HeardSockets();
    const { client } = await startNode({ sockets });
    const ann = await client().connect();
    ann.send(open);
    const { reader } = sockets.clients[0]!;
    const frames = [encodeFramed({ type: "socket-window", number: 1, received: 3, credit: 9 }, reader.encoding)];
    const source: Source = { lane: "bulk", behind: undefined, deficit: 0, next: () => frames.pop() };
    reader.wake(source);
    expect(await ann.frames()).toEqual([{ type: "socket-window", number: 1, received: 3, credit: 9 }]);
  });

  it("count against the rate of frames by the thirty-second part, what asks in full [SOCK-22]", async () => {
    const sockets = new HeardSockets();
    const { client } = await startNode({ sockets, limits: { framesPerSecond: 10, framesBurst: 10 } });
    const ann = await client().connect();
    ann.send(open);
    for (let sent = 0; sent < 8 * 32; sent += 1) ann.send(data(sent));
    expect(ann.transport.paused).toBe(false);
    ann.send(data(0), data(0));
    expect(ann.transport.paused).toBe(true);
    expect(sockets.frames).toHaveLength(8 * 32 + 3);
  });
});

describe("a node with virtual sockets", () => {
  it("is drained when its sockets are, too [SOCK-21]", async () => {
    const sockets = new HeardSockets();
    const { node, ports } = await startNode({ sockets });
    let drained = false;
    void node.drain({ overMs: 5_000 }).then(() => (drained = true));
    await ports.advance(6_000);
    expect(sockets.drains).toEqual([5_000]);
    expect(drained).toBe(false);
    sockets.drained();
    await ports.settle();
    expect(drained).toBe(true);
    await node.close();
    expect(sockets.closed).toBe(1);
  });
});
