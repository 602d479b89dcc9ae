import { defaultBackendLimits, defaultHomeLimits, defaultProxyLimits } from "@hawser/gateway";
import { defaultLimits } from "@hawser/server";
import { z } from "zod";

/** Text; "" is none. */
const text = z.string({ error: "must be text" }).min(1, { error: "must not be empty" });
const texts = z.array(text, { error: "must be a list" });
const textByName = z.record(z.string(), z.string({ error: "must be text" }), { error: "must be an object" });
const port = count(0, 65_535);
const milliseconds = count(0, 2 ** 31 - 1);
const amount = z.number({ error: "must be a number" });

/** An object without other members: what is misspelt must not be taken for left out. */
function object<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : "must be an object"),
  });
}

function count(lowest: number, highest: number): z.ZodType {
  const message = `must be an integer from ${lowest} to ${highest}`;
  return z.custom((value) => Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest, {
    error: message,
  });
}

function oneOf(...values: readonly string[]): z.ZodType {
  return z.custom((value) => typeof value === "string" && values.includes(value), {
    error: `must be one of ${values.join(", ")}`,
  });
}

/** Something that only a TypeScript or JavaScript file can hold. */
function code(what: string): z.ZodType {
  return z.custom((value) => typeof value === "function", {
    error: `must be ${what}, which only a .ts or .js file can hold`,
  });
}

/** Limits by their names: what each may be, who reads them says. */
function limits(defaults: object): z.ZodType {
  const positive = count(1, Number.MAX_SAFE_INTEGER).optional();
  return object(Object.fromEntries(Object.keys(defaults).map((name) => [name, positive])));
}

const headerChanges = object({ set: textByName.optional(), remove: texts.optional() });

const route = object({
  name: text.optional(),
  hosts: texts.optional(),
  path: text.optional(),
  subprotocols: texts.optional(),
  pool: text,
  poolFrom: oneOf("configuration", "api").optional(),
  stripPrefix: text.optional(),
  host: oneOf("client", "target").optional(),
  request: headerChanges.optional(),
  response: headerChanges.optional(),
  forwarded: oneOf("x-forwarded", "forwarded", "both", "none").optional(),
  proxyProtocol: oneOf("v1", "v2").optional(),
  idleTimeoutMs: count(1, 2 ** 31 - 1).optional(),
  maxConnections: count(1, Number.MAX_SAFE_INTEGER).optional(),
});

const apiKey = object({
  name: text,
  key: text.optional(),
  sha256: text.optional(),
  scopes: texts.optional(),
  channels: texts.optional(),
});

/** A pool of kind `http`. */
export const httpPoolSchema = object({
  kind: oneOf("http"),
  url: text,
  secret: z.custom((value) => typeof value === "string" || (Array.isArray(value) && value.every(isText)), {
    error: "must be text, or a list of texts",
  }),
  format: oneOf("json", "raw").optional(),
  headers: textByName.optional(),
  passHeaders: texts.optional(),
  limits: limits(defaultBackendLimits).optional(),
});

/** As `tls.connect` takes them: what each may be, it says. */
const tls = z.looseObject({}, { error: "must be an object" });

const tokenExchange = object({
  url: text,
  clientId: text,
  clientSecret: z.string({ error: "must be text" }),
  subjectTokenType: text.optional(),
  audience: text.optional(),
  scope: text.optional(),
  timeoutMs: count(1, 2 ** 31 - 1).optional(),
  subjectToken: code("a function"),
});

const target = z.union([
  text,
  object({
    url: text,
    name: text.optional(),
    weight: count(1, 1_000).optional(),
    maxConnections: count(1, Number.MAX_SAFE_INTEGER).optional(),
    tls: tls.optional(),
  }),
]);

/** A pool of kind `websocket`. */
export const targetPoolSchema = object({
  kind: oneOf("websocket").optional(),
  targets: z.array(target, { error: "must be a list of URLs or objects" }).optional(),
  dns: object({
    url: text,
    srv: text.optional(),
    refreshMs: count(1_000, 3_600_000).optional(),
    minRefreshMs: count(100, 3_600_000).optional(),
    tls: tls.optional(),
  }).optional(),
  balance: oneOf("least-connections", "two-choices", "round-robin", "hash").optional(),
  hashBy: z
    .custom((value) => isText(value) || isText((value as { header?: unknown } | null)?.header), {
      error: "must be user, address, path, or { header }",
    })
    .optional(),
  maxHashLoad: amount.optional(),
  headers: z.union([textByName, code("a function")]).optional(),
  identitySecret: text.optional(),
  tokenExchange: tokenExchange.optional(),
  compression: z.boolean({ error: "must be true or false" }).optional(),
  connectTimeoutMs: count(1, 2 ** 31 - 1).optional(),
  retries: count(0, 100).optional(),
  maxConnections: count(1, Number.MAX_SAFE_INTEGER).optional(),
  maxPoolConnections: count(1, Number.MAX_SAFE_INTEGER).optional(),
  connectionsPerSecond: count(0, 1_000_000).optional(),
  health: z
    .union([
      z.literal(false),
      object({
        kind: oneOf("tcp", "http", "websocket").optional(),
        path: text.optional(),
        statuses: z.array(count(200, 599), { error: "must be a list" }).optional(),
        intervalMs: count(10, 2 ** 31 - 1).optional(),
        timeoutMs: count(1, 2 ** 31 - 1).optional(),
        failures: count(1, 1_000).optional(),
        successes: count(1, 1_000).optional(),
      }),
    ])
    .optional(),
  ejectAfter: count(1, 1_000_000).optional(),
  ejectShare: amount.optional(),
  ejectMs: count(1, 86_400_000).optional(),
  maxEjectMs: count(1, 86_400_000).optional(),
  maxEjectedShare: amount.optional(),
  panicShare: z.union([z.literal(false), amount]).optional(),
  slowStartMs: count(0, 2 ** 31 - 1).optional(),
  drainTimeoutMs: milliseconds.optional(),
});

/** The file as a whole; its pools are looked at one by one. */
export const gatewaySchema = object({
  $schema: text.optional(),
  pools: z.record(z.string(), z.looseObject({}, { error: "must be an object" }), {
    error: "must be an object of pools by their names",
  }),
  routes: z.array(route, { error: "must be a list" }).optional(),
  port: port.optional(),
  host: text.optional(),
  path: text.optional(),
  plain: object({
    port,
    host: text.optional(),
    tls: object({ cert: text, key: text }).optional(),
    proxyProtocol: object({ from: texts }).optional(),
  }).optional(),
  secret: text.optional(),
  authenticate: code("a function such as jwt(...)").optional(),
  authorize: code("a function").optional(),
  authorizePlain: code("a function").optional(),
  page: z.boolean({ error: "must be true or false" }).optional(),
  origins: z
    .custom((value) => value === "any" || value === "same-origin" || (Array.isArray(value) && value.every(isText)), {
      error: "must be any, same-origin, or a list of origins",
    })
    .optional(),
  trustProxy: texts.optional(),
  api: object({ keys: z.array(apiKey, { error: "must be a list" }) }).optional(),
  peers: textByName.optional(),
  addresses: texts.optional(),
  accessLog: text.optional(),
  name: text.optional(),
  log: z
    .custom((value) => typeof (value as { append?: unknown } | null)?.append === "function", {
      error: "must be a log such as redisLog(...), which only a .ts or .js file can hold",
    })
    .optional(),
  cluster: z
    .custom((value) => typeof value === "boolean" || (typeof value === "object" && value !== null), {
      error: "must be true, false, or an object",
    })
    .optional(),
  relay: object({
    port,
    host: text.optional(),
    secret: text,
    address: text.optional(),
    nodes: textByName.optional(),
    tls: object({ cert: text, key: text }).optional(),
  }).optional(),
  drainMs: milliseconds.optional(),
  logLevel: oneOf("debug", "info", "warn", "error", "silent").optional(),
  limits: object({
    server: limits(defaultLimits).optional(),
    proxy: limits(defaultProxyLimits).optional(),
    sockets: limits(defaultHomeLimits).optional(),
  }).optional(),
});

function isText(value: unknown): value is string {
  return typeof value === "string";
}
