import type { IncomingMessage, ServerResponse } from "node:http";
import { HawserError } from "@hawser/protocol";
import type { Clock } from "@hawser/protocol";
import { drainPlan } from "../drain/drain-options.ts";
import type { DrainOptions } from "../drain/drain-options.ts";
import type { DrainProgress } from "../drain/drain.ts";
import type { AddressOf } from "../http/address.ts";
import type { ServerGroup } from "../group.ts";
import type { RequestHandler } from "../http/endpoints.ts";
import { addressOfRequest } from "../http/handshake.ts";
import { pathOf } from "../http/path.ts";
import type { Logger } from "../observe/logger.ts";
import { AddressRates } from "./address-rates.ts";
import { adminCheck } from "./admin-token.ts";
import type { AdminCheck } from "./admin-token.ts";

/** What the endpoint asks of its server. */
export interface DrainEndpointOptions {
  readonly node: string;
  /** Of those who may. None: nothing is answered. */
  readonly secrets: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly addressOf: AddressOf;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is drained. */
  readonly server: Pick<ServerGroup, "drain" | "draining">;
}

/** What it answers, as JSON. */
export interface DrainStatus {
  readonly node: string;
  /** `null` before a drain has begun. */
  readonly drain: DrainProgress | null;
}

const path = "/admin/drain";
const requestsPerSecond = 20;
const requestsBurst = 40;

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Answers `/admin/drain`: POST begins a drain, as the parameters of the query say (`overMs`, `deadlineMs`, `maxMovesPerSecond`, and
 * `endpoint` as often as needed); GET says how far it is. Both need a token of `adminToken` as `Authorization: Bearer`.
 *
 * @throws HawserError `option-invalid` for a secret that is too short.
 */
export function drainEndpoint(options: DrainEndpointOptions): RequestHandler {
  const { secrets } = options;
  const check = adminCheck(
    typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets,
    options.clock,
  );
  const rates = new AddressRates(requestsPerSecond, requestsBurst);
  if (secrets.length === 0) return () => false;
  return (request, response) => {
    if (pathOf(request.url) !== path) return false;
    // Its parameters stand in the query: a body is not looked at, and must not hold the connection.
    request.resume();
    void answer(request, options, check, rates)
      .catch((error: unknown): Answer => {
        options.logger.error({ error }, "an admin request failed");
        return failure(500, "internal", "The server could not answer.");
      })
      .then((ready) => send(response, ready));
    return true;
  };
}

async function answer(
  request: IncomingMessage,
  options: DrainEndpointOptions,
  check: AdminCheck,
  rates: AddressRates,
): Promise<Answer> {
  const { node, server, logger, clock } = options;
  const address = addressOfRequest(request, options);
  const waitMs = rates.take(address, clock.monotonic());
  if (waitMs > 0)
    return failure(429, "rate-limited", "Ask less often.", { "retry-after": String(Math.ceil(waitMs / 1_000)) });
  const [, token = ""] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!(await check(token))) {
    logger.warn({ address }, "an admin request without a right to it was refused");
    return failure(401, "forbidden", "A token of adminToken is needed.", { "www-authenticate": "Bearer" });
  }
  const status = async (): Promise<DrainStatus> => ({ node, drain: (await server.draining()) ?? null });
  if (request.method === "GET") return { status: 200, body: await status() };
  if (request.method !== "POST") return failure(405, "forbidden", "GET or POST.", { allow: "GET, POST" });
  try {
    const drain = drainOptions(request.url ?? "");
    drainPlan(drain);
    logger.info({ address }, "a drain was asked for");
    await server.drain(drain);
  } catch (error) {
    if (error instanceof HawserError) return failure(400, error.code, error.message);
    throw error;
  }
  return { status: 202, body: await status() };
}

/** @throws HawserError `option-invalid` for a parameter that is none, or is given twice. */
function drainOptions(url: string): DrainOptions {
  const options: { -readonly [Name in keyof DrainOptions]: DrainOptions[Name] } = {};
  const endpoints: string[] = [];
  for (const [name, value] of new URLSearchParams(url.slice(path.length + 1))) {
    if (name === "endpoint") endpoints.push(value);
    else if (isNumberName(name) && options[name] === undefined && /^\d{1,16}$/.test(value))
      options[name] = Number(value);
    else
      throw new HawserError(
        "option-invalid",
        `The drain takes ${numberNames.join(", ")}, each once and a whole number, and endpoint; not ${JSON.stringify(name)}.`,
      );
  }
  if (endpoints.length > 0) options.endpoints = endpoints;
  return options;
}

const numberNames = ["overMs", "deadlineMs", "maxMovesPerSecond"] as const;

function isNumberName(name: string): name is (typeof numberNames)[number] {
  return (numberNames as readonly string[]).includes(name);
}

function failure(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return { status, body: { error: { code, message } }, headers };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  if (response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(text);
}
