import { HawserError, payloadOf, validate, valueOf } from "@hawser/protocol";
import type { CallFrame, CancelFrame, Clock, Contract, Payload, Timers } from "@hawser/protocol";
import type { ClientContext } from "../connection/client-context.ts";
import { forbidden } from "../connection/rights.ts";
import type { NodeObserver } from "../observe/observer.ts";
import type { CallHandler } from "../node-options.ts";

export interface CallerOptions {
  readonly client: ClientContext;
  readonly calls: ReadonlyMap<string, CallHandler>;
  readonly contract: Contract | undefined;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly maxReplyBytes: number;
  readonly observer: NodeObserver;
}

const endings = {
  cancelled: new HawserError("call-cancelled", "The caller cancelled the call."),
  deadline: new HawserError("deadline-exceeded", "The call was not answered in time; it may have had its effect."),
  closed: new HawserError("connection-lost", "The connection of the caller ended."),
} as const;

/** The calls of one connection: handlers run side by side, each with its deadline and its signal. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #client: ClientContext;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  call(frame: CallFrame): void {
    const { clock, timers, defaultTimeoutMs, maxTimeoutMs, observer } = this.#options;
    const request = this.#client.requests.find(frame.id);
    if (request === undefined) return;
    const controller = new AbortController();
    const begun = clock.monotonic();
    const end = (error: HawserError | undefined, payload?: Payload): void => {
      const open = this.#client.requests.find(frame.id) === request;
      if (!open) return;
      observer.called(error?.code ?? "ok", clock.monotonic() - begun);
      if (payload !== undefined) this.#client.answer(frame.id, { type: "result", id: frame.id, payload });
      else this.#client.refuse(frame.id, error!);
    };
    request.abort = (reason) => {
      if (reason !== "closed") end(endings[reason]);
      controller.abort(endings[reason]);
    };
    const timeoutMs = frame.timeoutMs === 0 ? defaultTimeoutMs : Math.min(frame.timeoutMs, maxTimeoutMs);
    request.deadline = timers.after(timeoutMs, () => request.abort?.("deadline"));
    void this.#run(frame, controller.signal).then(
      (payload) => end(undefined, payload),
      (error: unknown) => end(this.#errorOf(frame, error)),
    );
  }

  cancel(frame: CancelFrame): void {
    this.#client.requests.find(frame.id)?.abort?.("cancelled");
  }

  async #run(frame: CallFrame, signal: AbortSignal): Promise<Payload> {
    const { calls, contract } = this.#options;
    const { rights, session } = this.#client;
    const { renewals } = rights;
    const handler = calls.get(frame.method);
    // Who may not call learns no names: a method that is not there is forbidden to him too.
    if (!(await rights.may("call", frame.method))) throw forbidden("call", frame.method);
    if (handler === undefined)
      throw new HawserError("method-unknown", `There is no call ${JSON.stringify(frame.method)}.`);
    const schemas = contract?.callSchema(frame.method);
    const given = valueOf(frame.payload);
    const request = schemas === undefined ? given : await validate(schemas.request, given);
    if (signal.aborted) throw signal.reason;
    // The right may have been revoked meanwhile, or be that of a former token.
    if (rights.renewals !== renewals) return this.#run(frame, signal);
    const reply = await handler(request, { identity: rights.identity, session, signal });
    if (reply !== undefined && schemas !== undefined) await this.#assertReply(schemas.reply, reply);
    const payload = replyPayload(reply ?? null);
    if (payload.data.byteLength > this.#options.maxReplyBytes) {
      throw new Error(
        `The reply of ${frame.method} has ${payload.data.byteLength} bytes, above ${this.#options.maxReplyBytes}.`,
      );
    }
    return payload;
  }

  /**
   * A reply that the contract refuses is a fault of the handler's, not of the caller's request. What travels is the reply
   * as the handler gave it: the caller's end makes the schema's output of it, and would refuse an output as its input.
   */
  async #assertReply(schema: Parameters<typeof validate>[0], reply: unknown): Promise<void> {
    try {
      await validate(schema, reply);
    } catch (cause) {
      throw new Error("The reply is not what the contract says.", { cause });
    }
  }

  #errorOf(frame: CallFrame, error: unknown): HawserError {
    if (error instanceof HawserError) return error;
    this.#client.report(`call ${frame.method}`, error);
    return new HawserError(
      "call-failed",
      `The handler of ${frame.method} failed. What happened is in the server's log.`,
    );
  }
}

/** A reply that JSON cannot say is a fault of the handler's, not of the caller's request. */
function replyPayload(reply: unknown): Payload {
  try {
    return payloadOf(reply);
  } catch (cause) {
    throw new Error("The reply cannot be written as JSON.", { cause });
  }
}
