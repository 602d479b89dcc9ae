import type { Log } from "@hawser/log";
import { HawserError, isChannelName } from "@hawser/protocol";
import type { CreditFrame, Position, SeekFrame, SubscribeFrame, UnsubscribeFrame } from "@hawser/protocol";
import { signGrant, verifyGrant } from "../auth/grant.ts";
import type { Signer } from "../auth/grant.ts";
import type { ClientContext } from "../connection/client-context.ts";
import { forbidden, inboxOf } from "../connection/rights.ts";
import { beginOf } from "./begin.ts";
import type { Begin } from "./begin.ts";
import type { ChannelFeed } from "./channel-feed.ts";
import type { Channels } from "./channels.ts";
import { Subscription } from "./subscription.ts";

export interface SubscriptionTableOptions {
  readonly client: ClientContext;
  readonly channels: Channels;
  readonly log: Log;
  readonly signer: Signer;
  readonly maxSubscriptions: number;
  /** Messages that `last` goes back over; more is cut to it. */
  readonly maxLast: number;
  /** A subscription that was sent nothing for so long is due an empty batch (SUB-7). */
  readonly idleBatchMs: number;
  readonly now: () => number;
  readonly onSubscribed: () => void;
  readonly onUnsubscribed: () => void;
}

/** Names whose last generation is remembered, as a multiple of the subscriptions that are allowed. */
const rememberedNames = 4;

/** What a user without the right to history may read, proved by a grant of an earlier connection (SUB-11). */
interface Granted {
  readonly position: Position;
  readonly bytes: Uint8Array;
}

/** The subscriptions of one connection: grants, their ends, and the client's say in them. */
export class SubscriptionTable {
  readonly #options: SubscriptionTableOptions;
  readonly #client: ClientContext;
  readonly #byNumber = new Map<number, Subscription>();
  readonly #byName = new Map<string, Subscription>();
  /** The last generation of each channel; insertion order is age. */
  readonly #generations = new Map<string, number>();
  /** The latest request for each channel whose subscription is not open yet. */
  readonly #latest = new Map<string, SubscribeFrame>();

  constructor(options: SubscriptionTableOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  /** The empty batches that are due, as long as the connection `mayWrite`. */
  idleBatches(now: number, mayWrite: () => boolean): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (const subscription of this.#byNumber.values()) {
      if (now - subscription.lastBatchAt < this.#options.idleBatchMs || !mayWrite()) continue;
      const piece = subscription.idleBatch(now);
      if (piece !== undefined) pieces.push(piece);
    }
    return pieces;
  }

  subscribe(frame: SubscribeFrame): void {
    const name = this.#nameOf(frame);
    if (name === undefined) return;
    const { maxSubscriptions } = this.#options;
    if (frame.generation <= (this.#generations.get(name) ?? 0)) {
      this.#refuse(
        frame,
        "generation-stale",
        `Generation ${frame.generation} of ${frame.channel} is not above the last one.`,
      );
      return;
    }
    const current = this.#byName.get(name);
    // What takes the place of another, open or not yet, is none more.
    const more = current === undefined && !this.#latest.has(name);
    if (more && this.#byNumber.size + this.#latest.size >= maxSubscriptions) {
      this.#refuse(
        frame,
        "too-many-subscriptions",
        `This connection has its ${maxSubscriptions} subscriptions. End one first.`,
      );
      return;
    }
    if (current !== undefined) this.#remove(current);
    this.#remember(name, frame.generation);
    this.#latest.set(name, frame);
    void this.#open(frame, name)
      .catch((error: unknown) => this.#fail(frame, error))
      .finally(() => {
        if (this.#latest.get(name) === frame) this.#latest.delete(name);
      });
  }

  unsubscribe(frame: UnsubscribeFrame): void {
    const subscription = this.#current(frame);
    if (subscription !== undefined) this.#end(subscription, "", "");
  }

  seek(frame: SeekFrame): void {
    this.#current(frame)?.seek(frame.offset);
  }

  credit(frame: CreditFrame): void {
    this.#current(frame)?.allow(frame.credit);
  }

  /** Ends what the user may no longer read (SUB-12): at once where that is known at once. */
  async recheck(): Promise<void> {
    const { rights } = this.#client;
    const { renewals } = rights;
    const waiting: Promise<void>[] = [];
    for (const subscription of this.#byNumber.values()) {
      const { name } = subscription.feed;
      const [subscribe, history] = [rights.mayStill("subscribe", name), rights.mayStill("history", name)];
      if (typeof subscribe === "boolean" && typeof history === "boolean") this.#keep(subscription, subscribe, history);
      else
        waiting.push(
          Promise.all([subscribe, history]).then(([maySubscribe, mayReadHistory]) => {
            // Answers about rights that were renewed since are void: whoever renewed them checks again.
            if (rights.renewals === renewals) this.#keep(subscription, maySubscribe, mayReadHistory);
          }),
        );
    }
    await Promise.all(waiting);
  }

  closeAll(): void {
    for (const subscription of this.#byNumber.values()) this.#remove(subscription);
  }

  async #open(frame: SubscribeFrame, name: string): Promise<void> {
    const { rights } = this.#client;
    const { renewals } = rights;
    const [maySubscribe, mayReadHistory] = await Promise.all([
      rights.may("subscribe", name),
      rights.may("history", name),
    ]);
    if (!maySubscribe) throw forbidden("subscribe", name);
    const resumes = frame.position !== undefined || frame.last > 0;
    const granted = mayReadHistory ? undefined : this.#verifyGrant(frame, name);
    if (resumes && !mayReadHistory && granted === undefined) throw forbidden("history", name);
    const feed = await this.#options.channels.open(name);
    const { log, maxLast } = this.#options;
    const isWanted = (): boolean => !this.#client.closed && this.#latest.get(name) === frame;
    const begin = await beginOf({ frame, feed, maxLast, log, mayReadHistory, granted: granted?.position, isWanted });
    if (this.#client.closed) return;
    // A right that was revoked meanwhile found no subscription to end (SUB-12), and a feed may have been let go as idle.
    if (rights.renewals !== renewals || !feed.isOpen) return this.#open(frame, name);
    if (this.#latest.get(name) !== frame) {
      throw new HawserError("generation-stale", `A later subscription to ${frame.channel} took the place of this one.`);
    }
    this.#start(frame, feed, begin, mayReadHistory, granted);
  }

  #start(
    frame: SubscribeFrame,
    feed: ChannelFeed,
    begin: Begin,
    mayReadHistory: boolean,
    granted: Granted | undefined,
  ): void {
    const { client, signer, now } = this.#options;
    // Whoever may read history is bound by the log's floor alone.
    const grantStart = mayReadHistory ? undefined : Math.min(granted?.position.offset ?? begin.offset, begin.offset);
    const subscription = new Subscription({
      feed,
      reader: client.reader,
      generation: frame.generation,
      cursor: begin.offset,
      grantStart,
      credit: frame.credit,
    });
    subscription.lastBatchAt = now();
    this.#byNumber.set(feed.number, subscription);
    this.#byName.set(feed.name, subscription);
    this.#options.onSubscribed();
    const { user } = client.rights.identity;
    const position = { epoch: feed.epoch, offset: begin.offset };
    const grant = mayReadHistory ? new Uint8Array() : (granted?.bytes ?? signGrant(signer, user, feed.name, position));
    client.answer(frame.id, {
      type: "subscribed",
      id: frame.id,
      number: feed.number,
      generation: frame.generation,
      epoch: feed.epoch,
      offset: begin.offset,
      end: feed.known().end,
      lost: begin.lost,
      reset: begin.reset,
      grant,
    });
    subscription.wake();
  }

  #verifyGrant(frame: SubscribeFrame, name: string): Granted | undefined {
    if (frame.position === undefined || frame.grant.byteLength === 0) return undefined;
    const { user } = this.#client.rights.identity;
    const position = verifyGrant(this.#options.signer, frame.grant, user, name);
    if (position === undefined) return undefined;
    const { epoch, offset } = frame.position;
    const covered = (epoch === 0 || epoch >= position.epoch) && offset >= position.offset;
    return covered ? { position, bytes: frame.grant } : undefined;
  }

  #nameOf(frame: SubscribeFrame): string | undefined {
    if (frame.channel === "$inbox") return inboxOf(this.#client.rights.identity.user);
    if (!isChannelName(frame.channel)) {
      this.#refuse(frame, "channel-invalid", `${JSON.stringify(frame.channel)} is not a channel name.`);
      return undefined;
    }
    if (frame.channel.startsWith("$")) {
      this.#client.refuse(frame.id, forbidden("subscribe", frame.channel));
      return undefined;
    }
    return frame.channel;
  }

  #current(frame: { number: number; generation: number }): Subscription | undefined {
    const subscription = this.#byNumber.get(frame.number);
    return subscription?.generation === frame.generation ? subscription : undefined;
  }

  #remember(name: string, generation: number): void {
    this.#generations.delete(name);
    this.#generations.set(name, generation);
    if (this.#generations.size <= this.#options.maxSubscriptions * rememberedNames) return;
    for (const oldest of this.#generations.keys()) {
      if (this.#latest.has(oldest) || this.#byName.has(oldest)) continue;
      this.#generations.delete(oldest);
      return;
    }
  }

  #keep(subscription: Subscription, maySubscribe: boolean, mayReadHistory: boolean): void {
    if (this.#byNumber.get(subscription.feed.number) !== subscription) return;
    if (!maySubscribe) this.#forbid(subscription, "subscribe");
    else if (!mayReadHistory && !subscription.forgoHistory()) this.#forbid(subscription, "history");
  }

  #forbid(subscription: Subscription, verb: "subscribe" | "history"): void {
    this.#end(subscription, "forbidden", forbidden(verb, subscription.feed.name).message);
  }

  #end(subscription: Subscription, code: string, message: string): void {
    this.#remove(subscription);
    const { cursor, generation, feed } = subscription;
    this.#client.tell({ type: "unsubscribed", number: feed.number, generation, offset: cursor, code, message });
  }

  #remove(subscription: Subscription): void {
    subscription.close();
    this.#byNumber.delete(subscription.feed.number);
    this.#byName.delete(subscription.feed.name);
    this.#options.onUnsubscribed();
  }

  #refuse(
    frame: SubscribeFrame,
    code: "generation-stale" | "too-many-subscriptions" | "channel-invalid",
    message: string,
  ): void {
    this.#client.refuse(frame.id, new HawserError(code, message));
  }

  #fail(frame: SubscribeFrame, error: unknown): void {
    if (error instanceof HawserError) {
      this.#client.refuse(frame.id, error);
      return;
    }
    this.#client.report("subscribe", error);
    this.#client.refuse(
      frame.id,
      new HawserError("internal", "The server could not subscribe. Try again.", { retry: true }),
    );
  }
}
