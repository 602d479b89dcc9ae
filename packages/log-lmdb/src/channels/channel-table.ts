import type { LogOpenOptions } from "@hawser/log";
import { decodeChannel } from "../records/channel-record.ts";
import { channelKey } from "../records/keys.ts";
import type { StorePort } from "../store/store.ts";
import { Channel } from "./channel.ts";

/** The durable channels that are in memory, the one asked for longest ago first. Others are loaded when asked for. */
export class ChannelTable {
  readonly #store: StorePort;
  readonly #options: LogOpenOptions;
  readonly #maxCached: number;
  readonly #channels = new Map<string, Channel>();

  constructor(store: StorePort, options: LogOpenOptions, maxCached: number) {
    this.#store = store;
    this.#options = options;
    this.#maxCached = maxCached;
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
    // Bounded, for the case that all are followed; those that are seen go to the end.
    let visits = 2 * surplus + 64;
    for (const [name, channel] of this.#channels) {
      if (surplus <= 0 || visits <= 0) return;
      visits -= 1;
      this.#channels.delete(name);
      if (channel.feed.active) this.#channels.set(name, channel);
      else surplus -= 1;
    }
  }

  values(): IterableIterator<Channel> {
    return this.#channels.values();
  }
}
