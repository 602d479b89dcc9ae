import { HawserError } from "@hawser/protocol";
import type { Payload, Ports, PublishFrame } from "@hawser/protocol";
import { errorOf } from "../connection/closure.ts";
import { Backoff } from "../session/backoff.ts";
import type { BackoffOptions } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { ReplyFrame } from "../session/request-table.ts";
import type { SessionPart } from "../session/session-part.ts";
import { OutboxChannel } from "./outbox-channel.ts";
import type { Publication } from "./publication.ts";
import type { Attempt } from "./producer-chain.ts";

/** What bounds the messages that are published and have no outcome yet. */
export interface OutboxOptions {
  /** Publishes without an outcome. Default 1,000. */
  readonly maxMessages: number;
  /** Bytes of their payloads. Default 8 MiB. */
  readonly maxBytes: number;
  /** Publishes that were sent and not answered. Default 128. */
  readonly maxInFlight: number;
  /**
   * How long after it was first sent a publish may be sent again when the log could not tell that it has it: below the
   * channels' `deduplicateMs`. Past it the outcome is `unknown`. Default 50 minutes (servers remember for an hour).
   */
  readonly resendWithinMs: number;
}

export const defaultOutbox: OutboxOptions = {
  maxMessages: 1_000,
  maxBytes: 8 * 1_048_576,
  maxInFlight: 128,
  resendWithinMs: 50 * 60_000,
};

/** How many channels' numberings are remembered while nothing of theirs is under way. */
const maxIdleChannels = 1_000;
const producerBytes = 16;
/** Part of the server's window in which a publish is sent again: the rest is for the way there, and for clocks that differ. */
const resendShare = 0.8;

/** What is to be published, with the handle that the application holds. */
export interface OutboxItem {
  readonly channel: string;
  readonly payload: Payload;
  readonly key: string;
  readonly publication: Publication;
  /** When it was first sent, by either clock: one may step, and the other stand still while the machine sleeps. */
  sent?: { readonly now: number; readonly monotonic: number };
}

/**
 * Publishes that have no outcome yet: bounded, in order for each channel, and sent again over new connections until
 * each is accepted, rejected, or cannot be known (section 5 of the protocol's specification).
 */
export class Outbox implements SessionPart {
  readonly #options: OutboxOptions;
  readonly #ports: Ports;
  readonly #backoff: BackoffOptions;
  /** In the order of last use, so that the first that is idle is the one to forget. */
  readonly #channels = new Map<string, OutboxChannel>();
  readonly #emptied = new Set<() => void>();
  /** With their schema, which takes its time. */
  readonly #validating = new Set<OutboxItem>();
  /** Of each channel that has such, when the newest of them is done with: what comes behind it waits. */
  readonly #turns = new Map<string, Promise<void>>();
  #producer: Uint8Array;
  #messages = 0;
  #bytes = 0;
  #link: Link | undefined;
  /** Requests made on the link that are not answered. */
  #open = 0;
  #ended: HawserError | undefined;

  constructor(options: OutboxOptions, ports: Ports, backoff: BackoffOptions) {
    this.#options = options;
    this.#ports = ports;
    this.#backoff = backoff;
    this.#producer = ports.random.bytes(producerBytes);
  }

  /** Publishes without an outcome. */
  get size(): number {
    return this.#messages;
  }

  /**
   * Takes a publish in, or ends it as `rejected` when it is full (`outbox-full`) or the client is closed.
   *
   * @param valid - Whether it may be sent, when that is not known yet: what it rejects with ends the publish as
   * `rejected`, and what comes behind it in its channel waits, so that the order stays.
   */
  add(item: OutboxItem, valid?: Promise<unknown>): void {
    const { publication, payload } = item;
    if (this.#ended !== undefined) return publication.fail("rejected", this.#ended);
    const { maxMessages, maxBytes } = this.#options;
    if (this.#messages >= maxMessages || this.#bytes + payload.data.length > maxBytes) {
      const text = `${this.#messages} publishes (${this.#bytes} bytes) wait for an answer: wait for some, or raise the outbox's limits`;
      return publication.fail("rejected", new HawserError("outbox-full", text, { retry: true }));
    }
    this.#messages += 1;
    this.#bytes += payload.data.length;
    const before = this.#turns.get(item.channel);
    if (valid === undefined && before === undefined) this.#queue(item);
    else this.#queueInTurn(item, valid, before);
  }

  /** Takes a publish out if it was never sent; after that it has no effect (PUB-12). */
  cancel(item: OutboxItem, error: HawserError): void {
    if (!this.#validating.delete(item) && !this.#channels.get(item.channel)?.chain.remove(item)) return;
    this.#forget(item);
    item.publication.fail("cancelled", error);
  }

  /** Resolves when no publish is without an outcome. */
  async whenEmpty(): Promise<void> {
    if (this.#messages > 0) await new Promise<void>((resolve) => this.#emptied.add(resolve));
  }

  onLink(link: Link): void {
    this.#link = link;
    this.#pump();
  }

  onUnlink(): void {
    this.#link = undefined;
    this.#open = 0;
    for (const channel of this.#channels.values()) channel.lose();
  }

  onFrame(): boolean {
    return false;
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = error ?? new HawserError("closed", "The client is closed");
    const unsent = [...this.#channels.values()].flatMap((channel) => channel.end());
    for (const item of [...unsent, ...this.#validating]) {
      this.#forget(item);
      // What was sent once, and was to go again because no log has it, was not cancelled (PUB-12).
      item.publication.fail(item.sent === undefined ? "cancelled" : "rejected", this.#ended);
    }
    this.#validating.clear();
  }

  #queue(item: OutboxItem): void {
    this.#channel(item.channel).chain.add(item);
    this.#pump();
  }

  #queueInTurn(item: OutboxItem, valid: Promise<unknown> | undefined, before: Promise<void> | undefined): void {
    this.#validating.add(item);
    // Handled from now on: it may be refused while what is ahead of it is still with its schema.
    const refused = Promise.resolve(valid).then(
      () => undefined,
      (cause: unknown) => refusalOf(cause),
    );
    const turn = Promise.all([refused, before]).then(([refusal]) => {
      if (this.#turns.get(item.channel) === turn) this.#turns.delete(item.channel);
      if (!this.#validating.delete(item)) return;
      if (refusal === undefined) return this.#queue(item);
      this.#forget(item);
      item.publication.fail("rejected", refusal);
    });
    this.#turns.set(item.channel, turn);
  }

  #channel(name: string): OutboxChannel {
    const known = this.#channels.get(name);
    const channel = known ?? this.#newChannel();
    this.#channels.delete(name);
    this.#channels.set(name, channel);
    return channel;
  }

  #newChannel(): OutboxChannel {
    if (this.#channels.size >= maxIdleChannels) this.#forgetIdle();
    return new OutboxChannel({
      producer: this.#producer,
      newProducer: () => this.#ports.random.bytes(producerBytes),
      timers: this.#ports.timers,
      backoff: new Backoff(this.#backoff, this.#ports.random),
      onFailure: (item, failure, cause) => {
        this.#forget(item);
        item.publication.fail(failure, failure === "rejected" && cause ? cause : outcomeUnknown(item.channel, cause));
      },
      onReady: () => this.#pump(),
    });
  }

  /** A channel that is forgotten and used again numbers from 1, so channels that are new from now on have a new producer. */
  #forgetIdle(): void {
    for (const [name, channel] of this.#channels) {
      if (!channel.isIdle) continue;
      this.#channels.delete(name);
      this.#producer = this.#ports.random.bytes(producerBytes);
      return;
    }
  }

  /** Asks for turns on the connection, one channel after the other; what is sent is chosen when the turn comes. */
  #pump(): void {
    const link = this.#link;
    if (link === undefined) return;
    for (const channel of this.#channels.values()) {
      while (channel.wants && this.#open < this.#options.maxInFlight && this.#link === link)
        this.#request(channel, link);
    }
  }

  #request(channel: OutboxChannel, link: Link): void {
    let attempt: Attempt<OutboxItem> | undefined;
    const closed = (): void => {
      if (this.#link === link) this.#open -= 1;
    };
    this.#open += 1;
    channel.turns += 1;
    link.request({
      build: (id) => {
        if (this.#link !== link) return undefined;
        channel.turns -= 1;
        attempt = channel.next((item) => this.#isOld(item, link.welcome.deduplicateMs));
        if (attempt === undefined) {
          closed();
          return undefined;
        }
        const { clock } = this.#ports;
        attempt.item.sent ??= { now: clock.now(), monotonic: clock.monotonic() };
        attempt.item.publication.markSent();
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
        const text = `The message is larger than the server takes (${link.welcome.maxMessageBytes} bytes with its frame)`;
        channel.reject(attempt!, { error: new HawserError("message-too-large", text), last: 0 });
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
    const { clock } = this.#ports;
    const ageMs = Math.max(clock.now() - sent.now, clock.monotonic() - sent.monotonic);
    const { resendWithinMs } = this.#options;
    return ageMs > (deduplicateMs === 0 ? resendWithinMs : Math.min(resendWithinMs, deduplicateMs * resendShare));
  }

  #forget(item: OutboxItem): void {
    this.#messages -= 1;
    this.#bytes -= item.payload.data.length;
    if (this.#messages > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }
}

function frameOf(id: number, { item, producer, sequence, previous }: Attempt<OutboxItem>): PublishFrame {
  const { channel, payload, key } = item;
  return { type: "publish", id, channel, producer, sequence, previous, payload, key };
}

/** What a schema threw, as the error of a publish. */
export function refusalOf(cause: unknown): HawserError {
  return cause instanceof HawserError ? cause : new HawserError("payload-invalid", String(cause), { cause });
}

function outcomeUnknown(channel: string, cause: HawserError | undefined): HawserError {
  const text = `It cannot be known whether "${channel}" has the message: ${cause?.message ?? "no answer came in time"}`;
  return new HawserError("outcome-unknown", text, { cause });
}
