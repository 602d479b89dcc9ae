import { HawserError } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import { closed } from "../connection/closure.ts";
import type { Link } from "../session/link.ts";
import type { SessionPart } from "../session/session-part.ts";
import type { Links } from "../session/links.ts";
import type { ChannelReceiver } from "./channel-receiver.ts";
import type { Feed, FeedNumbers } from "./feed.ts";
import type { StreamItem } from "./stream-item.ts";

/** A subscription, as the table holds it. */
export interface SubscriptionEntry {
  readonly receiver: ChannelReceiver;
  /** Puts the end behind what still waits to be read. */
  readonly push: (item: StreamItem) => void;
  readonly close: () => void;
}

/** A connection gives streams away to another that has so many fewer, at most so many at a time. */
const unevenBy = 2;
const maxMoves = 64;

/**
 * The subscriptions of a session: one for each channel. Brings frames to them by the numbers that each connection bound;
 * the number of one connection means nothing on another.
 */
export class SubscriptionTable implements SessionPart, FeedNumbers {
  readonly #entries = new Map<string, SubscriptionEntry>();
  readonly #numbers = new Map<Link, Map<number, Feed>>();
  readonly #links: Links;
  #ended: HawserError | undefined;

  constructor(links: Links) {
    this.#links = links;
  }

  /** @throws HawserError `option-invalid` when the channel has a subscription. */
  assertFree(channel: string): void {
    if (!this.#entries.has(channel)) return;
    throw new HawserError("option-invalid", `There is a subscription to "${channel}": share it, or close it first`);
  }

  /** Takes it in, and has it ask for its grant if there is a connection. */
  add(channel: string, entry: SubscriptionEntry): void {
    const error = this.#ended;
    // Behind this turn, in which the application adds its listeners.
    if (error !== undefined) return void Promise.resolve().then(() => entry.push({ kind: "ended", error }));
    this.#entries.set(channel, entry);
    entry.receiver.arrange();
  }

  /** It ended. */
  delete(channel: string, receiver: ChannelReceiver): void {
    if (this.#entries.get(channel)?.receiver === receiver) this.#entries.delete(channel);
  }

  /** A connection gave the channel of a feed this number. */
  bind(feed: Feed, number: number): void {
    this.#numbers.get(feed.link)?.set(number, feed);
  }

  unbind(feed: Feed, number: number): void {
    const feeds = this.#numbers.get(feed.link);
    if (feeds?.get(number) === feed) feeds.delete(number);
  }

  onLink(link: Link): void {
    if (!this.#numbers.has(link)) this.#numbers.set(link, new Map());
    this.#arrange();
  }

  onAvoid(): void {
    this.#arrange();
  }

  onUnlink(link: Link): void {
    this.#numbers.delete(link);
    for (const { receiver } of [...this.#entries.values()]) receiver.onUnlink(link);
  }

  onBalance(): void {
    const good = [...this.#links].filter(({ health }) => health === "good");
    for (const from of good) {
      const fewer = good.filter(({ lane, streams }) => lane === from.lane && from.streams - streams >= unevenBy);
      const to = this.#links.fewest(fewer);
      if (to === undefined) continue;
      const movable = [...this.#entries.values()].filter(({ receiver }) => receiver.isMovable(from));
      const moves = Math.min(maxMoves, Math.floor((from.streams - to.streams) / 2));
      for (const { receiver } of movable.slice(0, moves)) receiver.moveTo(to);
    }
  }

  onFrame(frame: ServerFrame, link: Link): boolean {
    if (frame.type !== "batch" && frame.type !== "reset" && frame.type !== "unsubscribed") return false;
    this.#numbers.get(link)?.get(frame.number)?.onFrame(frame);
    return true;
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = error ?? closed();
    for (const { push, close } of [...this.#entries.values()]) {
      if (error === undefined) close();
      else push({ kind: "ended", error });
    }
  }

  #arrange(): void {
    for (const { receiver } of [...this.#entries.values()]) receiver.arrange();
  }
}
