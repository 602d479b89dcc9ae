/** The close codes that the proxy puts between frames (RFC 6455, section 7.4.1, and the registry of IANA). */
export const proxyCloseCodes = {
  /** The gateway drains, or nothing passed for the idle timeout. */
  goingAway: 1001,
  /** The right to the connection is gone. */
  forbidden: 1008,
  /** The target died, was ejected, or its drain passed its deadline: connect again, to another. */
  serviceRestart: 1012,
} as const;

/** A close that the proxy puts itself. */
export interface ProxyClose {
  readonly code: (typeof proxyCloseCodes)[keyof typeof proxyCloseCodes];
  /** At most 123 bytes of UTF-8. */
  readonly reason: string;
}

/**
 * A close frame.
 *
 * @param mask - Four random bytes, in front of a server (RFC 6455, section 5.3); `undefined`: towards a client.
 */
export function closeFrame({ code, reason }: ProxyClose, mask?: Uint8Array): Buffer {
  const text = Buffer.from(reason);
  const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), text]);
  if (mask === undefined) return Buffer.concat([Buffer.of(0x88, payload.length), payload]);
  for (let index = 0; index < payload.length; index += 1) payload[index]! ^= mask[index & 3]!;
  return Buffer.concat([Buffer.of(0x88, 0x80 | payload.length), mask, payload]);
}
