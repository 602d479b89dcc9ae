import type { LogOpenOptions } from "@hawser/log";
import { decodeChannel } from "../records/channel-record.ts";
import { channelKey } from "../records/keys.ts";
import type { Store } from "../store/store.ts";
import { Channel } from "./channel.ts";

/** The durable channels that are in memory, the one asked for longest ago first. Others are loaded when asked for. */
export class ChannelTable {
  readonly #store: Store;
  readonly #options: LogOpenOptions;
  readonly #maxCached: number;
  readonly #channels = new Map<string, Channel>();

  constructor(store: Store, options: LogOpenOptions, maxCached: number) {
    this.#store = store;
    this.#options = options;
    this.#maxCached = maxCached;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Throws `StoreError`, or `RecordError` when the channel's record is broken. */
  get(name: string): Channel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      const record = this.#store.get(channelKey(name));
      const state = record === undefined ? undefined : decodeChannel(record);
      const { policyOf, onFollowerError } = this.#options;
      channel = new Channel(name, policyOf(name), state, (error) => onFollowerError?.(error, name));
    } else {
      this.#channels.delete(name);
    }
    this.#channels.set(name, channel);
    return channel;
  }

  /**
   * Drops what is past the bound and not followed. Only between transactions: a channel that is loaded again has the state
   * that the store holds, which a transaction under way may be about to change.
   */
  evict(): void {
    let surplus = this.#channels.size - this.#maxCached;
    for (const [name, channel] of this.#channels) {
      if (surplus <= 0) return;
      if (channel.feed.active) continue;
      this.#channels.delete(name);
      surplus -= 1;
    }
  }

  values(): IterableIterator<Channel> {
    return this.#channels.values();
  }
}
