import { HawserError } from "@hawser/protocol";
import type { LogCapabilities } from "@hawser/log";
import { atLeast, leastFrameBytes } from "../limits.ts";
import type { Connector } from "../link.ts";
import { socketConnector } from "../socket/connector.ts";
import type { SocketAddress } from "../socket/socket-address.ts";

/** What a remote log is made with; durations in milliseconds. */
export interface RemoteLogOptions {
  /** Where its log server listens. */
  readonly socket?: SocketAddress;
  /** In place of `socket`: another way to the log server. */
  readonly connector?: Connector;
  /**
   * What is expected of the served log; opening fails if it promises less. Default: what `lmdbLog` promises. For a
   * `memoryLog` give `memoryLog().capabilities`.
   */
  readonly capabilities?: LogCapabilities;
  /** How long opening tries to reach the server. Default 10,000. */
  readonly openTimeoutMs?: number;
  /** How long a link may take until it is usable. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** The first pause before the next try; the pause is drawn from 0 to twice as much each time. Default 20. */
  readonly minBackoffMs?: number;
  /** The longest one. Default 1,000. */
  readonly maxBackoffMs?: number;
  /** A server from which nothing is heard is asked after that long, and given up after as much again. Default 5,000. */
  readonly heartbeatMs?: number;
  /** One frame. An append that does not fit fails with `log-full`; an entry that does not crosses as a hole. Default 16 MiB. */
  readonly maxFrameBytes?: number;
  /** Bytes of appends that wait for their outcome. Past it appends fail with `log-unavailable`. Default 256 MiB. */
  readonly maxWaitingBytes?: number;
  /** Reads, heads and follows that wait for their answer. Past it they reject with `log-unavailable`. Default 100,000. */
  readonly maxRequests?: number;
}

/** The options, all given. */
export type RemoteSettings = Required<Omit<RemoteLogOptions, "socket">>;

const defaults = {
  openTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  minBackoffMs: 20,
  maxBackoffMs: 1_000,
  heartbeatMs: 5_000,
  maxFrameBytes: 16 * 1024 * 1024,
  maxWaitingBytes: 256 * 1024 * 1024,
  maxRequests: 100_000,
};

const embedded: LogCapabilities = {
  name: "remote",
  durabilities: ["memory", "commit", "flush"],
  deduplicates: true,
  history: "indexed",
  ephemeral: true,
};

/** Fills in the defaults. Throws `option-invalid`. */
export function remoteSettings(options: RemoteLogOptions): RemoteSettings {
  const { socket, connector, capabilities = embedded } = options;
  if ((socket === undefined) === (connector === undefined)) {
    throw new HawserError("option-invalid", "remoteLog needs the socket of its log server, or a connector");
  }
  const numbers = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const least = name === "maxFrameBytes" ? leastFrameBytes : 1;
    numbers[name] = atLeast(name, options[name] ?? defaults[name], least);
  }
  return { ...numbers, capabilities, connector: connector ?? socketConnector(socket!) };
}

/** Fails unless the served log promises all that is expected. */
export function checkCapabilities(expected: LogCapabilities, served: LogCapabilities): void {
  const missing = [
    ...expected.durabilities
      .filter((level) => !served.durabilities.includes(level))
      .map((level) => `durability ${level}`),
    ...(expected.deduplicates && !served.deduplicates ? ["de-duplication"] : []),
    ...(expected.ephemeral && !served.ephemeral ? ["ephemeral channels"] : []),
    ...(histories.indexOf(served.history) > histories.indexOf(expected.history) ? [`history ${expected.history}`] : []),
  ];
  if (missing.length === 0) return;
  throw new HawserError(
    "option-invalid",
    `the served log (${served.name}) does not promise what this remote log was told to expect: ${missing.join(", ")}. ` +
      "Give remoteLog the capabilities of the log that is served",
  );
}

const histories = ["indexed", "scan", "none"];
