import type { Log } from "@hawser/log";
import type { Clock, Contract, Random, Timers } from "@hawser/protocol";
import type { Authenticate, Authorize, Identity } from "./auth/identity.ts";
import type { Signer } from "./auth/grant.ts";
import type { NodeLogger } from "./observe/logger.ts";
import type { NodeObserver } from "./observe/observer.ts";
import type { Limits } from "./policy/limits.ts";
import type { ChannelPolicy } from "./policy/channel-policy.ts";

/** What a call's handler is told beside the request. */
export interface CallContext {
  readonly identity: Identity;
  readonly session: string;
  /** Aborted at the deadline, at `cancel`, and when the connection ends. */
  readonly signal: AbortSignal;
}

/** Answers a call. What it returns must be JSON-able, or a `Uint8Array`. Throw a `HawserError` to answer with its code. */
export type CallHandler = (request: unknown, context: CallContext) => unknown;

export interface NodeOptions {
  /** Non-empty; told to clients, and in logs. */
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly authenticate: Authenticate;
  readonly authorize: Authorize | undefined;
  readonly policyOf: (channel: string) => ChannelPolicy;
  readonly limits: Limits;
  readonly calls: Readonly<Record<string, CallHandler>>;
  readonly contract: Contract | undefined;
  readonly signer: Signer;
  readonly logger: NodeLogger;
  readonly observer: NodeObserver;
}
