import type {
  Append,
  AppendOutcome,
  Follower,
  FollowHandlers,
  Head,
  Log,
  LogOpenOptions,
  Page,
  ReadOptions,
} from "@hawser/log";
import { remoteLog, serveLog } from "@hawser/log-server";
import type { LogServer, RemoteLogOptions, ServeLogOptions } from "@hawser/log-server";

/**
 * A log behind a log server and remote logs, as one: what is appended goes over the first, everything else over the last.
 */
export class ServedLog implements Log {
  readonly inner: Log;
  readonly remotes: readonly Log[];
  readonly #serve: Omit<ServeLogOptions, "log">;
  #server: LogServer | undefined;

  constructor(inner: Log, serve: Omit<ServeLogOptions, "log">, remote: RemoteLogOptions, count: number) {
    this.inner = inner;
    this.#serve = serve;
    const options = { capabilities: inner.capabilities, ...remote };
    this.remotes = Array.from({ length: count }, () => remoteLog(options));
  }

  get capabilities() {
    return this.remotes[0]!.capabilities;
  }

  async open(options: LogOpenOptions): Promise<void> {
    await this.inner.open(options);
    this.#server = await serveLog({ timers: options.timers, ...this.#serve, log: this.inner });
    for (const remote of this.remotes) await remote.open(options);
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    return this.remotes[0]!.append(appends);
  }

  head(channel: string): Promise<Head> {
    return this.#last.head(channel);
  }

  read(channel: string, after: number, options: ReadOptions): Promise<Page> {
    return this.#last.read(channel, after, options);
  }

  readBackward(channel: string, through: number, options: ReadOptions): Promise<Page> {
    return this.#last.readBackward(channel, through, options);
  }

  follow(channel: string, handlers: FollowHandlers): Promise<Follower> {
    return this.#last.follow(channel, handlers);
  }

  async close(): Promise<void> {
    await Promise.all(this.remotes.map((remote) => remote.close()));
    await this.#server?.close();
    await this.inner.close();
  }

  get #last(): Log {
    return this.remotes.at(-1)!;
  }
}
