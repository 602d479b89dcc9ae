import { HawserError, messageCost } from "@hawser/protocol";
import type {
  BatchFrame,
  ErrorCode,
  ErrorFrame,
  Position,
  ResetFrame,
  SubscribedFrame,
  SubscribeFrame,
  Timer,
  Timers,
} from "@hawser/protocol";
import type { Backoff } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { Links } from "../session/links.ts";
import { textsOf } from "./batch-text.ts";
import { Feed } from "./feed.ts";
import type { FeedOptions, FeedReceiver } from "./feed.ts";
import { IntervalReceiver } from "./interval-receiver.ts";
import type { Break } from "./interval-receiver.ts";
import type { PlacementPlan } from "./placement.ts";
import type { Start } from "./start.ts";
import type { StreamItem } from "./stream-item.ts";

/** What the receiver of one subscription works with. */
export interface ChannelReceiverOptions extends FeedOptions {
  readonly start: Start;
  readonly plan: PlacementPlan;
  readonly links: Links;
  readonly timers: Timers;
  readonly backoff: Backoff;
  /** Where everything goes, in the order of the stream. */
  readonly push: (item: StreamItem) => void;
}

/**
 * The wire side of a subscription: has as many feeds as its placement wants, each on a connection of its own, and makes
 * one stream of them by the interval rule. A feed that is to go elsewhere stays until the other one is live.
 */
export class ChannelReceiver implements FeedReceiver {
  readonly options: ChannelReceiverOptions;
  readonly #receiver: IntervalReceiver;
  #feeds: readonly Feed[] = [];
  /** What the server gave when the subscription began, to be given back (SUB-11). */
  grant: Uint8Array;
  #granted = false;
  #ended = false;

  constructor(options: ChannelReceiverOptions) {
    this.options = options;
    this.grant = options.start.grant;
    this.#receiver = new IntervalReceiver(options.start.position);
  }

  /** Where the receiver stands; `undefined` before the first grant of a subscription without a position. */
  get position(): Position | undefined {
    return this.#receiver.position;
  }

  /** Whether it is on this connection alone, so that it could be on another. */
  isMovable(link: Link): boolean {
    const [feed, second] = this.#feeds;
    return feed?.link === link && second === undefined && feed.isLive;
  }

  /** Connections came, or are no longer what they were: puts feeds where they belong. */
  arrange(): void {
    const { links, plan } = this.options;
    // Where the stream begins is for one grant to say; the copies follow from there.
    const copies = this.#receiver.position === undefined ? 1 : plan.copies;
    this.#place(
      links.pick(
        copies,
        plan.lane,
        this.#feeds.map((feed) => feed.link),
      ),
    );
  }

  /** Goes to another connection, and leaves the present one when it is there. */
  moveTo(link: Link): void {
    this.#place([link]);
  }

  /** The connection is gone. */
  onUnlink(link: Link): void {
    for (const feed of this.#feeds) if (feed.link === link) this.#drop(feed);
    this.arrange();
  }

  /** The application read. */
  renew(): void {
    for (const feed of this.#feeds) feed.renew();
  }

  /** Nothing is received any more. */
  end(): void {
    this.#ended = true;
    for (const feed of this.#feeds) this.#drop(feed);
  }

  subscribeFrame(id: number, generation: number, credit: number): SubscribeFrame {
    const { channel, start } = this.options;
    const position = this.#receiver.position;
    const last = position === undefined ? start.last : 0;
    return { type: "subscribe", id, channel, generation, position, last, credit, grant: this.grant };
  }

  later(atLeastMs: number, callback: () => void): Timer {
    return this.options.timers.after(this.options.backoff.next(atLeastMs), callback);
  }

  onSubscribed(feed: Feed, frame: SubscribedFrame): void {
    const { start, push, counts, backoff, plan } = this.options;
    backoff.reset();
    if (this.#isElsewhere(frame)) return feed.askLater(0);
    if (frame.grant.length > 0) this.grant = frame.grant;
    const first = !this.#granted;
    const before = this.#receiver.position;
    const begun = this.#receiver.begin(frame, { alone: this.#isAlone(feed), epoch: feed.epoch });
    const breaks = first && start.quiet && begun !== undefined ? [] : begun;
    const position = this.#receiver.position;
    // A second copy beside a first that goes on is nothing new.
    const added = plan.copies > 1 && !first && !this.#isAlone(feed);
    if (breaks !== undefined && position !== undefined && !added) {
      this.#granted = true;
      if (!first) counts.resumes += 1;
      // What is lost is still to be told: whoever stops here, and comes back later from here, has to learn of it then.
      push({ kind: "subscribed", position: (breaks.length > 0 ? before : undefined) ?? position, resumed: !first });
    }
    this.#tell(feed, breaks);
    this.arrange();
  }

  onReset(feed: Feed, frame: ResetFrame): void {
    this.#tell(feed, this.#receiver.begin(frame, { alone: this.#isAlone(feed), epoch: feed.epoch }));
  }

  onBatch(feed: Feed, frame: BatchFrame): void {
    const { push, counts } = this.options;
    const outcome = this.#receiver.batch(frame);
    const isEmpty = frame.messages.length === 0;
    if (outcome.kind === "gap") feed.seek(outcome.offset, isEmpty);
    else {
      feed.joined(isEmpty);
      counts.duplicatesDropped += outcome.duplicates;
    }
    if (outcome.kind === "delivered") {
      const { messages, position } = outcome;
      const textOf = textsOf(messages);
      for (const message of messages) {
        const cost = messageCost(message.payload);
        push({ kind: "message", message, text: textOf(message), epoch: frame.epoch, cost });
      }
      if (messages.at(-1)?.offset !== frame.to) push({ kind: "advance", position });
    }
    // Behind the last push: whoever reads in the middle of a batch must not be taken to have read what is still to come.
    feed.arrive(outcome.cost);
    feed.renew();
  }

  onRefused(feed: Feed, { code, message }: Pick<ErrorFrame, "code" | "message">): void {
    // What one connection has no room for may still go on over another. A right is the user's, wherever he asks.
    if (code !== "forbidden" && !this.#isAlone(feed)) return feed.askLater(0);
    this.end();
    this.options.push({ kind: "ended", error: new HawserError(code as ErrorCode, message) });
  }

  /**
   * Whether a grant begins above where the stream does by now: it was asked for when no grant had said where that is. A
   * user without the right to history would be kept from what lies between (SUB-11).
   */
  #isElsewhere({ epoch, offset, lost, reset }: SubscribedFrame): boolean {
    const position = this.#receiver.position;
    const begins = this.#granted && lost === undefined && reset === "";
    return begins && position?.epoch === epoch && offset > position.offset;
  }

  /** Whether no other feed may still bring what this one does not have. */
  #isAlone(feed: Feed): boolean {
    return this.#feeds.every((other) => other === feed || !other.isLive);
  }

  /** Opens a feed on each of the links, and ends the others when those are live. */
  #place(links: readonly Link[]): void {
    if (this.#ended) return;
    for (const link of links) {
      if (this.#feeds.some((feed) => feed.link === link)) continue;
      const feed = new Feed(link, this);
      this.#feeds = [...this.#feeds, feed];
      feed.ask();
    }
    const [wanted, others] = [true, false].map((is) => this.#feeds.filter(({ link }) => links.includes(link) === is));
    if (wanted!.length > 0 && wanted!.every((feed) => feed.isLive)) for (const feed of others!) this.#drop(feed);
  }

  #drop(feed: Feed): void {
    this.#feeds = this.#feeds.filter((other) => other !== feed);
    feed.end();
  }

  #tell(feed: Feed, breaks: readonly Break[] | undefined): void {
    const { push, counts } = this.options;
    if (breaks === undefined) return feed.askLater(0);
    for (const told of breaks) {
      counts[told.kind === "lost" ? "lost" : "resets"] += 1;
      push(told);
    }
    // A break says itself where the stream goes on.
    const position = this.#receiver.position;
    if (breaks.length === 0 && position !== undefined) push({ kind: "advance", position });
  }
}
