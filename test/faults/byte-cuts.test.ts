import { HawserError } from "@hawser/protocol";
import type { Client } from "@hawser/client";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { describe, expect, it } from "vitest";
import type { AtEnd } from "../support/at-end.ts";
import { connect, wholeLog } from "../support/clients.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import type { End, Fault } from "../support/fault-proxy.ts";
import { Seeded } from "../support/seeded.ts";
import { sessionTransports } from "../support/transports.ts";
import type { SessionTransport } from "../support/transports.ts";

/** Published at least, and again until there were enough cuts: the faster it goes, the fewer there are. */
const messages = 3_000;
const leastCuts = 10;
/** Published at most. */
const mostMessages = 60_000;
const inFlight = 25;
const calls = 1_000;
/** Another one tries other cuts. */
const seed = Number(process.env["HAWSER_TEST_SEED"] ?? 1);

interface Scene {
  readonly server: HawserServer;
  /** How often the handler ran for each call. */
  readonly runs: Map<number, number>;
  readonly proxies: FaultProxy[];
  readonly client: (name: string, connections: number) => Promise<Client>;
}

/** A server whose clients come over ways that cut each of their connections somewhere. */
async function open(transport: SessionTransport, mostBytes: number, atEnd: AtEnd): Promise<Scene> {
  const runs = new Map<number, number>();
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    // However far a reader falls behind, nothing is trimmed under it.
    channels: [{ pattern: "chat", retention: { count: 2 * mostMessages } }],
    // A connection that vanished is to be found soon; polls of nothing are a second apart.
    limits: { heartbeatMs: 800 },
    calls: {
      count: (request) => {
        const id = Number(request);
        runs.set(id, (runs.get(id) ?? 0) + 1);
        return id;
      },
    },
    ...transport.server,
  });
  atEnd(() => server.close());
  await server.listen();
  const random = new Seeded(seed);
  const proxies: FaultProxy[] = [];
  return {
    server,
    runs,
    proxies,
    async client(name, connections) {
      const address = transport.urlOf(server);
      const proxy = await FaultProxy.to(Number(new URL(address).port), {
        faultOf: () => randomFault(random, mostBytes),
      });
      proxies.push(proxy);
      atEnd(() => proxy.close());
      const url = proxy.urlOf(address);
      const client = connect(url, name, { connector: transport.connector(), connections, connectTimeoutMs: 1_000 });
      atEnd(() => client.close());
      return client;
    },
  };
}

/** One in four somewhere in the handshakes, the others wherever it falls behind them. */
function randomFault(random: Seeded, mostBytes: number): Fault {
  const ends: readonly End[] = ["reset", "reset", "reset", "finish", "finish", "vanish"];
  const way = random.pick(["up", "down"] as const);
  const bytes = random.number() < 0.25 ? random.magnitude(1, 600) : random.magnitude(600, mostBytes);
  return { afterBytes: { [way]: bytes }, end: random.pick(ends) };
}

/** All messages of the channel as one client reads them, until the one that says that it is the last. */
async function readAll(client: Client): Promise<{ readonly seen: unknown[]; readonly told: string[] }> {
  const subscription = client.channel("chat").subscribe({ from: "earliest" });
  const told: string[] = [];
  subscription.addEventListener("lost", () => told.push("lost"));
  subscription.addEventListener("reset", ({ reason }) => told.push(`reset: ${reason}`));
  const seen: unknown[] = [];
  for await (const { data } of subscription) {
    if (data === last) break;
    seen.push(data);
  }
  return { seen, told };
}

/** So many at a time; the outcome of each. */
async function inTurns<T>(count: number, width: number, one: (n: number) => PromiseLike<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const n = next;
      next += 1;
      results[n] = await one(n);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

const last = "the last one";
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

// Most of the time is spent waiting for what a cut connection misses, so that several wait at once.
describe.concurrent.each(
  sessionTransports.flatMap((transport) => [1, 2].map((connections) => ({ transport, connections }))),
)("over $transport.name, with $connections connections that are cut at any byte", ({ transport, connections }) => {
  it(`loses, doubles and disorders nothing of ${messages} messages or more (seed ${seed})`, async ({
    onTestFinished,
  }) => {
    const scene = await open(transport, 20_000, onTestFinished);
    const cuts = (): number => scene.proxies.reduce((sum, proxy) => sum + proxy.cuts, 0);
    const [writer, reader] = [await scene.client("w", connections), await scene.client("r", connections)];
    const reading = readAll(reader);
    const positions: (number | undefined)[] = [];
    while (positions.length === 0 || (cuts() <= leastCuts && positions.length < mostMessages)) {
      const first = positions.length;
      const published = await inTurns(messages, inFlight, (n) => writer.channel("chat").publish(first + n));
      positions.push(...published.map(({ position }) => position?.offset));
    }
    await writer.channel("chat").publish(last);
    const { seen, told } = await reading;
    const numbers = upTo(positions.length);
    expect(told).toEqual([]);
    expect(seen).toEqual(numbers);
    expect(positions).toEqual(numbers.map((n) => n + 1));
    const auditor = connect(transport.urlOf(scene.server), "a", { connector: transport.connector() });
    onTestFinished(() => auditor.close());
    const log = await wholeLog(auditor.channel("chat"));
    expect(log.map(({ data }) => data)).toEqual([...numbers, last]);
    expect(cuts()).toBeGreaterThan(leastCuts);
  });

  it(`ends each of ${calls} calls as it is documented (seed ${seed})`, async ({ onTestFinished }) => {
    const { runs, proxies, client } = await open(transport, 4_000, onTestFinished);
    const caller = await client("c", connections);
    const outcomes = await inTurns(calls, 10, async (id) => {
      try {
        return await caller.call("count", id, { idempotent: id % 2 === 0, timeoutMs: 20_000 });
      } catch (error) {
        return error instanceof HawserError ? error.code : error;
      }
    });
    for (const [id, outcome] of outcomes.entries()) {
      const times = runs.get(id) ?? 0;
      if (id % 2 === 0) {
        expect(outcome).toBe(id);
        expect(times).toBeGreaterThanOrEqual(1);
      } else {
        // Once, or nobody knows; never twice.
        expect([id, "outcome-unknown"]).toContain(outcome);
        if (outcome === id) expect(times).toBe(1);
        else expect(times).toBeLessThanOrEqual(1);
      }
    }
    expect(proxies[0]!.cuts).toBeGreaterThan(3);
  });
});
