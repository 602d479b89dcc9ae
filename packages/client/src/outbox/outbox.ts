import type { HawserError, Ports, PublishFrame } from "@hawser/protocol";
import { closed, errorOf, tooLarge } from "../connection/closure.ts";
import type { BackoffOptions } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { Links } from "../session/links.ts";
import type { ReplyFrame } from "../session/request-table.ts";
import type { SessionPart } from "../session/session-part.ts";
import { Admission } from "./admission.ts";
import { ChannelTable } from "./channel-table.ts";
import type { OutboxOptions } from "./options.ts";
import type { OutboxChannel, OutboxPlace } from "./outbox-channel.ts";
import { expired, outboxFull, outcomeUnknown, refusalOf, superseded } from "./outbox-errors.ts";
import type { OutboxItem } from "./outbox-item.ts";
import type { Attempt } from "./producer-chain.ts";
import type { FailedState } from "./publication.ts";
import { ageOf, stampOf } from "./stamp.ts";
import { outboxStatusOf } from "./status.ts";
import type { OutboxStatus } from "./status.ts";

/** Part of the server's window in which a publish is sent again: the rest is for the way there, and for clocks that differ. */
const resendShare = 0.8;

/**
 * Publishes that have no outcome yet: bounded, in order for each channel, and sent again over new connections until
 * each is accepted, rejected, or cannot be known (section 5 of the protocol's specification).
 */
export class Outbox implements SessionPart {
  readonly #options: OutboxOptions;
  readonly #ports: Ports;
  readonly #channels: ChannelTable;
  readonly #admission: Admission;
  readonly #emptied = new Set<() => void>();
  readonly #links: Links;
  /** Requests of all channels that were sent and have no answer. Sending tells listeners, who may publish. */
  #open = 0;
  #ended: HawserError | undefined;

  constructor(
    options: OutboxOptions,
    ports: Ports,
    backoff: BackoffOptions,
    links: Links,
    laneOf: (channel: string) => string,
  ) {
    this.#options = options;
    this.#links = links;
    this.#ports = ports;
    this.#admission = new Admission(options);
    this.#channels = new ChannelTable({
      ports,
      backoff,
      laneOf,
      onFailure: (item, failure, cause) => {
        this.#forget(item);
        item.publication.fail(failure, failure === "rejected" && cause ? cause : outcomeUnknown(item.channel, cause));
      },
      onReady: () => this.#pump(),
    });
  }

  /** Publishes without an outcome. */
  get status(): OutboxStatus {
    return outboxStatusOf(this.#admission);
  }

  /**
   * Takes a publish in, lets it wait for room, or ends it as `rejected`: when there is none (`outbox-full`), or when the
   * client is closed.
   *
   * @param valid - Whether it may be sent, when that is not known yet: what it rejects with ends the publish as
   * `rejected`, and what comes behind it in its channel waits, so that the order stays.
   */
  add(item: OutboxItem, valid?: Promise<unknown>): void {
    const { publication, ttlMs } = item;
    if (this.#ended !== undefined) return publication.fail("rejected", this.#ended);
    const unsent = this.#channels.get(item.channel)?.unsent ?? [];
    const outdated = valid === undefined ? outdatedBy(item, unsent) : [];
    const leaving = this.#admission.admit(item, unsent, outdated);
    if (leaving === undefined) return publication.fail("rejected", outboxFull());
    if (item.held > 0) publication.markWaiting();
    item.added = stampOf(this.#ports.clock);
    if (ttlMs !== undefined) item.expiry = this.#ports.timers.after(ttlMs, () => this.#expire(item));
    if (valid !== undefined) this.#validate(item, valid);
    this.#channels.use(item.channel).unsent.add(item);
    // All are out before anybody is told: a listener may publish, which sends what it finds.
    for (const other of leaving) this.#takeOut(other);
    for (const other of leaving) {
      if (outdated.includes(other)) other.publication.fail("cancelled", superseded());
      else other.publication.fail("rejected", outboxFull());
    }
    this.#pump();
  }

  /** Takes a publish out if it was never sent; after that it has no effect (PUB-12). */
  withdraw(item: OutboxItem, state: FailedState, error: HawserError): void {
    if (!this.#takeOut(item)) return;
    item.publication.fail(state, error);
    this.#pump();
  }

  /** Resolves when no publish is without an outcome. */
  async whenEmpty(): Promise<void> {
    if (this.#admission.size > 0) await new Promise<void>((resolve) => this.#emptied.add(resolve));
  }

  onLink(): void {
    this.#pump();
  }

  onAvoid(link: Link): void {
    this.#leave(link, ({ lane }) => this.#links.choose(lane) !== link);
  }

  onUnlink(link: Link): void {
    this.#leave(link, () => true);
  }

  onFrame(): boolean {
    return false;
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = error ?? closed();
    const unsent = [...this.#channels].flatMap((channel) => channel.end(this.#ended!));
    for (const item of unsent) {
      this.#forget(item);
      item.publication.fail("cancelled", this.#ended);
    }
  }

  #validate(item: OutboxItem, valid: Promise<unknown>): void {
    item.held += 1;
    const onValid = (): void => {
      const { unsent } = this.#channels.use(item.channel);
      item.held -= 1;
      unsent.refresh();
      for (const other of outdatedBy(item, unsent.ahead(item))) this.withdraw(other, "cancelled", superseded());
      this.#pump();
    };
    valid.then(onValid, (cause: unknown) => this.withdraw(item, "rejected", refusalOf(cause)));
  }

  #expire(item: OutboxItem): void {
    this.withdraw(item, "expired", expired(item.ttlMs));
  }

  /** What has expired while the machine slept, and timers stood still, is not sent. */
  #expireOld(channel: OutboxChannel): void {
    for (let item; (item = channel.unsent.head) !== undefined;) {
      if (item.ttlMs === undefined || ageOf(item.added!, this.#ports.clock) < item.ttlMs) return;
      this.#expire(item);
    }
  }

  /** What has no answer goes again over another connection, in order; a late copy can do no harm (PUB-1, PUB-2). */
  #leave(link: Link, leaves: (channel: OutboxChannel) => boolean): void {
    for (const channel of this.#channels) {
      if (channel.place?.link !== link || !leaves(channel)) continue;
      this.#open -= channel.open;
      channel.lose();
    }
    this.#pump();
  }

  /** Has each channel that has something to send ask for a turn. Whose comes first, the connection decides. */
  #pump(): void {
    for (const channel of this.#channels) this.#ask(channel);
  }

  #ask(channel: OutboxChannel): void {
    if (!channel.wants || this.#open >= this.#options.maxInFlight) return;
    // As long as anything is unanswered it stays where it is, for its order.
    const place = channel.open > 0 ? channel.place : this.#place(channel);
    channel.place = place;
    if (place !== undefined) this.#request(channel, place);
  }

  #place({ lane, place }: OutboxChannel): OutboxPlace | undefined {
    const link = this.#links.choose(lane, place?.link);
    return link === place?.link ? place : link && { link, asked: false, open: 0 };
  }

  #request(channel: OutboxChannel, place: OutboxPlace): void {
    const { link } = place;
    let attempt: Attempt<OutboxItem> | undefined;
    const closed = (): void => {
      place.open -= 1;
      if (channel.place === place) this.#open -= 1;
    };
    place.asked = true;
    link.request({
      lane: channel.lane,
      flow: channel.name,
      build: (id) => {
        this.#expireOld(channel);
        if (channel.place !== place) return undefined;
        place.asked = false;
        if (this.#open >= this.#options.maxInFlight) return undefined;
        attempt = channel.next((item) => this.#isOld(item, link.welcome.deduplicateMs));
        if (attempt === undefined) return undefined;
        place.open += 1;
        this.#open += 1;
        attempt.item.sent ??= stampOf(this.#ports.clock);
        attempt.item.expiry?.cancel();
        attempt.item.publication.markSent();
        this.#ask(channel);
        return frameOf(id, attempt);
      },
      reply: (frame) => {
        closed();
        this.#onReply(frame, channel, attempt!);
        this.#pump();
      },
      lost: () => {},
      tooLarge: () => {
        closed();
        channel.reject(attempt!, { error: tooLarge("the message"), last: 0 });
        this.#pump();
      },
    });
  }

  #onReply(frame: ReplyFrame, channel: OutboxChannel, attempt: Attempt<OutboxItem>): void {
    if (frame.type === "published") {
      if (!channel.accept(attempt)) return;
      this.#forget(attempt.item);
      attempt.item.publication.accept({ position: frame.position, duplicate: frame.duplicate });
    } else if (frame.type === "rejected" || frame.type === "error") {
      channel.reject(attempt, { error: errorOf(frame), last: frame.type === "rejected" ? frame.last : 0 });
    }
  }

  /** Whether the log may have forgotten that it has this one (PUB-13). */
  #isOld({ sent }: OutboxItem, deduplicateMs: number): boolean {
    if (sent === undefined) return false;
    const ageMs = ageOf(sent, this.#ports.clock);
    const { resendWithinMs } = this.#options;
    return ageMs > (deduplicateMs === 0 ? resendWithinMs : Math.min(resendWithinMs, deduplicateMs * resendShare));
  }

  /** @returns whether it was there, and never sent. */
  #takeOut(item: OutboxItem): boolean {
    const taken = this.#channels.get(item.channel)?.unsent.remove(item) ?? false;
    if (taken) this.#forget(item);
    return taken;
  }

  /** The item has its outcome. */
  #forget(item: OutboxItem): void {
    item.expiry?.cancel();
    for (const admitted of this.#admission.leave(item)) {
      this.#channels.get(admitted.channel)?.unsent.refresh();
      admitted.publication.markAdmitted();
    }
    if (this.#admission.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }
}

/** Those of the ones ahead of an item that it makes needless. */
function outdatedBy({ supersede, key }: OutboxItem, ahead: Iterable<OutboxItem>): OutboxItem[] {
  return supersede ? [...ahead].filter((other) => other.key === key) : [];
}

function frameOf(id: number, { item, producer, sequence, previous }: Attempt<OutboxItem>): PublishFrame {
  const { channel, payload, key } = item;
  return { type: "publish", id, channel, producer, sequence, previous, payload, key };
}
