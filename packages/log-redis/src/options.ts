import type { RedisClientOptions } from "@redis/client";
import type { RedisBinding } from "./bindings/bindings.ts";
import { HawserError } from "@hawser/protocol";
import type { Durability } from "@hawser/log";

/** What is handed to `@redis/client` as it is: TLS and the like in `socket`, credentials, the number of the database. */
export type RedisConnectionOptions = Pick<
  RedisClientOptions,
  "username" | "password" | "credentialsProvider" | "database" | "name" | "socket"
>;

/** Sentinels that know where the primary is; they are asked at each connect. */
export interface RedisSentinels {
  /** What they call the primary. */
  readonly name: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** How they themselves are reached, where that needs TLS or credentials. */
  readonly client?: RedisConnectionOptions;
}

/** Options of `redisLog`. Durations are in milliseconds. */
export interface RedisLogOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]`. Default `redis://127.0.0.1:6379`; not used with `sentinel`. */
  readonly url?: string;
  /** More for the connections, past what the URL says. */
  readonly client?: RedisConnectionOptions;
  readonly sentinel?: RedisSentinels;
  /** Streams that other programs write, as channels: the first whose pattern names a channel counts. Default none. */
  readonly bindings?: readonly RedisBinding[];
  /** What the log's keys begin with, in braces: all nodes of a log have the same, other logs another. Default `hawser`. */
  readonly prefix?: string;
  /**
   * What channels may ask for. Opening is refused where the server is not set to keep it: `commit` needs `appendonly yes`,
   * `flush` `appendfsync always` too. Default `memory` and `commit`.
   */
  readonly durabilities?: readonly Durability[];
  /** Replicas that must have an append before it is acknowledged (`WAIT`). Default 0. */
  readonly replicas?: number;
  /** How long `WAIT` waits for them; then the append has failed, its outcome unknown. Default 1,000. */
  readonly replicasTimeoutMs?: number;
  /** How long appends wait for a server that is away, before they fail. 0: not at all. Default 5,000. */
  readonly appendWaitMs?: number;
  /** How long opening tries; then `log-unavailable`. Default 10,000. */
  readonly openTimeoutMs?: number;
  /** For one attempt to connect. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Silence on a connection, although something was asked, after which it is given up. Default 10,000. */
  readonly silenceMs?: number;
  /** The pause between attempts is drawn at random below a bound that doubles from this. Default 50. */
  readonly minBackoffMs?: number;
  /** Where that bound ends. Default 2,000. */
  readonly maxBackoffMs?: number;
  /** Bytes of the feed, from which nodes learn what was appended: one that lags farther reads the channels. Default 64 MiB. */
  readonly feedBytes?: number;
  /** Appends of one call of the script. Default 512. */
  readonly maxGroupAppends?: number;
  /** Payload bytes after which a call of the script takes no more. Default 1 MiB. */
  readonly maxGroupBytes?: number;
  /** Calls of the script under way at a time. Default 4. */
  readonly maxGroupsUnderWay?: number;
  /** Bytes of appends without an outcome. Past it they fail with `log-unavailable`. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
  /** Channels that one node follows. Past it `follow` rejects with `overloaded`. Default 1,000,000. */
  readonly maxFollowed?: number;
  /** Channels of `bindings` that one node follows. Past it `follow` rejects with `overloaded`. Default 1,000. */
  readonly maxBoundFollowed?: number;
  /** How often channels are looked for whose oldest entries are too old, and whether the server is the same. Default 1,000. */
  readonly sweepIntervalMs?: number;
  /**
   * How often the server is asked whether it still keeps `durabilities`, beside each connect: publishes fail with `log-unavailable` while it
   * does not. Default 10,000.
   */
  readonly settingsIntervalMs?: number;
}

/** Every option but where the server is. */
export type Settings = Required<Omit<RedisLogOptions, "url" | "client" | "sentinel" | "durabilities" | "bindings">> & {
  readonly durabilities: readonly Durability[];
};

const MiB = 1024 * 1024;

const defaults = {
  replicas: 0,
  replicasTimeoutMs: 1_000,
  appendWaitMs: 5_000,
  openTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  silenceMs: 10_000,
  minBackoffMs: 50,
  maxBackoffMs: 2_000,
  feedBytes: 64 * MiB,
  maxGroupAppends: 512,
  maxGroupBytes: MiB,
  maxGroupsUnderWay: 4,
  maxWaitingBytes: 64 * MiB,
  maxFollowed: 1_000_000,
  maxBoundFollowed: 1_000,
  sweepIntervalMs: 1_000,
  settingsIntervalMs: 10_000,
};

/** Lua unpacks a list of what was appended. */
const mostGroupAppends = 4_096;

/** Fills in the defaults. Throws `option-invalid` for what an option cannot be. */
export function settingsOf(options: RedisLogOptions): Settings {
  const { prefix = "hawser", durabilities = ["memory", "commit"] } = options;
  if (!/^[^\s{}]{1,64}$/.test(prefix)) {
    throw new HawserError("option-invalid", `prefix must be 1 to 64 characters without spaces and braces: ${prefix}`);
  }
  const numbers = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const least = name === "replicas" || name === "appendWaitMs" ? 0 : 1;
    const most = name === "maxGroupAppends" ? mostGroupAppends : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new HawserError("option-invalid", `${name} must be an integer of ${least} to ${most}, not ${value}`);
    numbers[name] = value;
  }
  return { ...numbers, prefix, durabilities };
}
