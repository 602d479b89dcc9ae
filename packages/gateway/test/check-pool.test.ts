import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { checkPool } from "../src/gateway-options.ts";
import type { GatewayPoolOptions } from "../src/gateway-options.ts";
import { secret } from "./backend/support.ts";

/** With each option that JSON can hold. */
const pools = {
  websocket: {
    kind: "websocket",
    targets: [
      "ws://a.test:1/",
      { url: "wss://b.test/", name: "b", weight: 2, maxConnections: 3, tls: { servername: "b" } },
    ],
    dns: {
      url: "ws://c.test/",
      srv: "_ws._tcp.c.test",
      refreshMs: 30_000,
      minRefreshMs: 1_000,
      tls: { servername: "c" },
    },
    balance: "hash",
    hashBy: { header: "x-room" },
    maxHashLoad: 1.25,
    headers: { "x-user": "{user}" },
    identitySecret: "0123456789abcdef0123456789abcdef",
    compression: true,
    connectTimeoutMs: 5_000,
    retries: 2,
    maxConnections: 10,
    maxPoolConnections: 100,
    connectionsPerSecond: 5,
    health: {
      kind: "http",
      path: "/up",
      statuses: [200],
      intervalMs: 5_000,
      timeoutMs: 2_000,
      failures: 2,
      successes: 2,
    },
    ejectAfter: 3,
    ejectShare: 0.5,
    ejectMs: 10_000,
    maxEjectMs: 300_000,
    maxEjectedShare: 0.5,
    panicShare: 0.5,
    slowStartMs: 0,
    drainTimeoutMs: 600_000,
  },
  http: {
    kind: "http",
    url: "https://a.test/",
    secret: [secret],
    format: "raw",
    headers: { "x-key": "1" },
    passHeaders: ["cookie"],
    limits: { maxSockets: 10, requestTimeoutMs: 1_000 },
  },
};

const junk: readonly unknown[] = [null, true, -1, 1.5, Number.MAX_VALUE, "", "x", [], [null], [[]], {}, { x: null }];

/** The value with something else in the place of each part of it, one at a time. */
function* spoiled(value: unknown): Generator<unknown> {
  yield* junk;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    for (const other of spoiled(part)) {
      if (Array.isArray(value)) yield value.map((one: unknown, index) => (String(index) === name ? other : one));
      else yield { ...value, [name]: other };
    }
  }
}

function check(pool: unknown): string {
  try {
    checkPool(pool as GatewayPoolOptions, "pools.p");
    return "";
  } catch (error) {
    if (error instanceof HawserError && error.code === "option-invalid") return error.message;
    throw new Error(`${JSON.stringify(pool)} ends in ${String(error)}`, { cause: error });
  }
}

describe("what a pool is to be", () => {
  it("takes each option", () => {
    expect(check(pools.websocket)).toBe("");
    expect(check(pools.http)).toBe("");
  });

  it.each(["websocket", "http"] as const)("says where a pool of kind %s is wrong, whatever stands there", (kind) => {
    for (const pool of spoiled(pools[kind])) {
      const message = check(pool);
      expect(message === "" || message.startsWith("pools.p"), message).toBe(true);
    }
  });

  it.each([
    [{ ...pools.websocket, targest: [] }, "pools.p.targest is not known."],
    [{ ...pools.websocket, health: { intervalMS: 1 } }, "pools.p.health.intervalMS is not known."],
    [{ targets: [{ url: "ws://a.test/", wieght: 1 }] }, "pools.p.targets[0].wieght is not known."],
    [{ dns: { url: "ws://a.test/", ttl: 1 } }, "pools.p.dns.ttl is not known."],
    [{ ...pools.http, passheaders: [] }, "pools.p.passheaders is not known."],
    [{ kind: "htp", targets: ["ws://a.test/"] }, "pools.p.kind must be websocket or http."],
  ])("does not take what is misspelt for left out: %#", (pool, message) => {
    expect(check(pool)).toBe(message);
  });

  it("finds options of TLS that would fail each connection", () => {
    expect(check({ targets: [{ url: "wss://a.test/", tls: { cert: "none" } }] })).toMatch(
      /^pools\.p\.targets\[0\]\.tls /,
    );
    expect(check({ dns: { url: "wss://a.test/", tls: { minVersion: "TLSv9" } } })).toMatch(/^pools\.p\.dns\.tls /);
  });
});
