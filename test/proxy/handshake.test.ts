import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { holding } from "./support/held.ts";
import { ManualTime } from "./support/manual-time.ts";
import { closing, open, ProxyScene, RawTarget, WsTarget } from "./support/proxy-scene.ts";
import type { ProxySceneOptions } from "./support/proxy-scene.ts";
import { parseAnswer, RawClient, upgradeRequest } from "./support/raw-client.ts";
import { handshakes } from "./support/raw-target.ts";
import { StandInPool } from "./support/stand-in-pools.ts";

const held = holding();

/** The request that a target got, by this one of a client. */
async function requestAtTarget(request: string, options: ProxySceneOptions = {}): Promise<string> {
  const requests: string[] = [];
  const target = held(
    await RawTarget.start(
      handshakes((handshaken) => {
        requests.push(handshaken.request);
        handshaken.accept();
      }),
    ),
  );
  const scene = held(await ProxyScene.start([`${target.url}/base/`], options));
  const client = held(new RawClient(scene.port));
  client.socket.write(request);
  await client.until((bytes) => bytes.includes("\r\n\r\n"));
  expect(parseAnswer(client.received).status).toBe(101);
  return requests[0]!.replaceAll(/127\.0\.0\.1:\d+/g, "TARGET");
}

/** How a request is answered. */
async function answerTo(scene: ProxyScene, request: string): Promise<ReturnType<typeof parseAnswer>> {
  const client = held(new RawClient(scene.port));
  client.socket.write(request);
  return parseAnswer(await client.end());
}

function codeOf({ body }: { readonly body: string }): string {
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

describe("the request to the target", () => {
  it("is the client's, with what is of one hop taken out and what is known of the client added", async () => {
    const request = upgradeRequest(
      "/chat?token=1",
      "Host: Chat.example.com:8443",
      "Connection: upgrade, x-private",
      "X-Private: 1",
      "Keep-Alive: timeout=5",
      "TE: trailers",
      "Cookie: a=b",
      "Origin: https://example.com",
      "Sec-WebSocket-Protocol: a, b",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
      "X-Forwarded-For: 192.0.2.66",
      "X-Hawser-User: root",
    );
    expect(await requestAtTarget(request)).toBe(
      [
        "GET /base/chat?token=1 HTTP/1.1",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
        "Host: Chat.example.com:8443",
        "Cookie: a=b",
        "Origin: https://example.com",
        "Sec-WebSocket-Protocol: a, b",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: Chat.example.com:8443",
        "",
        "",
      ].join("\r\n"),
    );
  });

  it("adds to what a trusted proxy said of the client", async () => {
    const request = upgradeRequest(
      "/",
      "X-Forwarded-For: 192.0.2.66, 198.51.100.7",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: public.example.com",
      "Forwarded: for=192.0.2.66",
    );
    const got = await requestAtTarget(request, {
      trustProxy: ["127.0.0.0/8"],
      routes: [{ pool: "p", forwarded: "both" }],
    });
    expect(got).toContain("X-Forwarded-For: 192.0.2.66, 198.51.100.7, 127.0.0.1\r\n");
    expect(got).toContain("X-Forwarded-Proto: https\r\n");
    expect(got).toContain("X-Forwarded-Host: public.example.com\r\n");
    expect(got).toContain('Forwarded: for=192.0.2.66, for=127.0.0.1;host="example.com";proto=http\r\n');
  });

  it("is changed as the route says, and names the target as host where that is wished", async () => {
    const got = await requestAtTarget(upgradeRequest("/api/v1/socket", "Cookie: a=b", "X-Old: 1"), {
      routes: [
        {
          pool: "p",
          path: "/api/**",
          stripPrefix: "/api",
          host: "target",
          forwarded: "none",
          request: { set: { "x-old": "2", "X-New": "3" }, remove: ["Cookie"] },
        },
      ],
    });
    expect(got).toContain("GET /base/v1/socket HTTP/1.1\r\n");
    expect(got).toContain("Host: TARGET\r\n");
    expect(got).toContain("x-old: 2\r\nX-New: 3\r\n");
    expect(got).not.toMatch(/cookie|x-forwarded/i);
  });

  it("says of the client what the route's placeholders ask for, and nothing of who is not known", async () => {
    const set = { "X-User": "{user}", "X-Tenant": "{claims.tenant}", "X-Asked": "{pool}{path}" };
    const handshake = upgradeRequest("/a?token=t", "X-User: root", "x-tenant: other", "x-asked: no");
    const authorize = () => ({ user: "ada\r\nX-Admin: yes", claims: { tenant: "acme" } });
    const known = await requestAtTarget(handshake, { routes: [{ pool: "p", request: { set } }], authorize });
    expect(known).toContain("X-User: ada%0D%0AX-Admin:%20yes\r\nX-Tenant: acme\r\nX-Asked: p/a\r\n");
    expect(known).not.toMatch(/root|other|: no|^x-admin/im);
    const unknown = await requestAtTarget(handshake, { routes: [{ pool: "p", request: { set } }] });
    expect(unknown).toContain("X-Asked: p/a\r\n");
    expect(unknown).not.toMatch(/x-user|x-tenant/i);
  });

  it("carries who the client is, in headers that no client can write", async () => {
    const got = await requestAtTarget(upgradeRequest("/", "X-User: root", "X-Team: admins"), {
      authorize: () => ({ user: "ada" }),
      identityHeaders: ({ identity, pool }) => ({ "X-User": `${identity.user} at ${pool}` }),
      reservedHeaders: ["X-Team"],
    });
    expect(got).toContain("X-User: ada at p\r\n");
    expect(got).not.toMatch(/root|admins/);
  });

  it.each([
    ["v1", /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET /],
    ["v2", /^\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01[^]{4}GET /],
  ] as const)("has a PROXY protocol header of %s before it where that is wished", async (version, expected) => {
    const got: string[] = [];
    const target = held(
      await RawTarget.start((socket) => {
        socket.once("data", (chunk: Buffer) => {
          got.push(chunk.toString("latin1"));
          socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
        });
      }),
    );
    const scene = held(await ProxyScene.start([target.url], { routes: [{ pool: "p", proxyProtocol: version }] }));
    expect((await answerTo(scene, upgradeRequest())).status).toBe(403);
    expect(got[0]).toMatch(expected);
  });
});

describe("the target's answer", () => {
  it("reaches the client with its own headers, less those of the hop, changed as the route says", async () => {
    const target = held(
      await RawTarget.start(
        handshakes((handshaken) => handshaken.accept("Set-Cookie: a=1", "Set-Cookie: b=2", "Server: secret")),
      ),
    );
    const scene = held(
      await ProxyScene.start([target.url], {
        routes: [{ pool: "p", response: { remove: ["server"], set: { "X-Served-By": "hawser" } } }],
      }),
    );
    const client = held(new RawClient(scene.port));
    client.socket.write(upgradeRequest());
    const answer = (await client.until((bytes) => bytes.includes("\r\n\r\n"))).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(answer).toContain("Sec-WebSocket-Accept: CuGHS8VjVYtKKZ7zUAUWXaN1Bp4=\r\n".slice(0, 22));
    expect(answer).toContain("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    expect(answer).toContain("X-Served-By: hawser\r\n");
    expect(answer).not.toContain("secret");
  });

  it.each([
    [302, { location: "https://elsewhere.example" }, ""],
    [401, { "www-authenticate": 'Basic realm="x"' }, "who are you?"],
    [403, { "content-type": "application/json" }, '{"why":"no"}'],
    [426, { upgrade: "websocket" }, "speak WebSocket"],
    [429, { "retry-after": "7" }, "x".repeat(100_000)],
    [500, {}, "broken"],
    [503, { "retry-after": "1" }, "later"],
  ] as const)("of %i arrives as it is, with headers and body", async (status, headers, body) => {
    const server = createServer();
    server.on("upgrade", (_, socket) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      // In chunks: the proxy reads it whole, and says its length.
      const coded = body === "" ? "0\r\n\r\n" : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      socket.end(`HTTP/1.1 ${status} Because\r\n${lines.join("")}Transfer-Encoding: chunked\r\n\r\n${coded}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    held({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const scene = held(await ProxyScene.start([`ws://127.0.0.1:${(server.address() as AddressInfo).port}`]));
    const answer = await answerTo(scene, upgradeRequest());
    expect([answer.status, answer.body]).toEqual([status, body]);
    for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name)).toBe(value);
    expect(answer.headers.get("content-length")).toBe(String(body.length));
    expect(answer.headers.has("transfer-encoding")).toBe(false);
    expect(await scene.record()).toMatchObject({ status, end: "refused", code: undefined });
  });

  it("of a body past the limit is a 502, and at the limit passes", async () => {
    for (const [bytes, status] of [
      [1_000, 403],
      [1_001, 502],
    ] as const) {
      const target = held(
        await RawTarget.start((socket) =>
          socket.once("data", () => socket.end(`HTTP/1.1 403 No\r\n\r\n${"x".repeat(bytes)}`)),
        ),
      );
      const scene = held(await ProxyScene.start([target.url], { limits: { maxAnswerBytes: 1_000 } }));
      expect((await answerTo(scene, upgradeRequest())).status).toBe(status);
    }
  });

  it("is a 502 where the target cannot be reached, or speaks no HTTP", async () => {
    const gone = await RawTarget.start(() => {});
    const { url: goneUrl } = gone;
    await gone.stop();
    const nonsense = held(await RawTarget.start((socket) => socket.end("SSH-2.0-OpenSSH\r\n\r\n")));
    for (const url of [goneUrl, nonsense.url]) {
      const scene = held(await ProxyScene.start([url]));
      const answer = await answerTo(scene, upgradeRequest());
      expect([answer.status, codeOf(answer)]).toEqual([502, "upstream-failed"]);
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    }
  });

  it("is a 504 where it does not come in time", async () => {
    const time = new ManualTime();
    let reached: () => void = () => {};
    const asked = new Promise<void>((resolve) => (reached = resolve));
    const target = held(await RawTarget.start((socket) => socket.once("data", () => reached())));
    const scene = held(await ProxyScene.start([target.url], { ports: time }));
    const client = held(new RawClient(scene.port));
    client.socket.write(upgradeRequest());
    await asked;
    time.advance(14_999);
    expect(scene.proxy.connections).toBe(1);
    time.advance(1);
    const answer = parseAnswer(await client.end());
    expect([answer.status, codeOf(answer)]).toEqual([504, "upstream-timeout"]);
    expect(time.pending).toBeLessThanOrEqual(1);
  });
});

describe("the proxy's own answer", () => {
  const routes = [
    { pool: "p", path: "/here", hosts: ["example.com"] },
    { pool: "none", path: "/empty" },
  ];

  it.each([
    ["GET /nowhere", upgradeRequest("/nowhere"), 404, "no-route"],
    ["another host", upgradeRequest("/here", "Host: example.org"), 404, "no-route"],
    ["a pool that is not there", upgradeRequest("/empty"), 503, "upstream-unavailable"],
    ["a path that is not plain", upgradeRequest("/a/../here"), 400, "request-invalid"],
    ["a path that is not plain, hidden", upgradeRequest("/a/%2e%2E/here"), 400, "request-invalid"],
    ["a full URL", upgradeRequest("http://example.com/here"), 400, "request-invalid"],
    ["two hosts", upgradeRequest("/here", "Host: example.com", "Host: example.org"), 400, "request-invalid"],
    ["a body", upgradeRequest("/here", "Content-Length: 5"), 400, "request-invalid"],
    [
      "another protocol",
      upgradeRequest("/here").replace("Upgrade: websocket", "Upgrade: h2c"),
      426,
      "upgrade-required",
    ],
    ["no upgrade", "GET /here HTTP/1.1\r\nHost: example.com\r\n\r\n", 426, "upgrade-required"],
    ["another method", upgradeRequest("/here").replace("GET", "POST"), 405, "request-invalid"],
  ])("to %s says what is wrong", async (_, request, status, code) => {
    const scene = held(await ProxyScene.start(["ws://127.0.0.1:9"], { routes }));
    const answer = await answerTo(scene, request);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  it("to headers past the limits is 431, and at them the handshake passes", async () => {
    const target = held(
      await RawTarget.start((socket) => socket.once("data", () => socket.end("HTTP/1.1 418 Tea\r\n\r\n"))),
    );
    const plain = upgradeRequest();
    const headers = plain.split("\r\n").length - 3;
    const exactly = held(
      await ProxyScene.start([target.url], { limits: { maxHeaders: headers, maxHeaderBytes: 1_000 } }),
    );
    expect((await answerTo(exactly, plain)).status).toBe(418);
    expect((await answerTo(exactly, upgradeRequest("/", "X-One-More: 1"))).status).toBe(431);
    const long = (bytes: number): string => {
      const rest = upgradeRequest("/", "X-Long: ").length;
      return upgradeRequest("/", `X-Long: ${"x".repeat(bytes - rest)}`);
    };
    const bytes = held(await ProxyScene.start([target.url], { limits: { maxHeaderBytes: 600 } }));
    expect(long(600)).toHaveLength(600);
    expect((await answerTo(bytes, long(600))).status).toBe(418);
    expect((await answerTo(bytes, long(601))).status).toBe(431);
    expect((await answerTo(bytes, long(5_000))).status).toBe(431);
  });

  it("to a client that is not allowed is what authorize says", async () => {
    const scene = held(
      await ProxyScene.start(["ws://127.0.0.1:9"], {
        authorize: async ({ path, route }) => {
          if (path === "/refused")
            return { status: 401, message: `prove it on ${route}`, headers: { "www-authenticate": "Bearer" } };
          if (path === "/forbidden") throw new HawserError("forbidden", "Not you.");
          if (path === "/expired") throw new HawserError("token-expired", "Too late.");
          throw new Error("the database is down");
        },
      }),
    );
    const refused = await answerTo(scene, upgradeRequest("/refused"));
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(JSON.parse(refused.body)).toEqual({ error: { code: "unauthorized", message: "prove it on /**" } });
    expect((await answerTo(scene, upgradeRequest("/forbidden"))).status).toBe(403);
    expect((await answerTo(scene, upgradeRequest("/expired"))).status).toBe(401);
    const broken = await answerTo(scene, upgradeRequest("/broken"));
    expect([broken.status, broken.body.includes("database")]).toEqual([500, false]);
  });
});

describe("a limit on connections", () => {
  it.each([
    [{ maxConnections: 2 }, {}, 503],
    [{ maxConnectionsPerAddress: 2 }, {}, 429],
    [{ maxConnectionsPerRoute: 2 }, {}, 503],
    [{}, { maxConnections: 2 }, 503],
  ] as const)("%o %o lets in as many as it says, and another when one has gone", async (limits, route, status) => {
    const target = held(await WsTarget.start(() => {}));
    const scene = held(await ProxyScene.start([target.url], { limits, routes: [{ pool: "p", ...route }] }));
    const first = await open(scene.url);
    await open(scene.url);
    const answer = await answerTo(scene, upgradeRequest());
    expect([answer.status, codeOf(answer)]).toEqual([status, "too-many-connections"]);
    first.close();
    await closing(first);
    await scene.record(2);
    await open(scene.url);
    expect(scene.proxy.connectionsOf("/**")).toBe(2);
  });

  it("holds for handshakes that are under way", async () => {
    let asked = 0;
    let onAsked: () => void = () => {};
    const target = held(await RawTarget.start((socket) => socket.once("data", () => ((asked += 1), onAsked()))));
    const scene = held(await ProxyScene.start([target.url], { limits: { maxPendingHandshakes: 2 } }));
    for (let index = 0; index < 2; index += 1) held(new RawClient(scene.port)).socket.write(upgradeRequest());
    while (asked < 2) await new Promise<void>((resolve) => (onAsked = resolve));
    const answer = await answerTo(scene, upgradeRequest());
    expect([answer.status, codeOf(answer)]).toEqual([503, "overloaded"]);
  });
});

describe("routes", () => {
  it("choose the pool by host, path and subprotocol, the first that fits", async () => {
    const names = ["exact", "room", "prefix", "host", "subprotocol", "rest"];
    const targets = await Promise.all(
      names.map(async (name) => held(await WsTarget.start((socket) => socket.send(name)))),
    );
    const byName = Object.fromEntries(names.map((name, index) => [name, new StandInPool(targets[index]!.url)]));
    const scene = held(
      await ProxyScene.start([], {
        pools: byName,
        routes: [
          { pool: "host", hosts: ["*.games.example"] },
          { pool: "subprotocol", subprotocols: ["mqtt"] },
          { pool: "exact", path: "/graphql" },
          { pool: "room", path: "/rooms/{room}/socket" },
          { pool: "prefix", path: "/rooms/**" },
          { pool: "rest" },
        ],
      }),
    );
    const chosen = async (path: string, ...lines: string[]): Promise<string> => {
      const client = held(new RawClient(scene.port));
      client.socket.write(upgradeRequest(path, ...lines));
      const bytes = await client.until(
        (got) => got.indexOf("\r\n\r\n") > 0 && got.length > got.indexOf("\r\n\r\n") + 6,
      );
      return bytes.subarray(bytes.indexOf("\r\n\r\n") + 6).toString();
    };
    expect(await chosen("/graphql?query")).toBe("exact");
    expect(await chosen("/graphql/")).toBe("rest");
    expect(await chosen("/graph%71l")).toBe("exact");
    expect(await chosen("/rooms/7/socket")).toBe("room");
    expect(await chosen("/rooms/7/socket/more")).toBe("prefix");
    expect(await chosen("/rooms")).toBe("prefix");
    expect(await chosen("/graphql", "Host: EU.Games.example:443")).toBe("host");
    expect(await chosen("/graphql", "Host: games.example")).toBe("exact");
    expect(await chosen("/any", "Sec-WebSocket-Protocol: x, mqtt")).toBe("subprotocol");
  });

  it("are swapped all at once: connections stay, new ones go by the new routes", async () => {
    const before = held(await WsTarget.start((socket) => socket.on("message", () => socket.send("before"))));
    const after = held(await WsTarget.start((socket) => socket.on("message", () => socket.send("after"))));
    const scene = held(
      await ProxyScene.start([], {
        pools: { before: new StandInPool(before.url), after: new StandInPool(after.url) },
        routes: [{ name: "all", pool: "before", maxConnections: 2 }],
      }),
    );
    const said = async (client: Awaited<ReturnType<typeof open>>): Promise<string> => {
      const answer = new Promise<string>((resolve) =>
        client.once("message", (data) => resolve((data as Buffer).toString())),
      );
      client.send("who?");
      return answer;
    };
    const old = await open(scene.url);
    scene.proxy.setRoutes([{ name: "all", pool: "after", maxConnections: 2 }]);
    expect(() => scene.proxy.setRoutes([{ pool: "before", path: "no slash" }])).toThrow(HawserError);
    const young = await open(scene.url);
    expect([await said(old), await said(young)]).toEqual(["before", "after"]);
    // They count together, by the route's name.
    expect(scene.proxy.connectionsOf("all")).toBe(2);
    expect((await answerTo(scene, upgradeRequest())).status).toBe(503);
  });

  it("go to another target when one has died", async () => {
    const dying = await WsTarget.start(() => {});
    const living = held(await WsTarget.start(() => {}));
    const scene = held(await ProxyScene.start([dying.url, living.url]));
    const first = await open(scene.url);
    const closed = closing(first);
    await dying.stop();
    expect((await closed).code).toBe(1012);
    for (let index = 0; index < 4; index += 1) await open(scene.url);
    expect(living.server.clients.size).toBe(4);
  });
});
