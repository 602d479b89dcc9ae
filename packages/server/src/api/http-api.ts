import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Timers } from "@hawser/protocol";
import { AddressRates } from "../admin/address-rates.ts";
import type { AddressOf } from "../http/address.ts";
import type { RequestHandler } from "../http/endpoints.ts";
import { addressOfRequest } from "../http/handshake.ts";
import { pathOf } from "../http/path.ts";
import type { Logger } from "../observe/logger.ts";
import type { Limits } from "../policy/limits.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";
import type { ApiKey, ApiKeys } from "./api-keys.ts";
import { jsonBody } from "./json-body.ts";
import { KeyRates } from "./key-rates.ts";
import type { ApiAnswer, Operation } from "./operation.ts";
import { queryOf, Router } from "./router.ts";

/** What the API reports. */
export interface ApiObserver {
  /** A request was answered. `operation` is `none` for a request that is for none. */
  apiAnswered(operation: string, status: number): void;
}

export interface HttpApiOptions {
  /** Below which all of its paths lie: `/hawser/api/v1`. */
  readonly path: string;
  readonly keys: ApiKeys;
  readonly operations: readonly Operation[];
  readonly limits: Limits;
  readonly addressOf: AddressOf;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly observer: ApiObserver;
  /** A request that was let in occupies its socket; what is returned is called when it has ended. */
  readonly occupy: (request: IncomingMessage) => () => void;
}

/** Keys that are none, which one address may show: a burst, and so many a second. */
const wrongKeysBurst = 40;
const wrongKeysPerSecond = 5;

/** The HTTP API for back ends: knows the key, finds the operation, and answers in JSON. */
export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #router: Router;
  readonly #rates: KeyRates;
  readonly #wrongKeys = new AddressRates(wrongKeysPerSecond, wrongKeysBurst);
  readonly #answering = new Set<Promise<void>>();
  #shut = false;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#router = new Router(options.operations);
    this.#rates = new KeyRates(options.limits.apiOperationsPerSecond, options.limits.apiOperationsBurst);
  }

  /** Answers the requests to its paths; false, with nothing done, for any other. */
  readonly handle: RequestHandler = (request, response) => {
    if (!pathOf(request.url).startsWith(`${this.#options.path}/`)) return false;
    const vacate = this.#options.occupy(request);
    response.once("close", vacate);
    const answering = this.#handle(request, response).finally(() => this.#answering.delete(answering));
    this.#answering.add(answering);
    return true;
  };

  /** From now on no request is taken. */
  shut(): void {
    this.#shut = true;
  }

  /** Resolves when every request that was taken is answered, or `closeTimeoutMs` have passed. */
  async emptied(): Promise<void> {
    const { timers, limits } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = timers.after(limits.closeTimeoutMs, resolve);
      void Promise.all(this.#answering).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const told = { operation: "none" };
    let answer: ApiAnswer;
    try {
      answer = await this.#answer(request, told);
    } catch (error) {
      answer = answerOf(error, (unforeseen) =>
        this.#options.logger.error(
          { error: unforeseen, operation: told.operation },
          "a request of the HTTP API failed",
        ),
      );
    }
    this.#options.observer.apiAnswered(told.operation, answer.status);
    send(request, response, answer);
  }

  async #answer(request: IncomingMessage, told: { operation: string }): Promise<ApiAnswer> {
    const { limits, timers, path } = this.#options;
    if (this.#shut) throw new ApiError(503, "closed", "This node is going away: ask another.", true);
    // This request is not counted yet.
    if (this.#answering.size >= limits.maxApiRequests)
      throw new ApiError(503, "overloaded", `The node answers ${limits.maxApiRequests} requests already.`, true, 1_000);
    const { key, shownKey } = this.#keyOf(request);
    const { operation, path: parameters } = this.#router.route(
      request.method ?? "",
      pathOf(request.url).slice(path.length + 1),
    );
    told.operation = operation.name;
    if (!key.scopes.has(operation.scope))
      throw new ApiError(403, "forbidden", `This key does not have the scope ${operation.scope}.`);
    this.#charge(key, 1);
    const query = queryOf(request.url ?? "", operation.query);
    const body =
      operation.method === "GET"
        ? undefined
        : await jsonBody(request, { maxBytes: limits.maxApiBodyBytes, timeoutMs: limits.bodyTimeoutMs, timers });
    return operation.run({ key, shownKey, path: parameters, query, body, charge: (count) => this.#charge(key, count) });
  }

  #keyOf(request: IncomingMessage): { readonly key: ApiKey; readonly shownKey: string } {
    const [, shown = ""] = /^Bearer ([!-~]{1,256})$/i.exec(request.headers.authorization ?? "") ?? [];
    const key = shown === "" ? undefined : this.#options.keys.find(shown);
    if (key !== undefined) return { key, shownKey: shown };
    const address = addressOfRequest(request, this.#options);
    const waitMs = this.#wrongKeys.take(address, this.#options.clock.monotonic());
    if (waitMs > 0) throw new ApiError(429, "rate-limited", "Too many keys that are none.", true, waitMs);
    this.#options.logger.warn({ address }, "a request of the HTTP API without a valid key was refused");
    throw new ApiError(401, "key-invalid", "A key of this server is needed, as Authorization: Bearer KEY.");
  }

  #charge(key: ApiKey, operations: number): void {
    if (operations === 0) return;
    const waitMs = this.#rates.take(key.name, operations, this.#options.clock.monotonic());
    if (waitMs > 0) throw new ApiError(429, "rate-limited", `The keys ${key.name} are above their rate.`, true, waitMs);
  }
}

function answerOf(error: unknown, onUnforeseen: (error: unknown) => void): ApiAnswer {
  const known = apiErrorOf(error);
  if (known !== undefined) return { status: known.status, body: { error: known.body } };
  onUnforeseen(error);
  const { status, body } = new ApiError(500, "internal", "The server could not answer. Ask again.", true);
  return { status, body: { error: body } };
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: ApiAnswer): void {
  if (response.destroyed) return;
  // What is left of its body is read and dropped, so that the answer is not lost in a reset.
  request.resume();
  const text = `${JSON.stringify(body)}\n`;
  const { retryAfterMs } = "error" in body ? (body.error as { retryAfterMs?: number }) : {};
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
    // A body that nobody wants is not waited for. (HTTP/2 has no such header.)
    ...(!request.complete && request.httpVersionMajor === 1 ? { connection: "close" } : {}),
  });
  response.end(text);
}
