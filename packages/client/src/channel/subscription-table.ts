import { HawserError } from "@hawser/protocol";
import type { ServerFrame } from "@hawser/protocol";
import type { Link } from "../session/link.ts";
import type { SessionPart } from "../session/session-part.ts";
import type { ChannelReceiver } from "./channel-receiver.ts";
import type { StreamItem } from "./stream-item.ts";

/** A subscription, as the table holds it. */
export interface SubscriptionEntry {
  readonly receiver: ChannelReceiver;
  /** Puts the end behind what still waits to be read. */
  readonly push: (item: StreamItem) => void;
  readonly close: () => void;
}

/**
 * The subscriptions of a session: one for each channel. Brings frames to them by the numbers that the connection bound;
 * numbers of a connection that was left mean nothing here.
 */
export class SubscriptionTable implements SessionPart {
  readonly #entries = new Map<string, SubscriptionEntry>();
  readonly #numbers = new Map<number, ChannelReceiver>();
  #link: Link | undefined;
  #ended: HawserError | undefined;

  /** @throws HawserError `option-invalid` when the channel has a subscription. */
  assertFree(channel: string): void {
    if (!this.#entries.has(channel)) return;
    throw new HawserError(
      "option-invalid",
      `This client is subscribed to "${channel}" already: share that subscription, or close it first`,
    );
  }

  /** Takes it in, and has it ask for its grant if there is a connection. */
  add(channel: string, entry: SubscriptionEntry): void {
    const error = this.#ended;
    // Behind this turn, in which the application adds its listeners.
    if (error !== undefined) return void Promise.resolve().then(() => entry.push({ kind: "ended", error }));
    this.#entries.set(channel, entry);
    if (this.#link !== undefined) entry.receiver.onLink(this.#link);
  }

  /** It ended. */
  delete(channel: string, receiver: ChannelReceiver): void {
    if (this.#entries.get(channel)?.receiver === receiver) this.#entries.delete(channel);
    for (const [number, bound] of this.#numbers) if (bound === receiver) this.#numbers.delete(number);
  }

  /** The connection in use gave a channel this number. */
  bind(number: number, receiver: ChannelReceiver): void {
    this.#numbers.set(number, receiver);
  }

  onLink(link: Link): void {
    this.#link = link;
    for (const { receiver } of [...this.#entries.values()]) receiver.onLink(link);
  }

  onUnlink(): void {
    this.#link = undefined;
    this.#numbers.clear();
    for (const { receiver } of this.#entries.values()) receiver.onUnlink();
  }

  onFrame(frame: ServerFrame, link: Link): boolean {
    if (frame.type !== "batch" && frame.type !== "reset" && frame.type !== "unsubscribed") return false;
    if (link === this.#link) this.#numbers.get(frame.number)?.onFrame(frame, link);
    return true;
  }

  onEnd(error: HawserError | undefined): void {
    this.#ended = error ?? new HawserError("closed", "The client is closed");
    for (const { push, close } of [...this.#entries.values()]) {
      if (error === undefined) close();
      else push({ kind: "ended", error });
    }
  }
}
