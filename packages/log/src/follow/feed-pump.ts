import type { ChannelFeed } from "./channel-feed.ts";

/**
 * Delivers what feeds have noted, in a microtask: after the call that caused it, before the event loop goes on, and in an
 * order that depends on nothing but the calls, so that a simulation repeats. All that one turn noted for a channel
 * reaches a follower at once.
 */
export class FeedPump {
  #marked = new Set<ChannelFeed>();
  #scheduled = false;

  /** Something was noted in this feed. */
  mark(feed: ChannelFeed): void {
    if (!feed.active) return;
    this.#marked.add(feed);
    if (this.#scheduled) return;
    this.#scheduled = true;
    void Promise.resolve().then(() => this.#run());
  }

  /** Delivers nothing any more of what was marked so far. */
  clear(): void {
    this.#marked.clear();
  }

  #run(): void {
    const marked = this.#marked;
    this.#marked = new Set();
    // Before the handlers run: what they append is for the next microtask.
    this.#scheduled = false;
    for (const feed of marked) feed.deliver();
  }
}
