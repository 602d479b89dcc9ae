import type {
  BatchFrame,
  ErrorFrame,
  ResetFrame,
  SubscribedFrame,
  SubscribeFrame,
  Timer,
  UnsubscribedFrame,
} from "@hawser/protocol";
import { tooLarge } from "../connection/closure.ts";
import type { Link } from "../session/link.ts";
import type { ReplyFrame } from "../session/request-table.ts";
import type { ReceivingCounts } from "../statistics.ts";
import { CreditWindow } from "./credit-window.ts";

/** Which feed the numbers belong to that a connection gave. */
export interface FeedNumbers {
  /** The connection has given the channel this number. */
  bind(feed: Feed, number: number): void;
  /** Nothing comes under the number any more. */
  unbind(feed: Feed, number: number): void;
}

/** What a feed works with. */
export interface FeedOptions {
  readonly channel: string;
  readonly windowBytes: number;
  readonly numbers: FeedNumbers;
  readonly counts: ReceivingCounts;
  /** Cost of what was pushed and not read. */
  readonly unread: () => number;
}

/** What a feed needs of the receiver that it feeds. */
export interface FeedReceiver {
  readonly options: FeedOptions;
  /** The frame that asks for what the receiver does not have. */
  subscribeFrame(id: number, generation: number, credit: number): SubscribeFrame;
  /** A timer that runs out after the backoff, but not before `atLeastMs`. */
  later(atLeastMs: number, callback: () => void): Timer;
  onSubscribed(feed: Feed, frame: SubscribedFrame): void;
  onReset(feed: Feed, frame: ResetFrame): void;
  onBatch(feed: Feed, frame: BatchFrame): void;
  /** The server refuses it, or took the right away. */
  onRefused(feed: Feed, error: Pick<ErrorFrame, "code" | "message">): void;
}

type State =
  /** So much is unread that no credit is left to give: asks when it is read. */
  | { readonly kind: "full" }
  | { readonly kind: "delayed"; readonly timer: Timer }
  | { readonly kind: "asking"; readonly generation: number; readonly credit: CreditWindow }
  | {
      readonly kind: "live";
      readonly generation: number;
      readonly number: number;
      readonly credit: CreditWindow;
      /**
       * A `seek` is under way: what does not join on is dropped in silence (SUB-4). `undefined`: nothing was lost under this
       * grant. What was has used credit, and nobody here knows how much (SUB-10).
       */
      seeking?: boolean;
    }
  | { readonly kind: "ended" };

/**
 * One copy of a channel's stream: the grants that one connection gives, one after the other. It asks, passes on what
 * comes under its grant and no other (SUB-3), and renews its credit.
 */
export class Feed {
  readonly link: Link;
  /** In which its grant stands; `undefined` when it asked from no position. */
  epoch: number | undefined;
  readonly #receiver: FeedReceiver;
  /** The channel's on this connection, once there was a grant. */
  #number: number | undefined;
  #state: State = { kind: "full" };

  /** Asks at once. */
  constructor(link: Link, receiver: FeedReceiver) {
    this.link = link;
    this.#receiver = receiver;
    link.hold();
  }

  /** It has a grant. */
  get isLive(): boolean {
    return this.#state.kind === "live";
  }

  /** Asks for a grant, from where the receiver stands now. One that it has ends. */
  ask(): void {
    const { channel, windowBytes, unread: unreadNow } = this.#receiver.options;
    const unread = unreadNow();
    if (unread >= windowBytes) {
      this.#state = { kind: "full" };
      return;
    }
    const generation = this.link.nextGeneration(channel);
    const credit = new CreditWindow(windowBytes, unread);
    const asking = { kind: "asking", generation, credit } as const;
    this.#state = asking;
    this.link.request({
      build: (id) => {
        if (this.#state !== asking) return undefined;
        const frame = this.#receiver.subscribeFrame(id, generation, credit.granted);
        this.epoch = frame.position?.epoch;
        return frame;
      },
      reply: (frame) => this.#onReply(frame, generation),
      // The session tells of the lost connection itself.
      lost: () => {},
      tooLarge: () => this.#receiver.onRefused(this, tooLarge(`subscribe to "${channel}"`)),
    });
  }

  /** Asks again, after a while: this node has not what the receiver needs. A grant that it has is given back. */
  askLater(atLeastMs: number): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    if (state.kind === "live") this.#unsubscribe(state.number, state.generation);
    this.#state = { kind: "delayed", timer: this.#receiver.later(atLeastMs, () => this.ask()) };
  }

  /** A frame under the number that was bound on the link. */
  onFrame(frame: BatchFrame | ResetFrame | UnsubscribedFrame): void {
    const state = this.#state;
    if (state.kind !== "live" || state.generation !== frame.generation) return;
    if (frame.type === "batch") this.#receiver.onBatch(this, frame);
    else if (frame.type === "reset") {
      this.#receiver.onReset(this, frame);
      this.#standIn(frame.epoch);
    } else if (frame.code !== "") this.#receiver.onRefused(this, frame);
  }

  /** So much came: it counts as sent, whether it was new or not (SUB-10). */
  arrive(cost: number): void {
    if (this.#state.kind === "live") this.#state.credit.arrive(cost);
  }

  /** Tells the server of new credit when that is worth a frame. */
  renew(): void {
    const state = this.#state;
    const { windowBytes, unread: unreadNow } = this.#receiver.options;
    const unread = unreadNow();
    if (state.kind === "full" && unread <= windowBytes / 2) return this.ask();
    // Before `subscribed` there is no number to tell it under: what is read until then is told after it.
    if (state.kind !== "live") return;
    const credit = state.credit.take(unread);
    if (credit === undefined) return;
    this.link.send({ type: "credit", number: state.number, generation: state.generation, credit });
  }

  /**
   * A batch did not join on: asks once for what follows `offset`.
   *
   * @param isIdle - The batch is empty: what was asked for before should have come ahead of it, so it is asked for again.
   */
  seek(offset: number, isIdle: boolean): void {
    const state = this.#state;
    if (state.kind !== "live" || (state.seeking && !isIdle)) return;
    if (!state.seeking) this.#receiver.options.counts.gaps += 1;
    state.seeking = true;
    this.link.send({ type: "seek", number: state.number, generation: state.generation, offset });
  }

  /**
   * A batch joined on, or brought nothing new.
   *
   * @param isIdle - It was empty: the server stands there, perhaps since what was lost has used up its credit. A new grant has
   * a credit of its own.
   */
  joined(isIdle: boolean): void {
    const state = this.#state;
    if (state.kind !== "live" || state.seeking === undefined) return;
    if (isIdle) this.ask();
    else state.seeking = false;
  }

  /** Nothing comes of it any more. */
  end(): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    this.#state = { kind: "ended" };
    if (state.kind === "delayed") state.timer.cancel();
    if (state.kind === "live") this.#unsubscribe(state.number, state.generation);
    if (this.#number !== undefined) this.#receiver.options.numbers.unbind(this, this.#number);
    this.link.release();
  }

  #onReply(frame: ReplyFrame, generation: number): void {
    const state = this.#state;
    if (state.kind !== "asking" || state.generation !== generation) {
      // It ended while the request was under way.
      if (frame.type === "subscribed") this.#unsubscribe(frame.number, generation);
    } else if (frame.type === "subscribed") {
      this.#state = { ...state, kind: "live", number: frame.number };
      this.#number = frame.number;
      this.#receiver.options.numbers.bind(this, frame.number);
      this.#receiver.onSubscribed(this, frame);
      this.#standIn(frame.epoch);
      this.renew();
    } else if (frame.type === "error") {
      if (frame.retry) this.askLater(frame.retryAfterMs);
      else this.#receiver.onRefused(this, frame);
    }
  }

  /** Unless it asks again, from elsewhere. */
  #standIn(epoch: number): void {
    if (this.#state.kind === "live") this.epoch = epoch;
  }

  #unsubscribe(number: number, generation: number): void {
    this.link.send({ type: "unsubscribe", number, generation });
  }
}
