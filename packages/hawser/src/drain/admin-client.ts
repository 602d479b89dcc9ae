import { HawserError } from "@hawser/protocol";
import { adminToken } from "@hawser/server";
import type { DrainProgress, DrainStatus } from "@hawser/server";
import { UsageError } from "../exit-codes.ts";

export interface AdminClientOptions {
  /** Of the server: `http://localhost:8080/`. */
  readonly origin: string;
  readonly secret: string;
  /** For one answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks a server for `/admin/drain`. */
export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /**
   * Begins a drain.
   *
   * @throws HawserError `outcome-unknown` when there was no answer and it may have begun, else as `progress`.
   */
  async begin(parameters: URLSearchParams): Promise<DrainProgress> {
    const progress = await this.#ask("POST", `?${parameters.toString()}`);
    if (progress === undefined)
      throw new HawserError("overloaded", "the server is only just starting", { retry: true });
    return progress;
  }

  /**
   * How far it is.
   *
   * @throws HawserError `connection-lost`; `forbidden`; `rate-limited`, after which it can be asked again.
   */
  progress(): Promise<DrainProgress | undefined> {
    return this.#ask("GET", "");
  }

  async #ask(method: "GET" | "POST", query: string): Promise<DrainProgress | undefined> {
    const { origin, secret, signal, timeoutMs } = this.#options;
    const authorization = `Bearer ${await adminToken(secret)}`;
    const timeout = AbortSignal.timeout(timeoutMs);
    let status: number;
    let text: string;
    try {
      const answer = await fetch(new URL(`/admin/drain${query}`, origin), {
        method,
        headers: { authorization },
        redirect: "error",
        signal: AbortSignal.any([signal, timeout]),
      });
      status = answer.status;
      text = await answer.text();
    } catch (error) {
      signal.throwIfAborted();
      throw unanswered(error, method, origin);
    }
    if (status === 200 || status === 202) return progressOf(text, origin);
    throw refused(status, text, origin);
  }
}

/** Nobody listens: nothing was sent. Otherwise a request may have had its effect. */
function unanswered(error: unknown, method: string, origin: string): Error {
  const { cause } = error as Error & { cause?: NodeJS.ErrnoException };
  const code = cause?.code ?? "";
  const reason = code === "" ? (cause?.message ?? (error as Error).message) : code;
  const sent = method === "POST" && !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"].includes(code);
  return sent
    ? new HawserError(
        "outcome-unknown",
        `no answer from ${origin} (${reason}); whether the drain has begun is not known`,
      )
    : new HawserError("connection-lost", `no connection to ${origin} (${reason})`, { retry: true });
}

function refused(status: number, text: string, origin: string): Error {
  switch (status) {
    case 400:
      return new UsageError(messageOf(text) ?? "the server did not take these options");
    case 401:
      return new HawserError("forbidden", `${origin} has another secret`);
    case 404:
      return new HawserError(
        "closed",
        `${origin} has no /admin/drain: it has no secret for it, or is no Hawser server`,
      );
    case 429:
      return new HawserError("rate-limited", `${origin} was asked too often`, { retry: true, retryAfterMs: 1_000 });
    default:
      return new HawserError("internal", `${origin} answered ${status}`);
  }
}

function progressOf(text: string, origin: string): DrainProgress | undefined {
  try {
    return (JSON.parse(text) as DrainStatus).drain ?? undefined;
  } catch {
    throw new HawserError("internal", `${origin} is no Hawser server: its answer is not JSON`);
  }
}

function messageOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown } };
    return typeof error?.message === "string" ? error.message : undefined;
  } catch {
    return undefined;
  }
}
