import { HawserError, isChannelName } from "@hawser/protocol";
import type { CreditFrame, Position, SeekFrame, SubscribeFrame, UnsubscribeFrame } from "@hawser/protocol";
import { signGrant, verifyGrant } from "../auth/grant.ts";
import type { ClientContext } from "../connection/client-context.ts";
import { forbidden, inboxOf } from "../connection/rights.ts";
import type { NodeServices } from "../node-services.ts";
import { beginNow, beginOf } from "./begin.ts";
import type { Begin } from "./begin.ts";
import type { ChannelFeed } from "./channel-feed.ts";
import { Few } from "./few.ts";
import { Subscription } from "./subscription.ts";

/** What of a node its subscriptions need. */
export type SubscriptionServices = Pick<NodeServices, "channels" | "log" | "signer" | "limits" | "clock" | "observer">;

/** Names whose last generation is remembered, as a multiple of the subscriptions that are allowed. */
const rememberedNames = 4;

/** What a user without the right to history may read, proved by a grant of an earlier connection (SUB-11). */
interface Granted {
  readonly position: Position;
  readonly bytes: Uint8Array;
}

/** What stands for a channel: its open subscription, or the latest request for one. */
type Place = Subscription | SubscribeFrame;

/** The subscriptions of one connection: grants, their ends, and the client's say in them. */
export class SubscriptionTable {
  readonly #client: ClientContext;
  readonly #services: SubscriptionServices;
  readonly #places = new Few<Place>();
  /** The last generation of channels that have no place any more; insertion order is age. */
  #past: Map<string, number> | undefined;

  constructor(client: ClientContext, services: SubscriptionServices) {
    this.#client = client;
    this.#services = services;
  }

  /** The empty batches that are due (SUB-7), as long as the connection `mayWrite`. */
  idleBatches(now: number, mayWrite: () => boolean): Uint8Array[] {
    const { idleBatchMs } = this.#services.limits;
    const pieces: Uint8Array[] = [];
    for (const subscription of this.#subscriptions()) {
      if (now - subscription.lastBatchAt < idleBatchMs || !mayWrite()) continue;
      const piece = subscription.idleBatch(now);
      if (piece !== undefined) pieces.push(piece);
    }
    return pieces;
  }

  subscribe(frame: SubscribeFrame): void {
    const name = this.#nameOf(frame);
    if (name === undefined) return;
    const { maxSubscriptions } = this.#services.limits;
    const place = this.#places.get(name);
    if (frame.generation <= (place?.generation ?? this.#past?.get(name) ?? 0)) {
      this.#refuse(
        frame,
        "generation-stale",
        `Generation ${frame.generation} of ${frame.channel} is not above the last one.`,
      );
      return;
    }
    // What takes the place of another, open or not yet, is none more.
    if (place === undefined && this.#places.size >= maxSubscriptions) {
      this.#refuse(
        frame,
        "too-many-subscriptions",
        `This connection has its ${maxSubscriptions} subscriptions. End one first.`,
      );
      return;
    }
    if (place instanceof Subscription) this.#close(place);
    this.#past?.delete(name);
    this.#places.set(name, frame);
    if (this.#openNow(frame, name)) return;
    this.#open(frame, name).catch((error: unknown) => {
      if (this.#places.get(name) === frame) this.#leave(name, frame);
      this.#fail(frame, error);
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
    for (const subscription of this.#subscriptions()) {
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
    for (const subscription of this.#subscriptions()) this.#close(subscription);
    this.#places.clear();
  }

  /** Where rights and channel are known, as of most who come back with others, nothing has to be awaited. */
  #openNow(frame: SubscribeFrame, name: string): boolean {
    const { rights } = this.#client;
    const { channels, limits } = this.#services;
    if (rights.may("subscribe", name) !== true || rights.may("history", name) !== true) return false;
    const feed = channels.find(name);
    const begin = feed && beginNow({ frame, feed, maxLast: limits.maxLast });
    if (begin !== undefined) this.#start(frame, feed!, begin, true, undefined);
    return begin !== undefined;
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
    const feed = await this.#services.channels.open(name);
    const { log, limits } = this.#services;
    const { maxLast } = limits;
    const isWanted = (): boolean => !this.#client.closed && this.#places.get(name) === frame;
    const begin = await beginOf({ frame, feed, maxLast, log, mayReadHistory, granted: granted?.position, isWanted });
    if (this.#client.closed) return;
    // A right that was revoked meanwhile found no subscription to end (SUB-12), and a feed may have been let go as idle.
    if (rights.renewals !== renewals || !feed.isOpen) return this.#open(frame, name);
    if (this.#places.get(name) !== frame) {
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
    const client = this.#client;
    const { signer, clock, observer } = this.#services;
    // Whoever may read history is bound by the log's floor alone.
    const grantStart = mayReadHistory ? undefined : Math.min(granted?.position.offset ?? begin.offset, begin.offset);
    const subscription = new Subscription({
      feed,
      reader: client.reader,
      generation: frame.generation,
      cursor: begin.offset,
      grantStart,
      credit: frame.credit,
      rate: client.rates.deliveriesOf(feed.name, feed.policy),
      now: clock.monotonic(),
    });
    this.#places.set(feed.name, subscription);
    observer.subscribed();
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
    const position = verifyGrant(this.#services.signer, frame.grant, user, name);
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

  *#subscriptions(): Iterable<Subscription> {
    for (const place of this.#places.values()) if (place instanceof Subscription) yield place;
  }

  #current({ number, generation }: { number: number; generation: number }): Subscription | undefined {
    const name = this.#services.channels.nameOf(number);
    const place = name === undefined ? undefined : this.#places.get(name);
    return place instanceof Subscription && place.generation === generation ? place : undefined;
  }

  /** The place is free. A later subscription has to have a higher generation nevertheless. */
  #leave(name: string, { generation }: Place): void {
    this.#places.delete(name);
    const past = (this.#past ??= new Map());
    past.set(name, generation);
    if (past.size <= this.#services.limits.maxSubscriptions * rememberedNames) return;
    for (const oldest of past.keys()) {
      past.delete(oldest);
      return;
    }
  }

  #keep(subscription: Subscription, maySubscribe: boolean, mayReadHistory: boolean): void {
    if (this.#places.get(subscription.feed.name) !== subscription) return;
    if (!maySubscribe) this.#forbid(subscription, "subscribe");
    else if (!mayReadHistory && !subscription.forgoHistory()) this.#forbid(subscription, "history");
  }

  #forbid(subscription: Subscription, verb: "subscribe" | "history"): void {
    this.#end(subscription, "forbidden", forbidden(verb, subscription.feed.name).message);
  }

  #end(subscription: Subscription, code: string, message: string): void {
    this.#close(subscription);
    this.#leave(subscription.feed.name, subscription);
    const { cursor, generation, feed } = subscription;
    this.#client.tell({ type: "unsubscribed", number: feed.number, generation, offset: cursor, code, message });
  }

  #close(subscription: Subscription): void {
    subscription.close();
    this.#services.observer.unsubscribed();
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
