import { validateHeaderName, validateHeaderValue } from "node:http";
import { HawserError } from "@hawser/protocol";
import { checkMembers } from "../pool/option-object.ts";
import { parseSecrets } from "./signature.ts";

/** An HTTP back end: a program without an event loop that speaks with sockets by requests it is sent. */
export interface BackendOptions {
  /** Where events are POSTed to: `https://app.example.org/sockets`. `http:` is for one's own network. */
  readonly url: string;
  /**
   * Signs every request: `whsec_` and 24 to 64 bytes in base64. Several sign each, so that one can be replaced by another while
   * both are good.
   */
  readonly secret: string | readonly string[];
  /**
   * How messages travel: `json`, several in one request; or `raw`, each as the body of a request of its own. Default `json`.
   */
  readonly format?: "json" | "raw";
  /** Sent with each request, such as a key that a proxy in front wants. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers of a plain client's handshake that the connect event tells. Default `authorization`, `cookie`, `origin`, `user-agent`. */
  readonly passHeaders?: readonly string[];
  readonly limits?: Partial<BackendLimits>;
}

/** What bounds one back end, on each node of the gateway. */
export interface BackendLimits {
  /** Sockets that are open. Past it: `upstream-unavailable`. Default 10,000. */
  readonly maxSockets: number;
  /** Requests under way; further ones wait, those of one socket behind each other. Default 64. */
  readonly maxRequests: number;
  /** From a request's begin to the end of its answer. Default 15,000. */
  readonly requestTimeoutMs: number;
  /** How often an event is sent before it is given up. Default 6. */
  readonly maxAttempts: number;
  /** Of the connect event, for which a client waits. Default 2. */
  readonly maxConnectAttempts: number;
  /** The first wait between two attempts is up to that long; it doubles. Default 250. */
  readonly retryMinMs: number;
  /** No wait is longer; a longer `Retry-After` is cut to it. Default 10,000. */
  readonly retryMaxMs: number;
  /** A client's message. Past it the socket is closed with 1009. Default 1 MiB. */
  readonly maxMessageBytes: number;
  /** Messages of one event. Default 100. */
  readonly maxBatchMessages: number;
  /** Bytes of messages of one event; a larger message travels alone. Default 256 KiB. */
  readonly maxBatchBytes: number;
  /** The body of an answer, and of a push. Past it the answer is invalid. Default 4 MiB. */
  readonly maxAnswerBytes: number;
  /** Messages of an answer, and of a push. Past it the answer is invalid. Default 1,000. */
  readonly maxAnswerMessages: number;
  /** Bytes that wait for a client that reads slowly. Past it a push is refused; events wait. Default 4 MiB. */
  readonly maxQueuedBytes: number;
  /** What a back end keeps with a socket as `state`, as JSON. Past it the answer is invalid. Default 4 KiB. */
  readonly maxStateBytes: number;
  /** How long a closing client waits for the events ahead of its close. Default 5,000. */
  readonly closeTimeoutMs: number;
  /** How often a plain client is asked whether it is still there. Default 30,000. */
  readonly pingIntervalMs: number;
}

/** The limits that hold where none is named. */
export const defaultBackendLimits: BackendLimits = {
  maxSockets: 10_000,
  maxRequests: 64,
  requestTimeoutMs: 15_000,
  maxAttempts: 6,
  maxConnectAttempts: 2,
  retryMinMs: 250,
  retryMaxMs: 10_000,
  maxMessageBytes: 1_048_576,
  maxBatchMessages: 100,
  maxBatchBytes: 262_144,
  maxAnswerBytes: 4_194_304,
  maxAnswerMessages: 1_000,
  maxQueuedBytes: 4_194_304,
  maxStateBytes: 4_096,
  closeTimeoutMs: 5_000,
  pingIntervalMs: 30_000,
};

/** Options that were found good, the defaults in the place of what was left out. */
export interface BackendSettings {
  readonly url: URL;
  readonly keys: readonly Uint8Array[];
  readonly format: "json" | "raw";
  readonly headers: Readonly<Record<string, string>>;
  readonly passHeaders: readonly string[];
  readonly limits: BackendLimits;
}

const members = {
  kind: true,
  url: true,
  secret: true,
  format: true,
  headers: true,
  passHeaders: true,
  limits: true,
} as const;

const defaultPassHeaders = ["authorization", "cookie", "origin", "user-agent"];

/** The longest delay that a platform's timer takes. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * @param at - What errors call it: `pools.orders`.
 * @throws HawserError `option-invalid`. The secret is in no message.
 */
export function backendSettings(options: BackendOptions, at: string): BackendSettings {
  checkMembers<BackendOptions & { readonly kind?: "http" }>(options, members, at);
  const { format = "json", headers = {}, passHeaders = defaultPassHeaders } = options;
  if (format !== "json" && format !== "raw") throw invalid(`${at}.format`, "must be json or raw");
  if (typeof headers !== "object" || headers === null || Array.isArray(headers))
    throw invalid(`${at}.headers`, "must be an object");
  if (!Array.isArray(passHeaders) || !passHeaders.every((name) => typeof name === "string"))
    throw invalid(`${at}.passHeaders`, "must be a list of names");
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value, `${at}.headers`);
  return {
    url: backendUrl(options.url, `${at}.url`),
    keys: parseSecrets(options.secret, `${at}.secret`),
    format,
    headers,
    passHeaders: passHeaders.map((name) => name.toLowerCase()),
    limits: backendLimits(options.limits, `${at}.limits`),
  };
}

function backendUrl(text: string, at: string): URL {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== "" || url.username !== "")
    throw invalid(at, "must be an http or https URL without a fragment and a user");
  return url;
}

function backendLimits(named: Partial<BackendLimits> = {}, at: string): BackendLimits {
  const limits: Record<string, number> = { ...defaultBackendLimits };
  if (typeof named !== "object" || named === null || Array.isArray(named)) throw invalid(at, "must be an object");
  for (const [name, value] of Object.entries(named)) {
    if (!Object.hasOwn(defaultBackendLimits, name))
      throw invalid(`${at}.${name}`, "is not a limit of an HTTP back end");
    const highest = name.endsWith("Ms") ? maxTimerMs : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < 1 || value > highest)
      throw invalid(`${at}.${name}`, `must be an integer from 1 to ${highest}`);
    limits[name] = value;
  }
  return limits as unknown as BackendLimits;
}

function checkHeader(name: string, value: string, at: string): void {
  try {
    validateHeaderName(name);
    if (typeof value !== "string") throw new Error("must be text");
    validateHeaderValue(name, value);
  } catch {
    throw invalid(at, `has a header that cannot be sent: ${JSON.stringify(name)}`);
  }
}

function invalid(at: string, reason: string): HawserError {
  return new HawserError("option-invalid", `${at} ${reason}.`);
}
