/** Close codes of section 9 of `spec/protocol.md`. 4000 to 4499: connect again; 4500 to 4999: do not. */
export const closeCodes = {
  normal: 1000,
  messageTooBig: 1009,
  goingAway: 4000,
  heartbeatTimeout: 4001,
  internal: 4002,
  overloaded: 4005,
  tokenExpired: 4006,
  logUnavailable: 4007,
  connectTimeout: 4008,
  rateLimited: 4009,
  frameUnexpected: 4500,
  frameMalformed: 4501,
  tokenInvalid: 4503,
  disconnected: 4504,
  tooManyConnections: 4505,
} as const;

/** What an end without a close is called: on no wire (RFC 6455, section 7.4.1). The client connects again. */
export const abnormalClosure = 1006;

const standardFinal: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010]);

/** Whether a client connects again after this close code. */
export function mayReconnect(code: number): boolean {
  if (code >= 4500 && code <= 4999) return false;
  return !standardFinal.has(code);
}
