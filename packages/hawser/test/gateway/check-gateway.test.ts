import { describe, expect, it } from "vitest";
import { checkGateway } from "../../src/gateway/check-gateway.ts";

const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const app = { kind: "http", url: "http://app.test/", secret };

function faults(config: unknown): readonly string[] {
  const checked = checkGateway(config);
  return "faults" in checked ? checked.faults.map(({ at, message }) => `${at} ${message}`.trim()) : [];
}

describe("a gateway's configuration", () => {
  it("is right with pools alone, and with everything", () => {
    expect(faults({ pools: {} })).toEqual([]);
    expect(
      faults({
        pools: { app: { ...app, format: "raw", headers: { a: "b" }, limits: { maxAttempts: 1 } } },
        routes: [{ name: "live", hosts: ["*.example.org"], path: "/live/**", pool: "app", subprotocols: ["a"] }],
        port: 0,
        host: "::1",
        path: "/h",
        plain: { port: 0, tls: { cert: "c.pem", key: "k.pem" }, proxyProtocol: { from: ["10.0.0.0/8"] } },
        secret: "s".repeat(32),
        page: true,
        authorize: () => true,
        authorizePlain: () => ({ user: "ann" }),
        origins: ["https://example.org"],
        trustProxy: ["10.0.0.1"],
        api: { keys: [{ name: "a", key: "k".repeat(32), scopes: ["pools"] }] },
        peers: { b: "http://b.test/hawser/api/v1" },
        addresses: ["wss://a.test/hawser"],
        accessLog: "stdout",
        name: "a",
        cluster: true,
        relay: {
          port: 7430,
          host: "10.0.0.5",
          secret: "r".repeat(32),
          address: "wss://a.internal:7430",
          nodes: { b: "ws://10.0.0.6:7430" },
          tls: { cert: "c.pem", key: "k.pem" },
        },
        drainMs: 0,
        logLevel: "warn",
        limits: { server: { maxConnections: 10 }, proxy: { maxConnections: 10 }, sockets: { maxSockets: 10 } },
      }),
    ).toEqual([]);
  });

  it("is told everything that is wrong with its shape at once, each with its place and the nearest name", () => {
    expect(
      faults({
        pools: {
          app: { ...app, ulr: "x", secret: 1, limits: { maxAtempts: 1, maxSockets: 0 } },
          other: { kind: "htpp" },
          last: 1,
        },
        routes: [{ pool: "app", subprotocol: ["a"], hosts: "example.org" }, { path: 5 }],
        prot: 1,
        port: 70_000,
        authorize: "me",
        plain: { tls: {} },
        limits: { proxi: {} },
      }).toSorted(),
    ).toEqual(
      [
        "pools.app.ulr is not known; did you mean url?",
        "pools.app.secret must be text, or a list of texts",
        "pools.app.limits.maxAtempts is not known; did you mean maxAttempts?",
        "pools.app.limits.maxSockets must be an integer from 1 to 9007199254740991",
        "pools.other.kind must be one of websocket, http",
        "pools.last must be an object",
        "routes[0].subprotocol is not known; did you mean subprotocols?",
        "routes[0].hosts must be a list",
        "routes[1].path must be text",
        "routes[1].pool must be text",
        "prot is not known; did you mean port?",
        "port must be an integer from 0 to 65535",
        "authorize must be a function, which only a .ts or .js file can hold",
        "plain.port must be an integer from 0 to 65535",
        "plain.tls.cert must be text",
        "plain.tls.key must be text",
        "limits.proxi is not known; did you mean proxy?",
      ].toSorted(),
    );
  });

  it("is told everything that cannot be, too", () => {
    expect(
      faults({
        pools: { app: { ...app, url: "ftp://x" }, bpp: { ...app, secret: "word" }, "c d": app },
        routes: [{ pool: "ap" }, { pool: "app", path: "nowhere" }, { pool: "app", hosts: ["a.test:80"] }],
        secret: "s".repeat(32),
        authenticate: () => ({ user: "a" }),
        limits: { proxy: { idleTimeoutMs: 2 ** 31 } },
        peers: { b: "b.test" },
      }),
    ).toEqual([
      "pools.app.url must be an http or https URL without a fragment and a user",
      "pools.bpp.secret must be whsec_ and 24 to 64 bytes in base64, or a list of up to four such",
      "pools.c d must have a name of 1 to 64 letters, digits, ., - and _",
      'routes[0].pool names a pool "ap", which is not known; did you mean app?',
      'routes[1] is not right: The path "nowhere" is not valid: it must begin with /',
      'routes[2] is not right: "a.test:80" is not a host: write example.com or *.example.com, without a port',
      "limits.proxy.idleTimeoutMs must be an integer from 1 to 2147483647",
      "peers.b must be an http or https URL",
      "secret does not go together with authenticate",
    ]);
  });

  it("may have routes to pools that are put over the HTTP API", () => {
    const pools = { app };
    expect(faults({ pools, routes: [{ pool: "live", poolFrom: "api" }] })).toEqual([]);
    expect(faults({ pools, routes: [{ pool: "a b", poolFrom: "api" }] })).toEqual([
      "routes[0].pool must have a name of 1 to 64 letters, digits, ., - and _",
    ]);
    expect(faults({ pools, routes: [{ pool: "live", poolFrom: "file" }] })).toEqual([
      "routes[0].poolFrom must be one of configuration, api",
    ]);
  });

  it("is told what is wrong with a pool of WebSocket servers", () => {
    expect(
      faults({
        pools: {
          a: { targets: ["ws://a", { url: "ws://b", wieght: 2 }, 5], balance: "least", health: { intervall: 1 } },
          b: { targets: "ws://a" },
        },
      }),
    ).toEqual([
      "pools.a.targets[1].wieght is not known; did you mean weight?",
      "pools.a.targets[2] must be text",
      "pools.a.balance must be one of least-connections, two-choices, round-robin, hash",
      "pools.a.health.intervall is not known; did you mean intervalMs?",
      "pools.b.targets must be a list of URLs or objects",
    ]);
    expect(faults({ pools: { a: { targets: ["http://a"] }, b: { targets: ["ws://a", "ws://a"] } } })).toEqual([
      "pools.a.targets[0].url must be a ws or wss URL without query, fragment and user",
      "pools.b.targets[1] has the name a, as another has",
    ]);
  });

  it.each([[undefined], [null], [[]], ["text"], [{}]])("is not %j", (exported) => {
    expect(faults(exported)).not.toEqual([]);
  });

  it("has a relay whose secret is long, and whose nodes have addresses", () => {
    expect(faults({ pools: {}, relay: { port: 0, secret: "short" } })).toEqual([
      "relay.secret must have at least 32 bytes",
    ]);
    expect(faults({ pools: {}, relay: { port: 0, secret: "r".repeat(32), nodes: { b: "10.0.0.6" } } })).toEqual([
      "relay.nodes.b must be an address such as ws://10.0.0.5:7430",
    ]);
  });

  it("never says a secret", () => {
    expect(faults({ pools: { app: { ...app, secret: "whsec_hushhush" } }, secret: 5 }).join()).not.toContain("hush");
  });
});
