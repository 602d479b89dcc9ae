import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import type { HawserServer } from "@hawser/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { RawSocket } from "../raw-socket.ts";
import { ask, fullKey, openApi } from "./support.ts";
import type { ApiReply, ApiRequest } from "./support.ts";

interface Responses {
  readonly [status: string]: unknown;
}

interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly responses: Responses;
  readonly requestBody?: unknown;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

const document = JSON.parse(
  readFileSync(new URL("../../../../spec/openapi.json", import.meta.url), "utf8"),
) as Document;
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, "openapi.json");

/** What each operation is asked to succeed. */
const good: Readonly<Record<string, { readonly path: string } & ApiRequest>> = {
  publish: { path: "channels/room.one/messages", body: { json: 1, idempotencyKey: "k", key: "a", publisher: "b" } },
  history: { path: "channels/room.one/messages?limit=10&backward=true" },
  publishMany: {
    path: "messages",
    body: {
      messages: [
        { channel: "room.one", text: "a" },
        { channel: "b", bytes: "AA==" },
      ],
    },
  },
  presence: { path: "channels/room.one/presence" },
  sendToUser: { path: "users/ann/messages", body: { json: null } },
  disconnectUser: { path: "users/eve/disconnect", body: { reason: "out" } },
  counts: { path: "counts" },
  nodes: { path: "nodes" },
};

interface Operation {
  readonly id: string;
  readonly path: string;
  readonly method: string;
  readonly described: Described;
  readonly good: { readonly path: string } & ApiRequest;
}

const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method, { tags }]) => method !== "parameters" && !tags.includes("gateway"))
    .map(([method, described]) => ({
      id: described.operationId,
      path,
      method: method.toUpperCase(),
      described,
      good: good[described.operationId]!,
    })),
);
const posts = operations.filter(({ method }) => method === "POST");

const asked = new Set<string>();
const servers: HawserServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(...given: Parameters<typeof openApi>): Promise<HawserServer> {
  const server = await openApi(...given);
  servers.push(server);
  return server;
}

const escaped = (part: string): string => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

function holds({ path, method }: Operation, below: readonly string[], value: unknown): void {
  const pointer = ["paths", path, method.toLowerCase(), ...below].map(escaped).join("/");
  const found = ajv.getSchema(`openapi.json#/${pointer}`) ?? ajv.compile({ $ref: `openapi.json#/${pointer}` });
  expect(found(value), JSON.stringify({ value, errors: found.errors })).toBe(true);
}

/** The answer is one that the document says there is, as it says it. */
function check(operation: Operation, status: number, reply: ApiReply): void {
  expect({ operation: operation.id, status: reply.status }).toEqual({ operation: operation.id, status });
  const named = operation.described.responses[String(status)] as { readonly $ref?: string } | undefined;
  expect(named, `${operation.id} ${status} is not in the document`).toBeDefined();
  const schema = ["content", "application/json", "schema"];
  if (named?.$ref === undefined) holds(operation, ["responses", String(status), ...schema], reply.body);
  else {
    const pointer = [...named.$ref.slice(2).split("/"), ...schema].map(escaped).join("/");
    const validate = ajv.compile({ $ref: `openapi.json#/${pointer}` });
    expect(validate(reply.body), JSON.stringify({ body: reply.body, errors: validate.errors })).toBe(true);
  }
  asked.add(`${operation.id} ${status}`);
}

async function asksGood(server: HawserServer, operation: Operation, more: ApiRequest = {}): Promise<ApiReply> {
  return ask(server, operation.method, operation.good.path, { ...operation.good, ...more });
}

const options = { channels: [{ pattern: "room.*", presence: true, maxPayloadBytes: 100 }] };

function brokenLog(): Log {
  const log = memoryLog();
  let broken = false;
  const { append, head } = { append: log.append.bind(log), head: log.head.bind(log) };
  const failed = { kind: "failed", code: "log-unavailable", message: "away" } as const;
  log.append = async (appends) => (broken ? appends.map(() => failed) : append(appends));
  log.head = async (channel) => {
    if (broken) throw new Error("away");
    return head(channel);
  };
  return Object.assign(log, { break: () => void (broken = true) });
}

describe("the OpenAPI document", () => {
  it("is of version 3.1, and has the operations that there are", () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operations.map(({ id }) => id).sort()).toEqual(Object.keys(good).sort());
  });

  it("says what each operation takes and answers", async () => {
    const server = await open(options);
    const ann = await RawSocket.upgraded(server.url);
    ann.say({ type: "connect", token: "ann", session: "one" });
    ann.say({ type: "enter", id: 1, channel: "room.one", member: "a", json: { n: 1 } });
    while (!(await ann.message()).some(({ type }) => type === "entered"));
    for (const operation of operations) {
      if (operation.good.body !== undefined)
        holds(operation, ["requestBody", "content", "application/json", "schema"], operation.good.body);
      check(operation, 200, await asksGood(server, operation));
    }
    const again = await ask(server, "GET", good["history"]!.path);
    check(
      operations.find(({ id }) => id === "history")!,
      200,
      again,
    );
    expect(again.body.messages).toMatchObject([{ json: 1 }, { text: "a" }]);
    expect((await ask(server, "GET", "channels/room.one/presence")).body.count).toBe(1);
    ann.destroy();
  });

  it("says which requests are refused", async () => {
    const server = await open(options, [
      { name: "full", key: fullKey },
      { name: "none", key: "n".repeat(32), scopes: [] },
    ]);
    for (const operation of operations) {
      const get = operation.method === "GET";
      const path = get ? `${operation.good.path.split("?")[0]}?x=1` : operation.good.path;
      const bad = await ask(server, operation.method, path, get ? {} : { body: { x: 1 } });
      check(operation, 400, bad);
      check(operation, 401, await asksGood(server, operation, { key: "wrong" }));
      check(operation, 403, await asksGood(server, operation, { key: "n".repeat(32) }));
    }
    for (const operation of posts)
      check(operation, 415, await asksGood(server, operation, { headers: { "content-type": "text/plain" } }));
    const of = (id: string): Operation => operations.find((operation) => operation.id === id)!;
    check(of("presence"), 404, await ask(server, "GET", "channels/elsewhere/presence"));
    check(of("history"), 409, await ask(server, "GET", "channels/room.one/messages?position=1:1"));
    const long = { body: { json: "x".repeat(101) } };
    check(of("publish"), 413, await ask(server, "POST", "channels/room.one/messages", long));
  });

  it("says what is too large, too late, and too often", async () => {
    const small = await open({ ...options, limits: { maxApiBodyBytes: 10, bodyTimeoutMs: 20 } });
    for (const operation of posts) {
      check(operation, 413, await asksGood(small, operation, { text: `{"x":"${"x".repeat(20)}"}` }));
      check(operation, 408, await late(small, operation));
    }
    const slow = await open({
      ...options,
      limits: { apiOperationsPerSecond: 1, apiOperationsBurst: 1, maxApiBatch: 1 },
    });
    await ask(slow, "GET", "counts");
    for (const operation of operations) check(operation, 429, await asksGood(slow, operation));
  });

  it("says what is answered while the node or the log has no time", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const log = memoryLog();
    const head = log.head.bind(log);
    let reached = false;
    log.head = async (channel) => {
      reached = true;
      await held;
      return head(channel);
    };
    const server = await open({ ...options, log, limits: { maxApiRequests: 1 } });
    const holding = ask(server, "GET", "channels/c/messages");
    await expect.poll(() => reached, { timeout: 10_000 }).toBe(true);
    for (const operation of operations) check(operation, 503, await asksGood(server, operation));
    release();
    await holding;
    const broken = brokenLog();
    const away = await open({ ...options, log: broken });
    (broken as Log & { break: () => void }).break();
    for (const id of ["publish", "publishMany", "sendToUser", "disconnectUser"]) {
      const operation = operations.find((known) => known.id === id)!;
      check(operation, 503, await asksGood(away, operation));
    }
    const fault = await ask(away, "GET", "channels/c/messages");
    expect(fault.status).toBe(500);
    const validate = ajv.compile({ $ref: "openapi.json#/components/schemas/Error" });
    expect(validate(fault.body)).toBe(true);
  });
});

afterAll(() => {
  const documented = operations.flatMap(({ id, described }) =>
    Object.keys(described.responses)
      // What nobody foresees cannot be made to happen in each; one of them was.
      .filter((status) => status !== "default")
      .map((status) => `${id} ${status}`),
  );
  expect([...asked].sort()).toEqual(documented.sort());
});

/** A request whose body does not end. */
function late(server: HawserServer, { method, good: { path } }: Operation): Promise<ApiReply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      new URL(`/hawser/api/v1/${path}`, server.url.replace("ws", "http")),
      {
        method,
        headers: { authorization: `Bearer ${fullKey}`, "content-type": "application/json", "content-length": 9 },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), headers: new Headers() });
          request.destroy();
        });
      },
    );
    request.on("error", reject);
    request.write("{");
  });
}
