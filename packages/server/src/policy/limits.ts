import { defaultLimits as wireLimits, HawserError } from "@hawser/protocol";
import { presenceRetentionMs } from "../presence/presence-names.ts";
import type { NodeLimits } from "../node-options.ts";

/**
 * Everything that can grow has a limit (section 11 of `spec/protocol.md`): those of the core, and the door's beside
 * them. Durations are milliseconds, sizes bytes. What happens past each limit is said with it.
 */
export interface Limits extends NodeLimits {
  /** Connections that the node holds at once. Past it: HTTP 503. Default 20,000. */
  readonly maxConnections: number;
  /** Connections from one address (IPv6: from one /64). Past it: HTTP 429. Default 1,000. */
  readonly maxConnectionsPerAddress: number;
  /** Sockets whose handshake has not finished, on a port of Hawser's own. Past it the oldest is cut. Default 1,000. */
  readonly maxPendingHandshakes: number;
  /** Until the last byte of a handshake's headers, on a port of Hawser's own. Past it: HTTP 408. Default 10,000. */
  readonly handshakeTimeoutMs: number;
  /** Bytes of a handshake's headers in all. Past it: HTTP 431. Default 16 KiB. */
  readonly maxHandshakeBytes: number;
  /** Headers of a handshake. Past it: HTTP 431. Default 100. */
  readonly maxHandshakeHeaders: number;
  /** From the start of a closing handshake to its end. Past it the connection is cut. Default 5,000. */
  readonly closeTimeoutMs: number;
  /** Streams that are open at once on a connection that clients share. Past it the stream is closed with 4005. Default 32. */
  readonly maxStreamsPerConnection: number;
  /** Bytes that a shared connection holds for streams that are not read from. Past it the stream is closed with 4009. Default 4 MiB. */
  readonly maxHeldBytes: number;
  /** Bytes that what a connection sent compressed may inflate to in a second. Past it reading pauses. Default 8 MiB. */
  readonly inflatedBytesPerSecond: number;
  /** Bytes that wait in this process for a connection's socket. Past it the connection is cut. Default 16 MiB. */
  readonly maxUnsentBytes: number;
  /** The body of one HTTP request of the fallback transports. Past it: HTTP 413, or close 1009. Default 4 MiB. */
  readonly maxBodyBytes: number;
  /** Until the last byte of such a body. Past it: close 4008. Default 10,000. */
  readonly bodyTimeoutMs: number;
  /** How long a long poll waits for something to tell. After it the answer ends as it is. Default 20,000. */
  readonly pollMs: number;
  /** The body of one request of the HTTP API. Past it: HTTP 413. Default 4 MiB. */
  readonly maxApiBodyBytes: number;
  /** Messages of one request of the HTTP API. Past it: HTTP 400. Default 1,000. */
  readonly maxApiBatch: number;
  /** Requests of the HTTP API that are answered at once. Past it: HTTP 503. Default 256. */
  readonly maxApiRequests: number;
  /** Operations a second of one API key: a message that is published is one, any other request too. Past it: HTTP 429. Default 5,000. */
  readonly apiOperationsPerSecond: number;
  /** Operations that a key may have at once above its rate. Default 10,000. */
  readonly apiOperationsBurst: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** Those of the wire; the size of a payload is a channel's own. */
const { maxPayloadBytes: _, ...sharedLimits } = wireLimits;

/** The limits that hold where an application names none: those of the protocol, and the server's own. */
export const defaultLimits: Limits = {
  ...sharedLimits,
  maxPendingHandshakes: 1_000,
  handshakeTimeoutMs: 10_000,
  maxHandshakeBytes: 16 * KiB,
  maxHandshakeHeaders: 100,
  authenticateTimeoutMs: 10_000,
  authorizeTimeoutMs: 10_000,
  maxRatedSessions: 20_000,
  maxRatedSessionsPerAddress: 1_000,
  closeTimeoutMs: 5_000,
  maxHeldBytes: 4 * MiB,
  maxLast: 10_000,
  maxHistoryBytes: 256 * KiB,
  maxReplyBytes: 16 * MiB,
  maxCallTimeoutMs: 300_000,
  maxTailBytes: 1 * MiB,
  maxNodeTailBytes: 256 * MiB,
  tailIdleMs: 60_000,
  minDeflateBytes: 1 * KiB,
  maxDeflateBytes: 128 * KiB,
  inflatedBytesPerSecond: 8 * MiB,
  minUnconfirmedBytes: 64 * KiB,
  maxUnconfirmedBytes: 4 * MiB,
  maxUnsentBytes: 16 * MiB,
  maxBodyBytes: 4 * MiB,
  bodyTimeoutMs: 10_000,
  pollMs: 20_000,
  maxApiBodyBytes: 4 * MiB,
  maxApiBatch: 1_000,
  maxApiRequests: 256,
  apiOperationsPerSecond: 5_000,
  apiOperationsBurst: 10_000,
  maxPresences: 100,
  presenceChangesPerSecond: 20,
  presenceLeaseMs: 30_000,
  presenceCheckpointMs: 60_000,
  presenceIntervalMs: 100,
  presenceCountIntervalMs: 1_000,
  clusterBeatMs: 5_000,
  clusterJitterMs: 500,
  clusterTimeoutMs: 15_000,
  maxClusterNodes: 1_000,
  maxClusterCommands: 10_000,
};

/** The longest delay that a platform's timer takes: a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Pairs of which the first may not be above the second. */
const ordered: readonly (readonly [keyof Limits, keyof Limits])[] = [
  ["maxConnectionsPerAddress", "maxConnections"],
  ["maxRatedSessionsPerAddress", "maxRatedSessions"],
  ["defaultHistoryPage", "maxHistoryPage"],
  ["callTimeoutMs", "maxCallTimeoutMs"],
  ["maxTailBytes", "maxNodeTailBytes"],
  ["minUnconfirmedBytes", "maxUnconfirmedBytes"],
  ["minDeflateBytes", "maxDeflateBytes"],
  ["maxTokenBytes", "maxMessageBytes"],
  ["maxMessageBytes", "maxBodyBytes"],
  ["maxMessageBytes", "inflatedBytesPerSecond"],
  ["pollMs", "heartbeatMs"],
  ["clusterBeatMs", "clusterTimeoutMs"],
  ["maxApiBatch", "apiOperationsBurst"],
];

/**
 * The defaults with what an application names in their place.
 *
 * Where an application moves only one limit of a pair that is ordered (such as `defaultHistoryPage` below
 * `maxHistoryPage`), the default of the other one follows it.
 *
 * @throws HawserError `option-invalid` for a name that is no limit, and for a value that is not an integer from 1
 *   (times: to 2^31 - 1).
 */
export function resolveLimits(named: Partial<Limits> = {}): Limits {
  const limits: { -readonly [Name in keyof Limits]: number } = { ...defaultLimits };
  for (const [name, value] of Object.entries(named)) {
    if (!isLimitName(name)) {
      throw new HawserError(
        "option-invalid",
        `limits.${name} is not a limit. Known: ${Object.keys(defaultLimits).join(", ")}.`,
      );
    }
    if (value === undefined) continue;
    const highest = highestOf(name);
    if (!Number.isSafeInteger(value) || value < 1 || value > highest) {
      throw new HawserError("option-invalid", `limits.${name} must be an integer from 1 to ${highest}.`);
    }
    limits[name] = value;
  }
  // A burst may be below the rate if an application says so, but a rate that is raised alone must have its effect.
  if (named.framesBurst === undefined) limits.framesBurst = Math.max(limits.framesBurst, limits.framesPerSecond);
  for (const [low, high] of ordered) {
    if (limits[low] <= limits[high]) continue;
    if (named[low] !== undefined && named[high] !== undefined) {
      throw new HawserError(
        "option-invalid",
        `limits.${low} (${limits[low]}) must not be above limits.${high} (${limits[high]}).`,
      );
    }
    if (named[low] === undefined) limits[low] = limits[high];
    else limits[high] = limits[low];
  }
  return limits;
}

function highestOf(name: keyof Limits): number {
  // What is said less often than that could be gone from the log before it is said again.
  if (name === "presenceLeaseMs" || name === "presenceCheckpointMs") return presenceRetentionMs / 3;
  return name.endsWith("Ms") ? maxTimerMs : Number.MAX_SAFE_INTEGER;
}

function isLimitName(name: string): name is keyof Limits {
  return Object.hasOwn(defaultLimits, name);
}
