/** Of `maxMessageBytes`, by itself for those who need no other: a bundle carries an object as a whole. */
export const defaultMaxMessageBytes = 1_048_576;
/** Of `connectTimeoutMs`, likewise. */
export const defaultConnectTimeoutMs = 10_000;

/**
 * The limits of section 11 of `spec/protocol.md` with their defaults. Durations are milliseconds, sizes bytes. A server
 * names what it took in their place in `connected`; what happens past each is in the specification's table.
 */
export const defaultLimits = {
  maxMessageBytes: defaultMaxMessageBytes,
  maxPayloadBytes: 262_144,
  /** Per connection. */
  maxSubscriptions: 1_000,
  /** In flight per connection. */
  maxRequests: 256,
  /** Messages. */
  maxHistoryPage: 1_000,
  /** Messages of a page whose `limit` is 0. */
  defaultHistoryPage: 100,
  connectTimeoutMs: defaultConnectTimeoutMs,
  /** Of a call whose `timeoutMs` is 0. */
  callTimeoutMs: 30_000,
  heartbeatMs: 25_000,
  idleBatchMs: 30_000,
  /** Per connection. */
  framesPerSecond: 2_000,
  framesBurst: 4_000,
  /** Per node. */
  maxConnections: 20_000,
  maxConnectionsPerAddress: 1_000,
  /** Open at once on a connection that clients share. */
  maxStreamsPerConnection: 32,
  maxTokenBytes: 16_384,
  maxKeyBytes: 255,
} as const;

/** A limit of section 11 of `spec/protocol.md`. */
export type LimitName = keyof typeof defaultLimits;
