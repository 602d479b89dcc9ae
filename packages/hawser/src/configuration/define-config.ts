import type { Log } from "@hawser/log";
import type { Contract } from "@hawser/protocol";
import type { LogLevel, ServerOptions } from "@hawser/server";

/**
 * What `hawser.config.ts` may export. Everything may be left out; flags and environment variables come before it.
 * What the server itself takes is described at `createServer` of `@hawser/server`.
 */
export interface HawserConfig<C extends Contract = Contract> extends Partial<
  Pick<
    ServerOptions<C>,
    | "api"
    | "authenticate"
    | "authorize"
    | "channels"
    | "calls"
    | "cluster"
    | "compression"
    | "contract"
    | "limits"
    | "name"
    | "origins"
    | "peers"
    | "tcp"
    | "trustProxy"
  >
> {
  /** Default 8080; 0 takes any free one. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: this machine only. `0.0.0.0` or `::` lets others in. */
  readonly host?: string;
  /** Path of the WebSocket endpoint. Default `/hawser`. */
  readonly path?: string;
  /** Folder of the embedded log and of the server's own secret. Default `data`, seen from the configuration file. */
  readonly data?: string;
  /** Keep everything in memory: nothing outlives the process. Default false. */
  readonly memory?: boolean;
  /**
   * Another log, in place of the embedded one; or the address of a `hawser log` that several nodes share:
   * `unix:/run/hawser/log.sock`, `tcp:127.0.0.1:7070` (that command reads it too, as the place to listen); or the URL of a
   * broker.
   */
  readonly log?: Log | string;
  /** For how many milliseconds clients are sent elsewhere at SIGTERM and SIGINT; 0: not at all. Default 10,000. */
  readonly drainMs?: number;
  /**
   * Processes that serve clients, on one port and one log: 1 to 128, or `auto` for one per core. Each loads this file, whose
   * functions and state are then there once per worker. Default 1.
   */
  readonly workers?: number | "auto";
  /** Secret (HS256) of the clients' tokens, at least 32 bytes; without it and `authenticate`, clients are anonymous. */
  readonly secret?: string;
  /** Serve the chat page at `/`. Default true. */
  readonly page?: boolean;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
}

/**
 * Gives a configuration its types; it returns what it gets.
 *
 * ```ts
 * // hawser.config.ts
 * import { defineConfig } from "hawser";
 *
 * export default defineConfig({
 *   port: 8080,
 *   channels: [{ pattern: "prices.*", clientsPublish: false }],
 *   calls: { time: () => Date.now() },
 * });
 * ```
 */
export function defineConfig<C extends Contract = Contract>(config: HawserConfig<C>): HawserConfig<C> {
  return config;
}

/** Every member of `HawserConfig`: others in a file are mistakes. */
export const configKeys = [
  "api",
  "authenticate",
  "authorize",
  "calls",
  "channels",
  "cluster",
  "compression",
  "contract",
  "data",
  "drainMs",
  "host",
  "limits",
  "log",
  "logLevel",
  "memory",
  "name",
  "origins",
  "page",
  "path",
  "peers",
  "port",
  "secret",
  "tcp",
  "trustProxy",
  "workers",
] as const satisfies readonly (keyof HawserConfig)[];
