import { HawserError, systemPorts } from "@hawser/protocol";
import type { Timers } from "@hawser/protocol";
import type { Log } from "@hawser/log";
import { serverLimits } from "../limits.ts";
import type { ServerLimits } from "../limits.ts";
import type { Link, LinkHandlers, Listener } from "../link.ts";
import { socketListener } from "../socket/listener.ts";
import type { SocketAddress } from "../socket/socket-address.ts";
import type { Failure } from "../wire/answers.ts";
import { ClientSession } from "./client-session.ts";
import { SharedBlocks } from "./shared-blocks.ts";

/** What a log server is made with. */
export interface ServeLogOptions {
  /**
   * The log, which somebody else opens and closes: a `createServer` of this process, or the application itself. The policies
   * with which it was opened hold for all that comes by remote logs too. While it is not open, they are told `log-unavailable`. Close the server first.
   */
  readonly log: Log;
  /** Where to listen: the path of a Unix domain socket, which becomes its owner's alone (0600), or a port of this machine. */
  readonly socket?: SocketAddress;
  readonly limits?: Partial<ServerLimits>;
  /** In place of `socket`: another way to take links, such as `pairedListener`. */
  readonly listener?: Listener;
  /** Default: the platform's. */
  readonly timers?: Timers;
}

/** A log server that listens. */
export interface LogServer {
  /** Where it listens, with the port that the system chose if it was asked to (port 0). */
  readonly socket: SocketAddress;
  /** Remote logs that are connected. */
  readonly clients: number;
  /** Channels that they follow, each counted as often as it is followed. */
  readonly followers: number;
  /** Takes nothing more, waits for the appends under way, and closes every link. The log stays open. */
  close(): Promise<void>;
}

/**
 * Serves a log to other processes of this machine; each reaches it by a `remoteLog`. Rejects with `log-locked` when somebody
 * else listens there, and with `option-invalid` for an address or a limit that cannot be one.
 *
 * @example
 * ```ts
 * const log = lmdbLog({ path: "data" });
 * await log.open({ policyOf, ...systemPorts() });
 * const server = await serveLog({ log, socket: "/run/hawser/log.sock" });
 * ```
 */
export async function serveLog(options: ServeLogOptions): Promise<LogServer> {
  const limits = serverLimits(options.limits);
  const timers = options.timers ?? systemPorts().timers;
  const sessions = new SessionTable(options.log, limits, timers);
  const listener = options.listener ?? socketListener(requiredSocket(options));
  const listening = await listener.listen((link) => sessions.accept(link));
  return {
    socket: listening.socket,
    get clients() {
      return sessions.clients;
    },
    get followers() {
      return sessions.followers;
    },
    async close() {
      await listening.close();
      await sessions.close();
    },
  };
}

function requiredSocket({ socket }: ServeLogOptions): SocketAddress {
  if (socket !== undefined) return socket;
  throw new HawserError("option-invalid", "serveLog needs the socket to listen on, or a listener");
}

/** The remote logs that are connected. */
class SessionTable {
  readonly #log: Log;
  readonly #limits: ServerLimits;
  readonly #timers: Timers;
  readonly #blocks = new SharedBlocks();
  readonly #sessions = new Set<ClientSession>();
  #onEmpty: (() => void) | undefined;

  constructor(log: Log, limits: ServerLimits, timers: Timers) {
    this.#log = log;
    this.#limits = limits;
    this.#timers = timers;
  }

  get clients(): number {
    return this.#sessions.size;
  }

  get followers(): number {
    return [...this.#sessions].reduce((sum, session) => sum + session.followers, 0);
  }

  accept(link: Link): LinkHandlers {
    const { maxClients } = this.#limits;
    const session = new ClientSession(link, {
      log: this.#log,
      limits: this.#limits,
      timers: this.#timers,
      blocks: this.#blocks,
      refusal: this.#sessions.size < maxClients ? undefined : tooMany,
      onClose: (closed) => {
        this.#sessions.delete(closed);
        if (this.#sessions.size === 0) this.#onEmpty?.();
      },
    });
    // Those that are only told no are few at a time: no more than serve.
    if (this.#sessions.size < maxClients * 2) this.#sessions.add(session);
    else link.destroy();
    return session;
  }

  close(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = this.#timers.after(this.#limits.closeTimeoutMs, () => {
        for (const session of this.#sessions) session.destroy();
      });
      this.#onEmpty = () => {
        deadline.cancel();
        resolve();
      };
      for (const session of this.#sessions) session.end();
    });
  }
}

const tooMany: Failure = {
  code: "too-many-connections",
  message: "this would be one past maxClients of the log server",
  retry: true,
};
