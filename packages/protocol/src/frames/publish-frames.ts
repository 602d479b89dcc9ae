import type { Payload, Position } from "../message.ts";

/** Asks that a message be appended to a channel (spec section 5). */
export interface PublishFrame {
  readonly type: "publish";
  readonly id: number;
  readonly channel: string;
  /** 16 bytes; empty: the publish is not de-duplicated, and `sequence` and `previous` are 0. */
  readonly producer: Uint8Array;
  readonly sequence: number;
  readonly previous: number;
  readonly payload: Payload;
  readonly key: string;
}

/** The log has the message (spec section 5). */
export interface PublishedFrame {
  readonly type: "published";
  readonly id: number;
  /** `undefined`: a duplicate whose position is no longer known, or an ephemeral channel without one. */
  readonly position: Position | undefined;
  readonly duplicate: boolean;
  /** So many requests more are answered by it: of the ids that follow, at the offsets that follow (PUB-15). */
  readonly following: number;
}

/** The log does not have the message, and why (spec section 5). */
export interface RejectedFrame {
  readonly type: "rejected";
  readonly id: number;
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
  readonly retryAfterMs: number;
  /** With `out-of-order`: the sequence that the log accepted last from this producer. */
  readonly last: number;
}
