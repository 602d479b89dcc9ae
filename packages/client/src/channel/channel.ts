import { HawserError, isChannelName, payloadOf } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { Outbox } from "../outbox/outbox.ts";
import { refusalOf } from "../outbox/outbox-errors.ts";
import { outboxItem } from "../outbox/outbox-item.ts";
import type { PublishOptions } from "../outbox/outbox-item.ts";
import { Publication } from "../outbox/publication.ts";
import type { AskTable } from "../session/ask-table.ts";
import type { Backoff } from "../session/backoff.ts";
import type { PartSet } from "../session/part-set.ts";
import type { Links } from "../session/links.ts";
import { planOf } from "./placement.ts";
import type { Placement, PlacementPlan } from "./placement.ts";
import { startOf } from "./start.ts";
import type { Start, SubscribeFrom } from "./start.ts";
import { ChannelReceiver } from "./channel-receiver.ts";
import type { ChannelReceiverOptions } from "./channel-receiver.ts";
import { Subscription } from "./subscription.ts";
import type { Check, ReceivedMessage } from "./subscription.ts";
import type { SubscriptionTable } from "./subscription-table.ts";

/** Where a subscription starts, and what ends it. */
export interface SubscribeOptions {
  /** Default "now". */
  readonly from?: SubscribeFrom;
  /** Aborting it closes the subscription. */
  readonly signal?: AbortSignal;
  /** Over which of the session's connections it comes. Default what the client's `placement` says. */
  readonly placement?: Placement;
}

/** What a channel works with; made by the client. */
export interface ChannelContext {
  readonly name: string;
  /** Holds what is published and received against the contract. */
  readonly check: Check | undefined;
  readonly subscriptions: SubscriptionTable;
  readonly outbox: Outbox;
  readonly asks: AskTable;
  readonly links: Links;
  /** Of the session: for what is there only where it is used. */
  readonly parts: PartSet;
  readonly placement: Placement;
  readonly receiving: Pick<ChannelReceiverOptions, "windowBytes" | "timers" | "counts">;
  readonly newBackoff: () => Backoff;
}

/** A named, ordered log of messages: subscribe to it, publish to it, `readHistory` of it. */
export class Channel<Data = unknown, Input = Data> implements AsyncIterable<ReceivedMessage<Data>> {
  readonly name: string;
  readonly #context: ChannelContext;

  /** For what this package offers beside: history, presence. */
  static contextOf(channel: Channel<unknown, never>): ChannelContext {
    return channel.#context;
  }

  /** Made by `Client.channel`. @throws HawserError `channel-invalid` */
  constructor(context: ChannelContext) {
    const { name } = context;
    if (!isChannelName(name)) {
      throw new HawserError(
        "channel-invalid",
        `"${name}" is not a channel name: segments between dots, without spaces, *, { or }`,
      );
    }
    this.name = name;
    this.#context = context;
  }

  /**
   * Subscribes. A client has one subscription to a channel at a time.
   *
   * @throws HawserError `option-invalid` for a `from` or `placement` that is none, or when there is a subscription already.
   */
  subscribe(options: SubscribeOptions = {}): Subscription<Data> {
    const { subscriptions, check, placement } = this.#context;
    const start = startOf(options.from);
    const plan = planOf(options.placement ?? placement);
    subscriptions.assertFree(this.name);
    let receiver: ChannelReceiver | undefined;
    let push: ChannelReceiverOptions["push"] | undefined;
    const subscription = new Subscription<Data>({
      channel: this.name,
      check,
      signal: options.signal,
      receiver: (unread, pushItem) => {
        push = pushItem;
        receiver = this.#receiver(start, plan, unread, pushItem);
        return receiver;
      },
      onEnded: () => subscriptions.delete(this.name, receiver!),
    });
    if (!options.signal?.aborted) {
      subscriptions.add(this.name, { receiver: receiver!, push: push!, close: () => void subscription.close() });
    }
    return subscription;
  }

  /** Subscribes from now on, and reads. Leaving the loop closes the subscription. */
  [Symbol.asyncIterator](): AsyncIterator<ReceivedMessage<Data>, undefined> {
    return this.subscribe()[Symbol.asyncIterator]();
  }

  /**
   * Appends a message. It is sent when there is a connection, behind those that this client published before it, and
   * again until its outcome is known; once in the log it is there once.
   *
   * @param data - A `Uint8Array` travels as bytes, everything else as JSON.
   * @returns a publication that is `rejected` (`payload-invalid`, `outbox-full`, ...) rather than an exception.
   */
  publish(data: Input, options: PublishOptions = {}): Publication {
    const publication = new Publication();
    try {
      const payload = ownPayloadOf(data);
      const checked = this.#context.check?.(data);
      const valid = checked instanceof Promise ? checked : undefined;
      // It may be refused when the publish has ended otherwise, and nobody asks any more.
      valid?.catch(() => {});
      this.#enqueue(publication, payload, options, valid);
    } catch (cause) {
      publication.fail("rejected", refusalOf(cause));
    }
    return publication;
  }

  #enqueue(
    publication: Publication,
    payload: Payload,
    options: PublishOptions,
    valid: Promise<unknown> | undefined,
  ): void {
    const { outbox } = this.#context;
    const { signal } = options;
    const item = outboxItem(this.name, payload, publication, options);
    const cancelled = (): HawserError =>
      new HawserError("cancelled", "Cancelled before it was sent", {
        cause: signal?.reason as unknown,
      });
    if (signal?.aborted) return publication.fail("cancelled", cancelled());
    if (signal !== undefined) {
      const onAbort = (): void => outbox.withdraw(item, "cancelled", cancelled());
      signal.addEventListener("abort", onAbort, { once: true });
      publication.addEventListener("state", ({ state }) => {
        if (state !== "queued") signal.removeEventListener("abort", onAbort);
      });
    }
    outbox.add(item, valid);
  }

  #receiver(
    start: Start,
    plan: PlacementPlan,
    unread: () => number,
    push: ChannelReceiverOptions["push"],
  ): ChannelReceiver {
    const { subscriptions, links, receiving, newBackoff } = this.#context;
    return new ChannelReceiver({
      ...receiving,
      backoff: newBackoff(),
      channel: this.name,
      start,
      plan,
      links,
      unread,
      push,
      numbers: subscriptions,
    });
  }
}

/** As it is now: it may be sent later, and again, when the application has long used its buffer for something else. */
function ownPayloadOf(data: unknown): Payload {
  const payload = payloadOf(data);
  return payload.kind === "bytes" ? { kind: "bytes", data: new Uint8Array(payload.data) } : payload;
}
