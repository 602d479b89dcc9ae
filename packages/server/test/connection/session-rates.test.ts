import { payloadOf } from "@hawser/protocol";
import type { ClientFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { SessionRates } from "../../src/connection/session-rates.ts";
import { defaultLimits } from "../../src/core.ts";
import type { HawserNode } from "../../src/core.ts";
import { enter, presencePolicy } from "../presence/support.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { publish, startNode, subscribe, valuesOf } from "../support/test-node.ts";
import type { TestClient, TestNodeOptions } from "../support/test-node.ts";

interface From {
  readonly user?: string;
  readonly session?: string;
  readonly address?: string;
}

/** A node to which each `request` is a connection of its own, as over HTTP. */
async function overHttp(
  options: TestNodeOptions,
): Promise<{ node: HawserNode; ports: SimulatedPorts; request: (from?: From) => Promise<TestClient> }> {
  const { node, client, ports } = await startNode(options);
  const request = ({ user = "ann", session = "s", address = "192.0.2.1" }: From = {}): Promise<TestClient> =>
    client(undefined, { request: "brief", address }).connect(user, session);
  return { node, ports, request };
}

const pings = (count: number): ClientFrame[] => Array.from({ length: count }, (_, nonce) => ({ type: "ping", nonce }));

describe("requests of one session", () => {
  it("share the rate of frames, connect being one: reading rests above it, and not at it [HTTP-15]", async () => {
    const { ports, request } = await overHttp({ limits: { framesPerSecond: 10, framesBurst: 20 } });
    const first = await request();
    await first.ask(...pings(9));
    const second = await request();
    await second.ask(...pings(9));
    expect([first.transport.paused, second.transport.paused]).toEqual([false, false]);
    const third = await request();
    expect(third.transport.paused).toBe(true);
    await ports.advance(99);
    expect(third.transport.paused).toBe(true);
    await ports.advance(1);
    expect(third.transport.paused).toBe(false);
  });

  it("share the rate of publishes of a policy; another session has its own [HTTP-15]", async () => {
    const { ports, request } = await overHttp({ policy: { publishesPerSecond: 2 } });
    for (const answer of ["published", "published", "rejected"]) {
      expect(await (await request()).ask(publish(1, "chat", 1))).toMatchObject([{ type: answer }]);
    }
    const [refused] = await (await request()).ask(publish(1, "chat", 1));
    expect(refused).toMatchObject({ code: "rate-limited", retry: true, retryAfterMs: 500 });
    expect(await (await request({ session: "t" })).ask(publish(1, "chat", 1))).toMatchObject([{ type: "published" }]);
    expect(await (await request({ user: "bob" })).ask(publish(1, "chat", 1))).toMatchObject([{ type: "published" }]);
    await ports.advance(500);
    expect(await (await request()).ask(publish(1, "chat", 1))).toMatchObject([{ type: "published" }]);
  });

  it("share the rate of a channel's deliveries: to subscribe anew gains nothing [HTTP-15] [SUB-18]", async () => {
    const { node, ports, request } = await overHttp({ policy: { deliveriesPerSecond: 10 } });
    for (let at = 1; at <= 3; at += 1) await node.publish("news", payloadOf(at));
    const readFrom = async (offset: number): Promise<() => Promise<unknown[]>> => {
      const reader = await request();
      const frames = await reader.ask(subscribe("news", { position: { epoch: 0, offset } }));
      return async () => valuesOf([...frames.splice(0), ...(await reader.frames())]);
    };
    const first = await readFrom(0);
    expect(await first()).toEqual([1]);
    const second = await readFrom(1);
    expect(await second()).toEqual([]);
    await ports.advance(99);
    expect([await first(), await second()]).toEqual([[], []]);
    await ports.advance(1);
    expect([...(await first()), ...(await second())]).toEqual([2]);
  });

  it("share the rate of what watchers see change; to be there still is no change [HTTP-15] [PRES-8]", async () => {
    const { request } = await overHttp({
      policy: { presence: presencePolicy },
      limits: { presenceChangesPerSecond: 1, maxPresences: 1 },
    });
    const show = async (generation: number, state: number): Promise<string[]> => {
      const frames = await (await request()).ask(enter(1, "chat", "m", generation, state));
      return frames.map((frame) => (frame.type === "error" ? frame.code : frame.type));
    };
    expect(await show(1, 1)).toEqual(["entered"]);
    expect(await show(2, 2)).toEqual(["entered"]);
    expect(await show(3, 3)).toEqual(["rate-limited"]);
    for (let generation = 4; generation < 10; generation += 1) expect(await show(generation, 2)).toEqual(["entered"]);
  });

  it("of which none is named share the rates of their address [HTTP-15]", async () => {
    const { request } = await overHttp({ policy: { publishesPerSecond: 1 } });
    const from = async (address: string): Promise<string | undefined> => {
      const frames = await (await request({ session: "", address })).ask(publish(1, "chat", 1));
      return frames[0]?.type;
    };
    expect(await from("192.0.2.1")).toBe("published");
    expect(await from("192.0.2.1")).toBe("rejected");
    expect(await from("192.0.2.2")).toBe("published");
    expect(await from("2001:db8::1")).toBe("published");
    expect(await from("2001:db8::2")).toBe("rejected");
  });

  it("are none of the business of other connections", async () => {
    const { client } = await startNode({ policy: { publishesPerSecond: 1 } });
    for (let index = 0; index < 3; index += 1) {
      const ann = await client().connect("ann", "s");
      expect(await ann.ask(publish(1, "chat", 1))).toMatchObject([{ type: "published" }]);
      expect(await ann.ask(publish(2, "chat", 1))).toMatchObject([{ type: "rejected" }]);
    }
  });
});

describe("the sessions whose rates are remembered", () => {
  const policy = { ...defaultLimits, framesPerSecond: 10, framesBurst: 10 };
  const of = (rates: SessionRates, session: string, address = "192.0.2.1"): number =>
    rates.of({ user: "ann", session, address }).spendFrames(10);

  it("are at most maxRatedSessionsPerAddress of an address; those beyond share one rate [HTTP-15]", () => {
    const rates = new SessionRates({ ...policy, maxRatedSessionsPerAddress: 2 }, new SimulatedPorts());
    expect([of(rates, "a"), of(rates, "b")]).toEqual([0, 0]);
    expect([of(rates, "c"), of(rates, "d")]).toEqual([0, 1_000]);
    // Who has a place keeps it, and another address has places of its own.
    expect([of(rates, "a"), of(rates, "e", "192.0.2.2")]).toEqual([1_000, 0]);
  });

  it("are at most maxRatedSessions in all; what has no place shares one rate, whatever its address [HTTP-15]", () => {
    const rates = new SessionRates({ ...policy, maxRatedSessions: 2 }, new SimulatedPorts());
    expect([of(rates, "a"), of(rates, "b", "192.0.2.2")]).toEqual([0, 0]);
    expect([of(rates, "c", "192.0.2.3"), of(rates, "d", "192.0.2.4")]).toEqual([0, 1_000]);
    expect(rates.size).toBe(2);
  });

  it("are forgotten when they have rested as long as it takes to have all back, and no sooner", async () => {
    const ports = new SimulatedPorts();
    const rates = new SessionRates({ ...policy, maxRatedSessionsPerAddress: 1 }, ports);
    expect([of(rates, "a"), of(rates, "b"), of(rates, "")]).toEqual([0, 0, 1_000]);
    await ports.advance(999);
    rates.sweep();
    expect(rates.size).toBe(2);
    await ports.advance(1);
    rates.sweep();
    expect(rates.size).toBe(1);
    expect(of(rates, "b")).toBe(0);
    await ports.advance(1_000);
    rates.sweep();
    expect(rates.size).toBe(0);
  });

  it("are forgotten by the node itself", async () => {
    const { ports, request } = await overHttp({
      policy: { publishesPerSecond: 1 },
      limits: { maxRatedSessionsPerAddress: 1 },
    });
    const asks = async (session: string): Promise<string | undefined> =>
      (await (await request({ session })).ask(publish(1, "chat", 1)))[0]?.type;
    expect(await asks("a")).toBe("published");
    expect([await asks("b"), await asks("c")]).toEqual(["published", "rejected"]);
    await ports.advance(3_000);
    expect(await asks("c")).toBe("published");
    expect(await asks("a")).toBe("published");
  });
});
