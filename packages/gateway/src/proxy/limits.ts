import { HawserError } from "@hawser/protocol";

/** What can grow in the proxy for plain clients. Durations are milliseconds, sizes bytes. */
export interface ProxyLimits {
  /** Plain connections that are open at once. Past it: HTTP 503 `too-many-connections`. Default 20,000. */
  readonly maxConnections: number;
  /** Those of one route. Past it: HTTP 503 `too-many-connections`. Default 20,000. */
  readonly maxConnectionsPerRoute: number;
  /** Those of one address (IPv6: of one /64). Past it: HTTP 429 `too-many-connections`. Default 1,000. */
  readonly maxConnectionsPerAddress: number;
  /** Clients whose handshake has not ended: on ports of the proxy's own from the first byte on. Past it: HTTP 503 `overloaded`. Default 1,000. */
  readonly maxPendingHandshakes: number;
  /** From a client's request to the target's answer, all tries together. Past it: HTTP 504 `upstream-timeout`. Default 15,000. */
  readonly handshakeTimeoutMs: number;
  /** On ports of the proxy's own, from a client's first byte to the end of its request. Past it the socket is cut. Default 10,000. */
  readonly requestTimeoutMs: number;
  /** Request line and headers of a client's handshake. Past it: HTTP 431 `headers-too-large`. Default 16 KiB. */
  readonly maxHeaderBytes: number;
  /** Headers of a client's handshake. Past it: HTTP 431 `headers-too-large`. Default 100. */
  readonly maxHeaders: number;
  /** The body of a target's answer that is not 101. Past it: HTTP 502 `upstream-failed`. Default 1 MiB. */
  readonly maxAnswerBytes: number;
  /** How long nothing may pass in either direction. Past it (by up to a quarter): close 1001. Default 3,600,000. */
  readonly idleTimeoutMs: number;
  /** From a close that the proxy puts to its end. Past it both sockets are cut. Default 5,000. */
  readonly closeTimeoutMs: number;
  /** From the end of one side to that of the other, in which it gets what it was still sent. Past it both sockets are cut. Default 30,000. */
  readonly halfClosedTimeoutMs: number;
  /** How long a PROXY protocol header may take. Past it the socket is cut. Default 3,000. */
  readonly proxyHeaderTimeoutMs: number;
  /** A PROXY protocol header of version 2. Past it the socket is cut. Default 4 KiB. */
  readonly maxProxyHeaderBytes: number;
}

/** The limits that hold where none is named. */
export const defaultProxyLimits: ProxyLimits = {
  maxConnections: 20_000,
  maxConnectionsPerRoute: 20_000,
  maxConnectionsPerAddress: 1_000,
  maxPendingHandshakes: 1_000,
  handshakeTimeoutMs: 15_000,
  requestTimeoutMs: 10_000,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
  maxAnswerBytes: 1_048_576,
  idleTimeoutMs: 3_600_000,
  closeTimeoutMs: 5_000,
  halfClosedTimeoutMs: 30_000,
  proxyHeaderTimeoutMs: 3_000,
  maxProxyHeaderBytes: 4_096,
};

/** The longest delay that a platform's timer takes: a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * The defaults with what is named in their place.
 *
 * @throws HawserError `option-invalid` for a name that is no limit, and a value that is not an integer from 1 (times: to 2^31 - 1).
 */
export function resolveProxyLimits(named: Partial<ProxyLimits> = {}): ProxyLimits {
  const limits: Record<string, number> = { ...defaultProxyLimits };
  for (const [name, value] of Object.entries(named)) {
    if (!Object.hasOwn(defaultProxyLimits, name)) {
      const known = Object.keys(defaultProxyLimits).join(", ");
      throw new HawserError("option-invalid", `limits.${name} is not a limit of the proxy. Known: ${known}.`);
    }
    if (value === undefined) continue;
    const highest = name.endsWith("Ms") ? maxTimerMs : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < 1 || value > highest)
      throw new HawserError("option-invalid", `limits.${name} must be an integer from 1 to ${highest}.`);
    limits[name] = value;
  }
  return limits as unknown as ProxyLimits;
}
