import { protobufCodec } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { fallbackConnector } from "../../src/transport/fallback-connector.ts";
import type { FallbackOptions } from "../../src/transport/fallback-connector.ts";
import type { Connector, Transport, TransportHandlers } from "../../src/transport/transport.ts";
import { welcome } from "../fake-server.ts";
import { SimulatedPorts } from "../simulated-ports.ts";

/** One connection that was begun, whose course the test says. */
interface Begun {
  readonly kind: string;
  readonly handlers: TransportHandlers;
  readonly sent: Uint8Array[];
  closed: number | undefined;
}

class Kinds {
  readonly ports = new SimulatedPorts();
  readonly begun: Begun[] = [];

  connector(kind: string): Connector {
    return {
      name: kind,
      connect: (_url, _subprotocol, handlers) => {
        const one: Begun = { kind, handlers, sent: [], closed: undefined };
        this.begun.push(one);
        return {
          bufferedBytes: 5,
          send: (message) => void one.sent.push(message),
          close: (code) => void (one.closed = code),
        };
      },
    };
  }

  chain(options: FallbackOptions = {}): Connector {
    return fallbackConnector([this.connector("one"), this.connector("two"), this.connector("three")], {
      ports: this.ports,
      ...options,
    });
  }

  get kinds(): string[] {
    return this.begun.map(({ kind }) => kind);
  }
}

const hello = Uint8Array.of(1);
const answer = protobufCodec.encode(welcome);

async function open(kinds: Kinds, chain = kinds.chain()): Promise<{ transport: Transport; log: unknown[] }> {
  const log: unknown[] = [];
  const transport = chain.connect("ws://x", "hawser.v1", {
    // As the core does.
    onOpen: () => transport.send(hello),
    onMessage: (message) => log.push(message),
    onClose: (code, reason) => log.push([code, reason]),
  });
  expect(log).toEqual([]);
  await kinds.ports.advance(1);
  return { transport, log };
}

describe("connectors to fall back to", () => {
  it("are not tried while the first has its time, and never when it gets through", async () => {
    const kinds = new Kinds();
    const { transport, log } = await open(kinds);
    expect([kinds.kinds, transport.name]).toEqual([["one"], "one"]);
    const [one] = kinds.begun;
    one!.handlers.onOpen("hawser.v1");
    expect(one!.sent).toEqual([hello]);
    await kinds.ports.advance(2_000);
    one!.handlers.onMessage(answer);
    transport.send(Uint8Array.of(2));
    await kinds.ports.advance(60_000);
    expect(kinds.kinds).toEqual(["one"]);
    expect(log).toEqual([answer]);
    expect(one!.sent).toEqual([hello, Uint8Array.of(2)]);
    expect(transport.bufferedBytes).toBe(5);
    one!.handlers.onClose(1006, "cut");
    expect(log.at(-1)).toEqual([1006, "cut"]);
  });

  it("are tried at once when the one before fails, and the close of the last is the connection's", async () => {
    const kinds = new Kinds();
    const { transport, log } = await open(kinds);
    kinds.begun[0]!.handlers.onClose(1006, "refused");
    kinds.begun[1]!.handlers.onClose(1006, "refused too");
    expect([kinds.kinds, transport.name]).toEqual([["one", "two", "three"], "three"]);
    expect(log).toEqual([]);
    kinds.begun[2]!.handlers.onClose(1006, "and this");
    expect(log).toEqual([[1006, "and this"]]);
  });

  it("are tried beside one that opens and brings nothing, and the first to bring something is used", async () => {
    const kinds = new Kinds();
    const { transport, log } = await open(kinds);
    kinds.begun[0]!.handlers.onOpen("hawser.v1");
    await kinds.ports.advance(2_500);
    expect(kinds.kinds).toEqual(["one", "two"]);
    kinds.begun[1]!.handlers.onOpen("hawser.v1");
    kinds.begun[1]!.handlers.onMessage(answer);
    expect([kinds.begun[0]!.closed, kinds.begun[1]!.closed, transport.name]).toEqual([1000, undefined, "two"]);
    // Of one that was left nothing counts any more.
    kinds.begun[0]!.handlers.onMessage(answer);
    kinds.begun[0]!.handlers.onClose(1006, "");
    await kinds.ports.advance(60_000);
    expect([log, kinds.kinds]).toEqual([[answer], ["one", "two"]]);
  });

  it("are not tried when the server itself refuses", async () => {
    const kinds = new Kinds();
    const { log } = await open(kinds);
    kinds.begun[0]!.handlers.onClose(4000, "going away");
    await kinds.ports.advance(60_000);
    expect([log, kinds.kinds]).toEqual([[[4000, "going away"]], ["one"]]);
  });

  it("are tried when the one before speaks another protocol, or is none on this platform", async () => {
    const kinds = new Kinds();
    const chain = fallbackConnector(
      [
        kinds.connector("one"),
        {
          name: "none",
          connect: () => {
            throw new TypeError("no such class");
          },
        },
        kinds.connector("three"),
      ],
      { ports: kinds.ports },
    );
    await open(kinds, chain);
    kinds.begun[0]!.handlers.onOpen("other");
    expect([kinds.kinds, kinds.begun[0]!.closed]).toEqual([["one", "three"], 1000]);
  });

  it("are all left when the connection is closed", async () => {
    const kinds = new Kinds();
    const { transport, log } = await open(kinds);
    await kinds.ports.advance(3_000);
    transport.close(1000, "");
    await kinds.ports.advance(60_000);
    expect([kinds.begun.map(({ closed }) => closed), log]).toEqual([[1000, 1000], [[1000, ""]]]);
    expect(kinds.ports.pending).toBe(0);
  });

  it("are at least one, each of another kind, with times that are times", () => {
    const kinds = new Kinds();
    expect(() => fallbackConnector([])).toThrow(/at least one/);
    expect(() => fallbackConnector([kinds.connector("one"), kinds.connector("one")])).toThrow(/another kind/);
    expect(() => kinds.chain({ patienceMs: 0 })).toThrow(/patienceMs/);
    expect(() => kinds.chain({ retryMs: Number.NaN })).toThrow(/retryMs/);
  });
});

describe("what got through", () => {
  const through = async (kinds: Kinds, chain: Connector, kind: string): Promise<string[]> => {
    const before = kinds.begun.length;
    await open(kinds, chain);
    for (let at = before; kinds.begun[at]!.kind !== kind; at += 1) kinds.begun[at]!.handlers.onClose(1006, "");
    kinds.begun.at(-1)!.handlers.onOpen("hawser.v1");
    kinds.begun.at(-1)!.handlers.onMessage(answer);
    return kinds.kinds.slice(before);
  };

  it("is tried first by later connections, until its time is over", async () => {
    const kinds = new Kinds();
    const chain = kinds.chain({ retryMs: 60_000 });
    expect(await through(kinds, chain, "two")).toEqual(["one", "two"]);
    expect(await through(kinds, chain, "two")).toEqual(["two"]);
    await kinds.ports.advance(59_990);
    expect(await through(kinds, chain, "two")).toEqual(["two"]);
    await kinds.ports.advance(10);
    expect(await through(kinds, chain, "one")).toEqual(["one"]);
    expect(await through(kinds, chain, "one")).toEqual(["one"]);
  });

  it("is not all there is: when it fails the others are tried, and the choice is another", async () => {
    const kinds = new Kinds();
    const chain = kinds.chain();
    await through(kinds, chain, "two");
    expect(await through(kinds, chain, "three")).toEqual(["two", "one", "three"]);
    expect(await through(kinds, chain, "three")).toEqual(["three"]);
    expect(await through(kinds, chain, "one")).toEqual(["three", "one"]);
    expect(await through(kinds, chain, "one")).toEqual(["one"]);
  });

  it("outlives the connector in a store, whatever else stands there or is thrown", async () => {
    const kinds = new Kinds();
    const kept = new Map<string, string>();
    const store = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    await through(kinds, kinds.chain({ store }), "two");
    expect(await through(kinds, kinds.chain({ store }), "two")).toEqual(["two"]);
    const key = [...kept.keys()][0]!;
    for (const text of ["", "null", "7", '{"name":7,"at":1}', '{"name":"none","at":0}', "{"]) {
      kept.set(key, text);
      expect(await through(kinds, kinds.chain({ store }), "one")).toEqual(["one"]);
    }
    const broken = {
      getItem: () => {
        throw new Error("forbidden");
      },
      setItem: () => {
        throw new Error("full");
      },
      removeItem: () => {
        throw new Error("forbidden");
      },
    };
    expect(await through(kinds, kinds.chain({ store: broken }), "two")).toEqual(["one", "two"]);
  });

  it("is remembered for so many endpoints and no more", async () => {
    const kinds = new Kinds();
    const chain = kinds.chain();
    const at = async (url: string, kind: string): Promise<string> => {
      const before = kinds.begun.length;
      const handlers = { onOpen: () => {}, onMessage: () => {}, onClose: () => {} };
      chain.connect(url, "hawser.v1", handlers);
      await kinds.ports.advance(1);
      const first = kinds.begun[before]!.kind;
      while (kinds.begun.at(-1)!.kind !== kind) kinds.begun.at(-1)!.handlers.onClose(1006, "");
      kinds.begun.at(-1)!.handlers.onMessage(answer);
      return first;
    };
    for (let n = 0; n < 64; n += 1) await at(`ws://${n}`, "two");
    expect(await at("ws://0", "two")).toBe("two");
    await at("ws://64", "two");
    expect(await at("ws://1", "two")).toBe("two");
    expect(await at("ws://0", "one")).toBe("one");
  });
});
