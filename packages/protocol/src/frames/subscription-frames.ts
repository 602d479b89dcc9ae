import type { Interval, Message, Position } from "../message.ts";

/** Asks for the messages of a channel, from a place on (spec section 4). */
export interface SubscribeFrame {
  readonly type: "subscribe";
  readonly id: number;
  readonly channel: string;
  /** Rises with each grant of this channel on this connection; the first is 1. */
  readonly generation: number;
  /** Where to resume. Epoch 0 stands for the current one. `undefined`, with `last` 0: from now. */
  readonly position: Position | undefined;
  /** The newest N messages first. Not together with `position`. */
  readonly last: number;
  /** Cost that may be sent in all (see `messageCost`); 0: not limited. */
  readonly credit: number;
  /** What `subscribed` gave when the subscription began, for a user without the right to history. */
  readonly grant: Uint8Array;
}

/** Why a subscription does not continue at the position that was asked for. "": it does. */
export type ResetReason = "" | "truncated" | "unknown" | "ahead" | "trimmed";

/** Grants a subscription: its number, and where it starts (spec section 4). */
export interface SubscribedFrame {
  readonly type: "subscribed";
  readonly id: number;
  readonly number: number;
  readonly generation: number;
  readonly epoch: number;
  readonly offset: number;
  readonly end: number;
  readonly lost: Interval | undefined;
  readonly reset: ResetReason;
  readonly grant: Uint8Array;
}

/** The client wants no more of a channel. */
export interface UnsubscribeFrame {
  readonly type: "unsubscribe";
  readonly number: number;
  readonly generation: number;
}

/** A subscription has ended, and through which offset it was sent (SUB-12). */
export interface UnsubscribedFrame {
  readonly type: "unsubscribed";
  readonly number: number;
  readonly generation: number;
  /** Through which offset batches were sent. */
  readonly offset: number;
  /** "" when the client asked for it, else an error code. */
  readonly code: string;
  readonly message: string;
}

/** The messages of one interval of a channel (SUB-4). */
export interface BatchFrame {
  readonly type: "batch";
  readonly number: number;
  readonly generation: number;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly messages: readonly Message[];
  readonly conflated: boolean;
}

/** Asks the server to go back to an offset: there was a gap (SUB-4). */
export interface SeekFrame {
  readonly type: "seek";
  readonly number: number;
  readonly generation: number;
  readonly offset: number;
}

/** How much the subscriber takes in all (SUB-10). */
export interface CreditFrame {
  readonly type: "credit";
  readonly number: number;
  readonly generation: number;
  /** Cost that may be sent in all since the grant began; never falls. */
  readonly credit: number;
}

/** The log is not the one that it was: go on from here (spec section 4). */
export interface ResetFrame {
  readonly type: "reset";
  readonly number: number;
  readonly generation: number;
  readonly epoch: number;
  readonly offset: number;
  readonly lost: Interval | undefined;
  readonly reset: ResetReason;
}
