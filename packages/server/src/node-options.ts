import type { Log } from "@hawser/log";
import type { Clock, Contract, Random, Timers } from "@hawser/protocol";
import type { Authenticate, Authorize, Identity } from "./auth/identity.ts";
import type { Signer } from "./auth/grant.ts";
import type { ClusterSettings } from "./cluster/cluster-options.ts";
import type { ClusterLimits } from "./cluster/node-cluster.ts";
import type { Logger } from "./observe/logger.ts";
import type { Deflate } from "./delivery/compression.ts";
import type { NodeObserver } from "./observe/observer.ts";
import type { SocketService } from "./sockets/socket-service.ts";
import type { ChannelPolicy } from "./policy/channel-policy.ts";

/** What a node's core bounds. Durations are milliseconds, sizes bytes. The door's limits are the listener's. */
export interface NodeLimits extends ClusterLimits {
  /** From the handshake to `connect`. Past it: close 4008. Default 10,000. */
  readonly connectTimeoutMs: number;
  /** For the `authenticate` hook to answer. Past it: `internal` (retry), and close 4002 if it was for `connect`. Default 10,000. */
  readonly authenticateTimeoutMs: number;
  /** For the `authorize` hook to answer. Past it: `internal` (retry); what rests on a right that is asked anew ends. Default 10,000. */
  readonly authorizeTimeoutMs: number;
  /** Silence until the server asks whether the client is there; after as much again: close 4001. Default 25,000. */
  readonly heartbeatMs: number;
  /** A subscription without a batch for that long gets an empty one. Default 30,000. */
  readonly idleBatchMs: number;
  /** One message of the transport. Past it: close 1009. Default 1 MiB. */
  readonly maxMessageBytes: number;
  /** A token. Past it: `token-invalid`. Default 16 KiB. */
  readonly maxTokenBytes: number;
  /** A conflation key. Past it: `payload-invalid`. Default 255. */
  readonly maxKeyBytes: number;
  /** Subscriptions of a connection. Past it: `too-many-subscriptions`. Default 1,000. */
  readonly maxSubscriptions: number;
  /**
   * Requests of a connection that wait for their answer. Past it: `too-many-requests`. And as many `leave` and `unwatch` frames
   * that wait behind one; past it: close 4009. Default 256.
   */
  readonly maxRequests: number;
  /** Frames a second of a connection (HTTP: of a session); past it (and its burst) reading pauses. Default 2,000. */
  readonly framesPerSecond: number;
  /** Frames that a connection may send at once above its rate. Default 4,000. */
  readonly framesBurst: number;
  /** Sessions whose rates over HTTP are remembered. Past it they share those of their address. Default 20,000. */
  readonly maxRatedSessions: number;
  /** The same of one address (IPv6: of one /64). Default 1,000. */
  readonly maxRatedSessionsPerAddress: number;
  /** Messages that `last` of a `subscribe` goes back over. More is cut to it. Default 10,000. */
  readonly maxLast: number;
  /** Messages of a history page. A request above it is cut to it. Default 1,000. */
  readonly maxHistoryPage: number;
  /** Messages of a history page whose request names no limit. Default 100. */
  readonly defaultHistoryPage: number;
  /** Payload bytes of a history page, overshot by at most one message. Default 256 KiB. */
  readonly maxHistoryBytes: number;
  /** Answers that wait because the client does not take them. Past it: close 4009. Default 16 MiB. */
  readonly maxReplyBytes: number;
  /** For a call whose client names no time. Default 30,000. */
  readonly callTimeoutMs: number;
  /** The longest time that a client may name for a call; more is cut to it. Default 300,000. */
  readonly maxCallTimeoutMs: number;
  /** Cost of the entries that one channel's tail holds. Past it cursors read the log. Default 1 MiB. */
  readonly maxTailBytes: number;
  /** The same for all channels of the node. Default 256 MiB. */
  readonly maxNodeTailBytes: number;
  /** A channel without a new message for so long lets go of its tail, when all who follow have it and the log still does. Default 60,000. */
  readonly tailIdleMs: number;
  /** Blocks of messages that are shorter are not compressed. Default 1 KiB. */
  readonly minDeflateBytes: number;
  /** Blocks that are longer (of one large message) are not compressed either. Default 128 KiB. */
  readonly maxDeflateBytes: number;
  /** Channels in which a connection is a member, and as many that it watches. Past it: `too-many-presences`. Default 100. */
  readonly maxPresences: number;
  /** What `enter` frames of a connection (HTTP: of a session) change a second, with a burst of `maxPresences` more. Past it: `rate-limited`. Default 20. */
  readonly presenceChangesPerSecond: number;
  /** Until a node that says nothing has lost its members. Default 30,000. */
  readonly presenceLeaseMs: number;
  /** How often a node says anew which members it answers for. Default 60,000. */
  readonly presenceCheckpointMs: number;
  /** The shortest time between two looks at changes for the watchers of a channel. Default 100. */
  readonly presenceIntervalMs: number;
  /** The same for watchers of the count alone. Default 1,000. */
  readonly presenceCountIntervalMs: number;
  /** Bytes sent and not confirmed that a connection may always have. Default 64 KiB. */
  readonly minUnconfirmedBytes: number;
  /** Bytes sent and not confirmed that a connection has at most, however fast it is. Default 4 MiB. */
  readonly maxUnconfirmedBytes: number;
}

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
  /** The shortest `deduplicateMs` of any channel that clients may publish to, told to them (PUB-13). Default 0: not told. */
  readonly deduplicateMs?: number;
  readonly limits: NodeLimits;
  readonly calls: Readonly<Record<string, CallHandler>>;
  readonly contract: Contract | undefined;
  readonly signer: Signer;
  /** Opens virtual sockets. Default: it has none. */
  readonly sockets?: SocketService | undefined;
  /** How it is one of several that share the log. Default: it is alone. */
  readonly cluster?: ClusterSettings | undefined;
  /** Of this software, told to other nodes. Default: not told. */
  readonly version?: string;
  /** Compresses blocks for the peers that inflate. Default: they are not compressed. */
  readonly deflate?: Deflate | undefined;
  readonly logger: Logger;
  readonly observer: NodeObserver;
}
