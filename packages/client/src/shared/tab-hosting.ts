import { SharedHost } from "./shared-host.ts";
import type { SharedHostOptions } from "./shared-host.ts";
import { lineToTab } from "./tab-line.ts";
import type { BroadcastChannelClass, BroadcastChannelLike, LobbyMessage } from "./tab-line.ts";
import type { LockManagerLike } from "./liveness.ts";

export interface TabHostingOptions extends Omit<SharedHostOptions, "alive" | "locks"> {
  /** What names of channels and locks start with. */
  readonly prefix: string;
  /** This page, as a host. */
  readonly id: string;
  readonly locks: LockManagerLike;
  readonly BroadcastChannel: BroadcastChannelClass;
  /** A host is there, perhaps a new one: who waits may call. */
  readonly onHost: () => void;
}

/**
 * Where there is no shared worker, one tab holds the connections of all: whoever holds a lock. The browser gives the lock
 * to the next tab when that one is closed or dies, and all streams begin anew there.
 */
export class TabHosting {
  readonly #options: TabHostingOptions;
  readonly #lobby: BroadcastChannelLike;
  #host: SharedHost | undefined;
  /** Streams that have a line to this host. */
  readonly #answered = new Set<string>();
  #resign = (): void => {};
  readonly #withdraw = new AbortController();

  constructor(options: TabHostingOptions) {
    this.#options = options;
    this.#lobby = new options.BroadcastChannel(`${options.prefix}:lobby`);
    this.#lobby.onmessage = ({ data }: { readonly data: LobbyMessage }) => {
      if (data.kind === "host") options.onHost();
      else this.#answer(data.stream);
    };
    void this.#stand();
  }

  /** Asks for a host. A host in this very tab does not hear what this tab posts. */
  call(stream: string): void {
    if (this.#host === undefined) this.#lobby.postMessage({ kind: "call", stream } satisfies LobbyMessage);
    else this.#answer(stream);
  }

  /** The host does not answer: this tab takes its place. */
  take(): void {
    if (this.#host !== undefined) return;
    const { locks, prefix } = this.#options;
    void locks.request(`${prefix}:host`, { steal: true }, () => this.#serve()).catch(() => this.#resign());
  }

  /** This tab is no candidate any more; if it is the host, another takes its place. */
  stop(): void {
    this.#withdraw.abort();
    this.#resign();
    this.#lobby.onmessage = null;
    this.#lobby.close();
  }

  /** Waits to be the host, again whenever it was and another has taken its place. */
  async #stand(): Promise<void> {
    const { locks, prefix } = this.#options;
    const { signal } = this.#withdraw;
    for (let served = true; served && !signal.aborted;) {
      served = false;
      const serve = (): Promise<void> => {
        served = true;
        return this.#serve();
      };
      // It rejects when the lock was stolen, when this tab has withdrawn, and where pages get no locks.
      await locks.request(`${prefix}:host`, { signal }, serve).catch(() => this.#resign());
    }
  }

  /** Resolves when this tab is the host no more. */
  #serve(): Promise<void> {
    if (this.#withdraw.signal.aborted || this.#host !== undefined) return Promise.resolve();
    const { prefix, id, onHost } = this.#options;
    const host = new SharedHost({ ...this.#options, alive: `${prefix}:alive:${id}:host` });
    this.#host = host;
    this.#lobby.postMessage({ kind: "host" } satisfies LobbyMessage);
    onHost();
    return new Promise((resolve) => {
      this.#resign = () => {
        this.#host = undefined;
        this.#resign = () => {};
        host.close();
        resolve();
      };
    });
  }

  #answer(stream: string): void {
    const { BroadcastChannel, prefix, id } = this.#options;
    // A call may have crossed the news that there is a host, and been made again.
    if (this.#host === undefined || this.#answered.has(stream)) return;
    this.#answered.add(stream);
    const channel = new BroadcastChannel(`${prefix}:${stream}`);
    this.#host.attach(lineToTab(channel, id, () => this.#answered.delete(stream)));
  }
}
