import type { Payload } from "../message.ts";

/** Asks the server to run a method (spec section 7). */
export interface CallFrame {
  readonly type: "call";
  readonly id: number;
  readonly method: string;
  readonly payload: Payload;
  /** 0: the server's default. */
  readonly timeoutMs: number;
  /** The handler may run more than once. */
  readonly idempotent: boolean;
}

/** What a call returned (spec section 7). */
export interface ResultFrame {
  readonly type: "result";
  readonly id: number;
  readonly payload: Payload;
}

/** The caller waits no longer (spec section 7). */
export interface CancelFrame {
  readonly type: "cancel";
  readonly id: number;
}
