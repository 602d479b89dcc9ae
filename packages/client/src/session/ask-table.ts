import { HawserError } from "@hawser/protocol";
import type { ClientFrame, PageFrame, ResultFrame, Timer, Timers } from "@hawser/protocol";
import { closed, errorOf, tooLarge } from "../connection/closure.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import type { SessionPart } from "./session-part.ts";

/** What answers a call or a history request. */
export type AnswerFrame = ResultFrame | PageFrame;

/** A question of the application that has one answer. */
export interface Ask {
  /** Names it in errors: `the call "add"`. */
  readonly what: string;
  /** @param leftMs - Until its deadline. */
  build(id: number, leftMs: number): ClientFrame;
  /** It may be asked again when a connection was lost before the answer. */
  readonly repeatable: boolean;
  /** Tell the server when the answer is not wanted any more (CALL-3). */
  readonly cancellable: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Over which of the session's connections; "": any. */
  readonly lane: string;
}

interface Pending {
  readonly ask: Ask;
  readonly deadline: number;
  readonly settle: (outcome: AnswerFrame | HawserError) => void;
  /** Where it has its turn, or waits for it: one connection at a time. */
  link: Link | undefined;
  /** Its identifier there, once it was sent. */
  id: number | undefined;
}

/**
 * Questions that wait for their answer, over as many connections as it takes: each is answered, fails, or reaches its
 * deadline.
 */
export class AskTable implements SessionPart {
  readonly #timers: Timers;
  readonly #monotonic: () => number;
  readonly #maxPending: number;
  readonly #pending = new Set<Pending>();
  readonly #links: Links;
  #ended: HawserError | undefined;

  constructor(links: Links, timers: Timers, monotonic: () => number, maxPending: number) {
    this.#links = links;
    this.#timers = timers;
    this.#monotonic = monotonic;
    this.#maxPending = maxPending;
  }

  /** Asks, now or when there is a connection. */
  ask(ask: Ask): Promise<AnswerFrame> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(ask);
      if (refusal !== undefined) return reject(refusal);
      let timer: Timer | undefined;
      const onAbort = (): void => this.#giveUp(pending, cancelled(ask));
      const pending: Pending = {
        ask,
        deadline: this.#monotonic() + ask.timeoutMs,
        link: undefined,
        id: undefined,
        settle: (outcome) => {
          if (!this.#pending.delete(pending)) return;
          timer?.cancel();
          ask.signal?.removeEventListener("abort", onAbort);
          if (outcome instanceof HawserError) reject(outcome);
          else resolve(outcome);
        },
      };
      timer = this.#timers.after(ask.timeoutMs, () => this.#giveUp(pending, overdue(ask)));
      ask.signal?.addEventListener("abort", onAbort, { once: true });
      this.#pending.add(pending);
      this.#send(pending);
    });
  }

  onLink(): void {
    for (const pending of [...this.#pending]) if (pending.link === undefined) this.#send(pending);
  }

  /** What was sent waits for its answer there. What waits for its turn may have it elsewhere. */
  onAvoid(link: Link): void {
    for (const pending of [...this.#pending]) {
      if (pending.link === link && pending.id === undefined) this.#send(pending);
    }
  }

  onUnlink(): void {}

  onFrame(): boolean {
    return false;
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = error ?? closed();
    for (const { settle } of [...this.#pending]) settle(this.#ended);
  }

  #refusal(ask: Ask): HawserError | undefined {
    if (this.#ended !== undefined) return this.#ended;
    if (ask.signal?.aborted) return cancelled(ask);
    if (this.#pending.size < this.#maxPending) return undefined;
    return new HawserError("too-many-requests", `${this.#maxPending} requests wait for an answer`, {
      retry: true,
    });
  }

  #send(pending: Pending): void {
    const { ask, settle } = pending;
    const link = this.#links.choose(ask.lane);
    if (link === pending.link) return;
    pending.link = link;
    if (link === undefined) return;
    link.request({
      lane: ask.lane,
      flow: "call",
      build: (id) => {
        if (!this.#pending.has(pending) || pending.link !== link || pending.id !== undefined) return undefined;
        pending.id = id;
        return ask.build(id, Math.max(1, Math.ceil(pending.deadline - this.#monotonic())));
      },
      reply: (frame) => {
        if (frame.type === "result" || frame.type === "page") settle(frame);
        else if (frame.type === "error") settle(errorOf(frame));
      },
      lost: (sent) => {
        // What had no turn on a connection that was left has gone over to another by now, and must not go twice.
        if (pending.link !== link) return;
        pending.id = pending.link = undefined;
        if (sent && !ask.repeatable) settle(outcomeUnknown(ask));
        else this.#send(pending);
      },
      tooLarge: () => settle(tooLarge(ask.what)),
    });
  }

  #giveUp(pending: Pending, error: HawserError): void {
    const { link, id, ask } = pending;
    if (id !== undefined && ask.cancellable && this.#pending.has(pending)) link?.send({ type: "cancel", id });
    pending.settle(error);
  }
}

function cancelled({ what, signal }: Ask): HawserError {
  return new HawserError("cancelled", `Cancelled: ${what}`, { cause: signal?.reason as unknown });
}

function overdue({ what, timeoutMs }: Ask): HawserError {
  return new HawserError("deadline-exceeded", `No answer within ${timeoutMs} ms: ${what}`);
}

function outcomeUnknown({ what }: Ask): HawserError {
  return new HawserError("outcome-unknown", `The connection was lost before the answer: ${what}`);
}
