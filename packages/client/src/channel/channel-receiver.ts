import { HawserError, messageCost } from "@hawser/protocol";
import type {
  BatchFrame,
  ErrorCode,
  Position,
  ResetFrame,
  SubscribedFrame,
  SubscribeFrame,
  Timer,
  Timers,
  UnsubscribedFrame,
} from "@hawser/protocol";
import { errorOf } from "../connection/closure.ts";
import type { Backoff } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { ReplyFrame } from "../session/request-table.ts";
import type { ReceivingCounts } from "../statistics.ts";
import { CreditWindow } from "./credit-window.ts";
import { IntervalReceiver } from "./interval-receiver.ts";
import type { Break } from "./interval-receiver.ts";
import type { Start } from "./start.ts";
import type { StreamItem } from "./stream-item.ts";

export interface ChannelReceiverOptions {
  readonly channel: string;
  readonly start: Start;
  readonly windowBytes: number;
  readonly timers: Timers;
  readonly backoff: Backoff;
  readonly counts: ReceivingCounts;
  /** Cost of what was pushed and not read. */
  readonly unread: () => number;
  /** Where everything goes, in the order of the stream. */
  readonly push: (item: StreamItem) => void;
  /** The link has given the channel this number. */
  readonly bind: (number: number) => void;
}

type State =
  | { readonly kind: "idle" }
  /** So much is unread that no credit is left to give: asks when it is read. */
  | { readonly kind: "full"; readonly link: Link }
  | { readonly kind: "delayed"; readonly link: Link; readonly timer: Timer }
  | { readonly kind: "asking"; readonly link: Link; readonly generation: number; readonly credit: CreditWindow }
  | {
      readonly kind: "live";
      readonly link: Link;
      readonly generation: number;
      readonly number: number;
      readonly credit: CreditWindow;
    }
  | { readonly kind: "ended" };

/**
 * The wire side of a subscription: asks for a grant on each new connection, from where the receiver stands, and feeds
 * the receiver with what comes under that grant and no other (SUB-3).
 */
export class ChannelReceiver {
  readonly #options: ChannelReceiverOptions;
  readonly #receiver: IntervalReceiver;
  #state: State = { kind: "idle" };
  #grant: Uint8Array;
  #granted = false;

  constructor(options: ChannelReceiverOptions) {
    this.#options = options;
    this.#grant = options.start.grant;
    this.#receiver = new IntervalReceiver(options.start.position);
  }

  /** What the server gave when the subscription began, to be given back (SUB-11). */
  get grant(): Uint8Array {
    return this.#grant;
  }

  /** Where the receiver stands; `undefined` before the first grant of a subscription without a position. */
  get position(): Position | undefined {
    return this.#receiver.position;
  }

  onLink(link: Link): void {
    if (this.#state.kind !== "ended") this.#ask(link);
  }

  onUnlink(): void {
    if (this.#state.kind === "delayed") this.#state.timer.cancel();
    if (this.#state.kind !== "ended") this.#state = { kind: "idle" };
  }

  /** A frame under the number that was bound on `link`. */
  onFrame(frame: BatchFrame | ResetFrame | UnsubscribedFrame, link: Link): void {
    const state = this.#state;
    if (state.kind !== "live" || state.link !== link || state.generation !== frame.generation) return;
    if (frame.type === "batch") this.#onBatch(frame, state);
    else if (frame.type === "reset") this.#tell(this.#receiver.reset(frame), state.link);
    else if (frame.code !== "") this.#fail(new HawserError(frame.code as ErrorCode, frame.message));
  }

  /** The application read a message of this cost. */
  renew(cost: number): void {
    const state = this.#state;
    if (state.kind === "full" && this.#options.unread() <= this.#options.windowBytes / 2) return this.#ask(state.link);
    if (state.kind !== "live" && state.kind !== "asking") return;
    state.credit.add(cost);
    this.#tellCredit();
  }

  /** Nothing is received any more. */
  end(): void {
    const state = this.#state;
    this.onUnlink();
    this.#state = { kind: "ended" };
    if (state.kind === "live") {
      state.link.send({ type: "unsubscribe", number: state.number, generation: state.generation });
    }
  }

  #ask(link: Link): void {
    const { windowBytes, unread } = this.#options;
    const waiting = unread();
    if (waiting >= windowBytes) {
      this.#state = { kind: "full", link };
      return;
    }
    const generation = link.nextGeneration(this.#options.channel);
    const credit = new CreditWindow(windowBytes, waiting);
    const asking = { kind: "asking", link, generation, credit } as const;
    this.#state = asking;
    link.request({
      build: (id) => (this.#state === asking ? this.#subscribeFrame(id, generation, credit.granted) : undefined),
      reply: (frame) => this.#onReply(frame, link, generation),
      // The session tells of the lost connection itself.
      lost: () => {},
      tooLarge: () =>
        this.#fail(new HawserError("message-too-large", "The `subscribe` frame is larger than the server takes")),
    });
  }

  #subscribeFrame(id: number, generation: number, credit: number): SubscribeFrame {
    const { channel, start } = this.#options;
    const position = this.#receiver.position;
    const last = position === undefined ? start.last : 0;
    return { type: "subscribe", id, channel, generation, position, last, credit, grant: this.#grant };
  }

  #onReply(frame: ReplyFrame, link: Link, generation: number): void {
    const state = this.#state;
    if (state.kind !== "asking" || state.link !== link || state.generation !== generation) {
      // It ended while the request was under way.
      if (frame.type === "subscribed") link.send({ type: "unsubscribe", number: frame.number, generation });
    } else if (frame.type === "subscribed") {
      this.#onSubscribed(frame, state);
    } else if (frame.type === "error") {
      if (frame.retry) this.#askLater(link, frame.retryAfterMs);
      else this.#fail(errorOf(frame));
    }
  }

  #onSubscribed(frame: SubscribedFrame, { link, generation, credit }: State & { kind: "asking" }): void {
    const { start, push, bind, counts, backoff } = this.#options;
    backoff.reset();
    bind(frame.number);
    this.#state = { kind: "live", link, generation, credit, number: frame.number };
    if (frame.grant.length > 0) this.#grant = frame.grant;
    const first = !this.#granted;
    const before = this.#receiver.position;
    const begun = this.#receiver.begin(frame);
    const breaks = first && start.quiet && begun !== undefined ? [] : begun;
    const position = this.#receiver.position;
    if (breaks !== undefined && position !== undefined) {
      this.#granted = true;
      if (!first) counts.resumes += 1;
      // What is lost is still to be told: whoever stops here, and comes back later from here, has to learn of it then.
      push({ kind: "subscribed", position: (breaks.length > 0 ? before : undefined) ?? position, resumed: !first });
    }
    this.#tell(breaks, link);
    this.#tellCredit();
  }

  #onBatch(frame: BatchFrame, state: State & { kind: "live" }): void {
    const { push, counts } = this.#options;
    const outcome = this.#receiver.batch(frame);
    if (outcome.kind === "gap") {
      counts.gaps += 1;
      state.link.send({ type: "seek", number: state.number, generation: state.generation, offset: outcome.offset });
    } else {
      counts.duplicatesDropped += outcome.duplicates;
    }
    if (outcome.kind === "delivered") {
      for (const message of outcome.messages) {
        push({ kind: "message", message, epoch: frame.epoch, cost: messageCost(message.payload) });
      }
      if (outcome.messages.at(-1)?.offset !== frame.to) push({ kind: "advance", position: outcome.position });
    }
    // What was not delivered was sent all the same (SUB-10).
    if (outcome.cost > 0) this.renew(outcome.cost);
  }

  /** Before `subscribed` there is no number to tell it under: what was read until then is told after it. */
  #tellCredit(): void {
    const state = this.#state;
    const credit = state.kind === "live" ? state.credit.take() : undefined;
    if (state.kind !== "live" || credit === undefined) return;
    state.link.send({ type: "credit", number: state.number, generation: state.generation, credit });
  }

  /** @param breaks - `undefined`: this node's log is behind; another one, or this one later, will do (POS-10). */
  #tell(breaks: readonly Break[] | undefined, link: Link): void {
    const { push, counts } = this.#options;
    if (breaks === undefined) return this.#askLater(link, 0);
    for (const told of breaks) {
      counts[told.kind === "lost" ? "lost" : "resets"] += 1;
      push(told);
    }
    // A break says itself where the stream goes on.
    const position = this.#receiver.position;
    if (breaks.length === 0 && position !== undefined) push({ kind: "advance", position });
  }

  #askLater(link: Link, retryAfterMs: number): void {
    // The application may have closed the subscription when it was told.
    if (this.#state.kind === "ended") return;
    const { timers, backoff } = this.#options;
    const timer = timers.after(backoff.next(retryAfterMs), () => this.#ask(link));
    this.#state = { kind: "delayed", link, timer };
  }

  #fail(error: HawserError): void {
    this.#state = { kind: "ended" };
    this.#options.push({ kind: "ended", error });
  }
}
