/**
 * The frames of the wire as values. Their meaning is in `spec/protocol.md`, their bytes in `spec/hawser.proto`.
 *
 * Offsets, sequences, epochs and byte counts are integers from 0 to 2^53 - 1; times are milliseconds since 1970.
 * A field that the wire leaves out is `undefined` here only where its absence has a meaning of its own; everywhere
 * else it has its default (0, "", false).
 */

/** What a message carries. `data` holds UTF-8 for `text` and for `json`, where it is a complete JSON text. */
export interface Payload {
  readonly kind: "bytes" | "text" | "json";
  readonly data: Uint8Array;
}

/** A place in a channel's log: everything at or below `offset` has been seen. Epochs are ordered. */
export interface Position {
  readonly epoch: number;
  readonly offset: number;
}

/** The half-open interval `(from, to]` of offsets. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** One entry of a channel's log. `payload` is `undefined` for a hole: an entry that exists but cannot be carried. */
export interface Message {
  readonly offset: number;
  readonly time: number;
  readonly payload: Payload | undefined;
  /** Conflation key; "" for none. */
  readonly key: string;
  /** The user who published it; "" for none (the application itself). */
  readonly publisher: string;
}

/** The first frame of a connection: who, in which session (CON-1). */
export interface ConnectFrame {
  readonly type: "connect";
  readonly token: string;
  /** 1 to 64 characters that the client drew at random; "" asks the server to draw. */
  readonly session: string;
  readonly agent: string;
}

/** The answer to `connect`: the user and the limits (CON-3). */
export interface ConnectedFrame {
  readonly type: "connected";
  readonly session: string;
  readonly node: string;
  readonly user: string;
  /** 0: does not expire. */
  readonly expiresInMs: number;
  readonly heartbeatMs: number;
  readonly maxMessageBytes: number;
  readonly maxSubscriptions: number;
  readonly maxRequests: number;
  readonly time: number;
  /** The shortest time for which a log here remembers a producer (PUB-13); 0: not told. */
  readonly deduplicateMs: number;
}

/** A fresh token on a live connection (CON-8). */
export interface AuthenticateFrame {
  readonly type: "authenticate";
  readonly id: number;
  readonly token: string;
}

/** The fresh token counts (CON-8). */
export interface AuthenticatedFrame {
  readonly type: "authenticated";
  readonly id: number;
  readonly expiresInMs: number;
}

/** The server asks the client to be elsewhere by a deadline (CON-12). */
export interface MoveFrame {
  readonly type: "move";
  /** From now; after it the server closes the connection. */
  readonly deadlineMs: number;
  /** How long to wait before connecting elsewhere. */
  readonly delayMs: number;
  /** Where to; empty: any endpoint that the client knows. */
  readonly endpoints: readonly string[];
  readonly reason: string;
}

/** Asks for a `pong` (CON-10). */
export interface PingFrame {
  readonly type: "ping";
  readonly nonce: number;
}

/** Answers `ping`, with its nonce (CON-10). */
export interface PongFrame {
  readonly type: "pong";
  readonly nonce: number;
}

/** Confirms bytes on transports that have no ping of their own: the sum received on this connection. */
export interface ReceivedFrame {
  readonly type: "received";
  readonly bytes: number;
}

/** Says why this side ends the connection, on transports that have no close of their own (CON-16). */
export interface CloseFrame {
  readonly type: "close";
  /** As of a WebSocket (spec section 9). */
  readonly code: number;
  readonly reason: string;
}

/** A request failed, or with id 0 the connection did. */
export interface ErrorFrame {
  readonly type: "error";
  /** The request that it answers; 0: the connection itself, which is then closed. */
  readonly id: number;
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
  readonly retryAfterMs: number;
}

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

/** Asks for a page of a channel's history (spec section 6). */
export interface HistoryFrame {
  readonly type: "history";
  readonly id: number;
  readonly channel: string;
  /** Forward: messages after it. Backward: messages at or below it. `undefined`: from the floor, or from the end. */
  readonly position: Position | undefined;
  readonly backward: boolean;
  /** 0: the server's default. */
  readonly limit: number;
}

/** A page of a channel's history (spec section 6). */
export interface PageFrame {
  readonly type: "page";
  readonly id: number;
  readonly epoch: number;
  readonly floor: number;
  /** The page covers `(from, to]`; its messages rise, in either direction. */
  readonly from: number;
  readonly to: number;
  readonly messages: readonly Message[];
  /** There is more in the direction that was asked for. */
  readonly more: boolean;
}

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

/** Takes this client up among the members of a channel, or gives its member another state (spec section 16). */
export interface EnterFrame {
  readonly type: "enter";
  readonly id: number;
  readonly channel: string;
  /** 1 to 64 characters that the client drew at random, the same on all its connections; "" asks the server to draw. */
  readonly member: string;
  /** Rises whenever the client enters over another connection, or again after it left. */
  readonly generation: number;
  /** The member's state: JSON. */
  readonly payload: Payload;
}

/** The channel has the member, with that state (PRES-3). */
export interface EnteredFrame {
  readonly type: "entered";
  readonly id: number;
  readonly member: string;
}

/** The member goes, at once (PRES-6). */
export interface LeaveFrame {
  readonly type: "leave";
  readonly channel: string;
  readonly generation: number;
}

/** Asks to be told who is in a channel, or how many (PRES-9). */
export interface WatchFrame {
  readonly type: "watch";
  readonly id: number;
  readonly channel: string;
  readonly countOnly: boolean;
}

/** The watch begins: what comes under its number is told from nothing on (PRES-9). */
export interface WatchedFrame {
  readonly type: "watched";
  readonly id: number;
  readonly number: number;
}

/** The client wants to be told no more (PRES-13). */
export interface UnwatchFrame {
  readonly type: "unwatch";
  readonly channel: string;
}

/** A member is there, with this state (PRES-10). */
export interface PresentFrame {
  readonly type: "present";
  readonly number: number;
  readonly user: string;
  readonly member: string;
  readonly payload: Payload;
}

/** A member is there no more (PRES-10). */
export interface AbsentFrame {
  readonly type: "absent";
  readonly number: number;
  readonly user: string;
  readonly member: string;
}

/** How many members there are, when all of them were told (PRES-11). */
export interface CensusFrame {
  readonly type: "census";
  readonly number: number;
  readonly count: number;
  /** Not the end but the beginning: all members are told anew from here on (PRES-12). */
  readonly anew: boolean;
}

/** A right has gone, and what rested on it has ended (PRES-14). */
export interface RevokedFrame {
  readonly type: "revoked";
  readonly channel: string;
  /** `enter`: the member left; `presence`: the watch ended. */
  readonly verb: string;
  readonly message: string;
}

/** What a client sends. */
export type ClientFrame =
  | ConnectFrame
  | AuthenticateFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | SeekFrame
  | CreditFrame
  | PublishFrame
  | HistoryFrame
  | CallFrame
  | CancelFrame
  | EnterFrame
  | LeaveFrame
  | WatchFrame
  | UnwatchFrame
  | PingFrame
  | PongFrame
  | ReceivedFrame
  | CloseFrame;

/** What a server sends. */
export type ServerFrame =
  | ConnectedFrame
  | AuthenticatedFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | BatchFrame
  | ResetFrame
  | PublishedFrame
  | RejectedFrame
  | PageFrame
  | ResultFrame
  | EnteredFrame
  | WatchedFrame
  | PresentFrame
  | AbsentFrame
  | CensusFrame
  | RevokedFrame
  | ErrorFrame
  | MoveFrame
  | PingFrame
  | PongFrame
  | CloseFrame;

/** Any frame, of either side. */
export type Frame = ClientFrame | ServerFrame;
