import { silentLogger } from "@hawser/server";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UpstreamRefused } from "../../src/proxy/pool-port.ts";
import type { ProxyLease, ProxyPoolRequest } from "../../src/proxy/pool-port.ts";
import { targetPoolSettings } from "../../src/pool/pool-settings.ts";
import type { TargetPoolOptions } from "../../src/pool/pool-options.ts";
import { Pool } from "../../src/pool/pool.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

const request: ProxyPoolRequest = { user: "", headers: {}, path: "/", address: "10.0.0.1" };
const refused = (status: number): UpstreamRefused => new UpstreamRefused(status, "", [], Buffer.alloc(0));

/** A pool whose targets fail as a test says. */
class PoolBench {
  readonly ports = new SimulatedPorts();
  readonly dialed: string[] = [];
  /** What dialing a target by that name fails with. */
  readonly errors = new Map<string, Error>();
  readonly dead = new Set<string>();
  readonly pool: Pool;

  constructor(options: Partial<TargetPoolOptions> = {}) {
    this.pool = new Pool("p", settings(options), {
      clock: this.ports,
      timers: this.ports,
      random: this.ports,
      logger: silentLogger,
      probe: ({ name }) => (this.dead.has(name) ? Promise.reject(new Error("dead")) : Promise.resolve()),
      resolve: () => Promise.resolve({ found: [], ttlMs: undefined }),
    });
  }

  async connect(wish: Partial<ProxyPoolRequest> = {}): Promise<ProxyLease> {
    const { lease } = await this.pool.connect({ ...request, ...wish }, async ({ name }) => {
      this.dialed.push(name);
      const error = this.errors.get(name);
      if (error !== undefined) throw error;
    });
    return lease;
  }

  /** How many of so many connects each target gets. */
  async spread(count: number, wish: (index: number) => Partial<ProxyPoolRequest> = () => ({})): Promise<object> {
    const counts: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const { target } = await this.connect(wish(index));
      counts[target.name] = (counts[target.name] ?? 0) + 1;
    }
    return counts;
  }

  states(): readonly string[] {
    return this.pool.figures.map(({ state }) => state);
  }
}

function settings(options: Partial<TargetPoolOptions>): ReturnType<typeof targetPoolSettings> {
  return targetPoolSettings({ targets: ["ws://a", "ws://b", "ws://c"], health: false, ...options }, "pools.p");
}

const weighted = [
  { url: "ws://a", weight: 3 },
  { url: "ws://b", weight: 1 },
];

describe("a balancer", () => {
  it("of least connections fills what has least for its weight", async () => {
    expect(await new PoolBench().spread(30)).toEqual({ a: 10, b: 10, c: 10 });
    expect(await new PoolBench({ targets: weighted }).spread(40)).toEqual({ a: 30, b: 10 });
  });

  it("of least connections gives to who has lost some", async () => {
    const bench = new PoolBench();
    const leases = await Promise.all(Array.from({ length: 9 }, () => bench.connect()));
    for (const lease of leases.filter(({ target }) => target.name === "b")) lease.end();
    expect(await bench.spread(3)).toEqual({ b: 3 });
  });

  it("of round robin takes turns, a heavy one's spread", async () => {
    const bench = new PoolBench({ balance: "round-robin", targets: weighted });
    await bench.spread(8);
    expect(bench.dialed.join("")).toBe("aabaaaba");
  });

  it("of two choices spreads about evenly", async () => {
    const counts = Object.values(await new PoolBench({ balance: "two-choices" }).spread(300)) as number[];
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(30);
  });

  it("by hash sends a key to one target, spreads keys by weight, and moves only those of a target that goes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 200, maxLength: 200 }),
        async (users) => {
          const bench = new PoolBench({ balance: "hash" });
          const homes = new Map<string, string>();
          for (const user of users) homes.set(user, (await bench.connect({ user })).target.name);
          for (const user of users) expect((await bench.connect({ user })).target.name).toBe(homes.get(user));
          for (const name of ["a", "b", "c"])
            expect([...homes.values()].filter((home) => home === name).length).toBeGreaterThan(30);
          bench.pool.drain("a", 1_000);
          for (const user of users) {
            const { name } = (await bench.connect({ user })).target;
            if (homes.get(user) === "a") expect(name).not.toBe("a");
            else expect(name).toBe(homes.get(user));
          }
        },
      ),
      { numRuns: 5 },
    );
  });

  it("by hash takes a header, a path or the address", async () => {
    const by = async (
      hashBy: NonNullable<TargetPoolOptions["hashBy"]>,
      wish: (index: number) => Partial<ProxyPoolRequest>,
    ) => Object.keys(await new PoolBench({ balance: "hash", hashBy }).spread(50, wish)).length;
    expect(await by({ header: "X-Room" }, (index) => ({ headers: { "x-room": String(index) } }))).toBe(3);
    expect(await by({ header: "X-Room" }, (index) => ({ headers: { "x-room": "1" }, path: String(index) }))).toBe(1);
    expect(await by("path", (index) => ({ path: `/${index}` }))).toBe(3);
    expect(await by("address", (index) => ({ address: String(index) }))).toBe(3);
  });

  it("lets a target that comes into service take its share slowly", async () => {
    const bench = new PoolBench({ targets: ["ws://a", "ws://b"], slowStartMs: 1_000 });
    bench.pool.drain("b", 1_000);
    bench.pool.restore("b");
    const { a, b } = (await bench.spread(42)) as { a: number; b: number };
    expect([a, b]).toEqual([40, 2]);
    await bench.ports.advance(1_000);
    expect(await bench.spread(38)).toEqual({ b: 38 });
  });
});

describe("a pool of WebSocket servers", () => {
  it("tries another target, up to so many, when one cannot be reached", async () => {
    const bench = new PoolBench({ balance: "round-robin", retries: 1 });
    bench.errors.set("a", new Error("ECONNREFUSED"));
    expect((await bench.connect()).target.name).toBe("b");
    bench.errors.set("b", new Error("ECONNREFUSED"));
    bench.errors.set("c", new Error("ECONNREFUSED"));
    bench.dialed.length = 0;
    await expect(bench.connect()).rejects.toMatchObject({ code: "upstream-unavailable", retry: true });
    expect(bench.dialed).toHaveLength(2);
    expect(bench.pool.figures.map(({ open }) => open)).toEqual([0, 1, 0]);
  });

  it("passes on what a target answers, and tries another only for 502, 503 and 504", async () => {
    const bench = new PoolBench({ balance: "round-robin", targets: ["ws://a", "ws://b"] });
    bench.errors.set("a", refused(401));
    await expect(bench.connect()).rejects.toMatchObject({ status: 401 });
    expect(bench.dialed).toEqual(["a"]);
    bench.errors.set("b", refused(503));
    bench.errors.set("a", refused(504));
    await expect(bench.connect()).rejects.toMatchObject({ status: 504 });
    expect(bench.dialed).toEqual(["a", "b", "a"]);
  });

  it("leaves no target out for failures with answers between them, though those are refusals", async () => {
    const bench = new PoolBench({ targets: ["ws://a"], ejectAfter: 2, maxEjectedShare: 1, retries: 0 });
    for (const error of [new Error("ECONNRESET"), refused(401), new Error("ECONNRESET")]) {
      bench.errors.set("a", error);
      await expect(bench.connect()).rejects.toBeInstanceOf(Error);
    }
    expect(bench.pool.figures[0]).toMatchObject({ state: "up", errors: 2 });
    await expect(bench.connect()).rejects.toBeInstanceOf(Error);
    expect(bench.pool.figures[0]).toMatchObject({ state: "ejected", errors: 3 });
  });

  it("gives a target connectTimeoutMs", async () => {
    const bench = new PoolBench({ connectTimeoutMs: 100, retries: 0 });
    let failed: unknown;
    bench.pool
      .connect(
        request,
        (_, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("cut")))),
      )
      .catch((error: unknown) => (failed = error));
    await bench.ports.advance(99);
    expect(failed).toBeUndefined();
    await bench.ports.advance(1);
    expect(failed).toMatchObject({ message: "The pool p is not available: no answer within 100 ms." });
  });

  it("does not blame a target, or try another, when the client has given up", async () => {
    const bench = new PoolBench();
    const client = new AbortController();
    const connecting = bench.pool.connect({ ...request, signal: client.signal }, async () => {
      client.abort();
      throw new Error("given up");
    });
    await expect(connecting).rejects.toThrow("given up");
    expect(bench.pool.figures.map(({ errors }) => errors)).toEqual([0, 0, 0]);
  });

  it("puts a target out of service after ejectAfter failures in a row, twice as long each time", async () => {
    const options = { ejectAfter: 2, ejectMs: 1_000, retries: 0, balance: "round-robin" } as const;
    const bench = new PoolBench({ ...options, targets: ["ws://a", "ws://b"] });
    bench.errors.set("a", new Error("down"));
    const round = (): Promise<unknown> => Promise.allSettled([bench.connect(), bench.connect()]);
    await round();
    expect(bench.states()).toEqual(["up", "up"]);
    await round();
    expect(bench.states()).toEqual(["ejected", "up"]);
    bench.dialed.length = 0;
    await round();
    expect(bench.dialed).toEqual(["b", "b"]);
    await bench.ports.advance(1_000);
    expect(bench.states()).toEqual(["up", "up"]);
    await round();
    await round();
    await bench.ports.advance(1_999);
    expect(bench.states()).toEqual(["ejected", "up"]);
    await bench.ports.advance(1);
    bench.errors.clear();
    await round();
    expect(bench.pool.figures[0]).toMatchObject({ state: "up", ejections: 2, errors: 4, connects: 1 });
  });

  it("fills a target up to maxConnections, and none past it", async () => {
    const bench = new PoolBench({ targets: [{ url: "ws://a", maxConnections: 1 }, "ws://b"], maxConnections: 2 });
    expect(await bench.spread(3)).toEqual({ a: 1, b: 2 });
    await expect(bench.connect()).rejects.toMatchObject({ code: "upstream-unavailable" });
  });

  it("takes a target that does not answer out of service, tells those that hold it, and takes it back", async () => {
    const health = { intervalMs: 100, failures: 2, successes: 2 };
    const bench = new PoolBench({ targets: ["ws://a"], health, panicShare: false });
    const { signal } = await bench.connect();
    bench.dead.add("a");
    await bench.ports.advance(100);
    expect([bench.states(), signal.aborted]).toEqual([["up"], false]);
    await bench.ports.advance(120);
    expect([bench.states(), signal.aborted]).toEqual([["down"], true]);
    await expect(bench.connect()).rejects.toMatchObject({ code: "upstream-unavailable" });
    bench.dead.clear();
    await bench.ports.advance(250);
    expect(bench.states()).toEqual(["up"]);
    await bench.connect();
  });

  it("drains a target: it gets no more sockets, and those that it has end at the deadline", async () => {
    const bench = new PoolBench({ targets: ["ws://a", "ws://b"] });
    const leases = [await bench.connect(), await bench.connect()];
    const held = leases.find(({ target }) => target.name === "a")!;
    expect(bench.pool.drain("a", 1_000)).toBe(true);
    expect(bench.pool.drain("none", 1_000)).toBe(false);
    expect(await bench.spread(2)).toEqual({ b: 2 });
    await bench.ports.advance(999);
    expect(held.signal.aborted).toBe(false);
    await bench.ports.advance(1);
    expect(held.signal.aborted).toBe(true);
    bench.pool.restore("a");
    expect(bench.states()).toEqual(["up", "up"]);
  });

  it("keeps the state of targets that stay over a reload, and drains those that go", async () => {
    const bench = new PoolBench({ targets: ["ws://a", "ws://b"], balance: "round-robin" });
    const [a, b] = [await bench.connect(), await bench.connect()];
    bench.pool.drain("b", 60_000);
    bench.pool.reconfigure(settings({ targets: ["ws://b", "ws://c"] }));
    expect([a.signal.aborted, b.signal.aborted]).toEqual([false, false]);
    expect(bench.pool.figures).toMatchObject([
      { name: "b", state: "draining", open: 1 },
      { name: "c", state: "up", open: 0 },
      { name: "a", state: "draining", open: 1 },
    ]);
    await bench.ports.advance(600_000);
    expect(a.signal.aborted).toBe(true);
  });
});
