import { HawserError, payloadOf, valueOf } from "@hawser/protocol";
import type { Contract } from "@hawser/protocol";
import type { AskTable } from "../session/ask-table.ts";
import { positiveOption } from "../option-invalid.ts";

/** How long a call may take, what cancels it, and whether it may run twice. */
export interface CallOptions {
  /** Aborting it cancels the call: its handler's signal is aborted, and the call fails with `cancelled`. */
  readonly signal?: AbortSignal;
  /** Until the call fails with `deadline-exceeded`, waiting for a connection included. Default 30,000. */
  readonly timeoutMs?: number;
  /** The handler may run more than once: the call is sent again when a connection is lost. Default false. */
  readonly idempotent?: boolean;
  /**
   * Over which of the session's connections it goes: one that was opened for this lane. "interactive" goes ahead of others,
   * "bulk" behind them. Default any, and as "normal".
   */
  readonly lane?: string;
}

const defaultTimeoutMs = 30_000;

/** Asks the server to run `method`. @throws HawserError, as the server or the contract says. */
export async function call(
  asks: AskTable,
  contract: Contract | undefined,
  method: string,
  request: unknown,
  options: CallOptions,
): Promise<unknown> {
  const { signal, idempotent = false, timeoutMs = defaultTimeoutMs, lane = "" } = options;
  positiveOption("timeoutMs", timeoutMs);
  const schemas = contract?.callSchema(method);
  if (schemas !== undefined) await contract!.check(schemas.request, request);
  const payload = payloadOf(request);
  const answer = await asks.ask({
    what: `the call "${method}"`,
    build: (id, leftMs) => ({ type: "call", id, method, payload, timeoutMs: leftMs, idempotent }),
    repeatable: idempotent,
    cancellable: true,
    timeoutMs,
    signal,
    lane,
  });
  if (answer.type !== "result") throw new HawserError("frame-unexpected", answer.type);
  const reply = valueOf(answer.payload);
  return schemas === undefined ? reply : await contract!.check(schemas.reply, reply);
}
