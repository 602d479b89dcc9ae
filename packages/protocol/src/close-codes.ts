/** The close codes of a client's core, each by itself: a bundle carries an object as a whole. */
export const normalClosure = 1000;
export const heartbeatTimeout = 4001;
export const connectTimeout = 4008;
export const frameUnexpected = 4500;
export const frameMalformed = 4501;
export const tokenInvalid = 4503;
export const tooManyConnections = 4505;

/** Close codes of section 9 of `spec/protocol.md`. 4000 to 4499: connect again; 4500 to 4999: do not. */
export const closeCodes = {
  normal: normalClosure,
  messageTooBig: 1009,
  goingAway: 4000,
  heartbeatTimeout,
  internal: 4002,
  overloaded: 4005,
  tokenExpired: 4006,
  logUnavailable: 4007,
  connectTimeout,
  rateLimited: 4009,
  frameUnexpected,
  frameMalformed,
  tokenInvalid,
  disconnected: 4504,
  tooManyConnections,
} as const;

/**
 * What virtual sockets are closed with by Hawser itself, not by an end of theirs (section 17 of `spec/protocol.md`).
 * They lie among those that mean: connect again.
 */
export const socketCloseCodes = {
  /** The node that held the upstream's socket is no more. */
  homeLost: 4400,
  /** It was on no connection for too long. */
  resumeExpired: 4401,
  /** The home goes away, and its time to wait is over. */
  nodeDrained: 4402,
  /** The right to open it was revoked. */
  forbidden: 4403,
  /** An end sent past its credit, or not the stream that it began. */
  streamViolated: 4410,
} as const;

/** What a close without a code is called (RFC 6455, section 7.4.1): 0 in a `socket-close`. */
export const noStatusReceived = 1005;

/** What an end without a close is called: on no wire (RFC 6455, section 7.4.1). The client connects again. */
export const abnormalClosure = 1006;

/** Whether a client connects again after this close code. */
export function mayReconnect(code: number): boolean {
  return !((code >= 4500 && code <= 4999) || [1000, 1002, 1003, 1007, 1008, 1009, 1010].includes(code));
}
