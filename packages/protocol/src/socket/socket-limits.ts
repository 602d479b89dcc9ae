/** Of `socketWindowBytes`, by itself for those who need no other: a bundle carries an object as a whole. */
export const defaultSocketWindowBytes = 262_144;
/** Of `maxPieceBytes`, likewise. */
export const defaultMaxPieceBytes = 16_384;
/** Of `socketResumeMs`, likewise. */
export const defaultSocketResumeMs = 30_000;

/**
 * The limits of virtual sockets (section 11 of `spec/protocol.md`) with their defaults. Durations are milliseconds, sizes
 * bytes.
 */
export const defaultSocketLimits = {
  /** Of each stream: what may be sent beyond what was taken. */
  socketWindowBytes: defaultSocketWindowBytes,
  /** Of the data in one piece. */
  maxPieceBytes: defaultMaxPieceBytes,
  /** Of one session at one home. */
  maxSockets: 256,
  /** Of one message of the upstream. */
  maxSocketMessageBytes: 16_777_216,
  socketResumeMs: defaultSocketResumeMs,
  socketOpenTimeoutMs: 15_000,
  /** How often an upstream that says nothing is asked whether it is there. */
  upstreamHeartbeatMs: 25_000,
} as const;

/** The limits of virtual sockets, as somebody sets them. */
export type SocketLimits = { readonly [Name in keyof typeof defaultSocketLimits]: number };
