import { HawserError } from "@hawser/protocol";
import type { ClientFrame, Timer, Timers } from "@hawser/protocol";
import { errorOf } from "../connection/closure.ts";
import type { Backoff } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { Links } from "../session/links.ts";
import type { ReplyFrame } from "../session/request-table.ts";

export interface StandingRequestOptions {
  readonly links: Links;
  /** Over which of the session's connections; "": any. */
  readonly lane: string;
  readonly timers: Timers;
  readonly backoff: Backoff;
  /** Another connection was taken, over which is asked next. */
  readonly onPlace: (link: Link, former: Link | undefined) => void;
  readonly build: (id: number) => ClientFrame;
  readonly onReply: (frame: ReplyFrame, link: Link) => void;
  /** What asking again would not mend. */
  readonly onFailed: (error: HawserError) => void;
}

type State =
  | { readonly kind: "nowhere" }
  /** `again`: what is asked has changed meanwhile. */
  | { readonly kind: "asking"; readonly link: Link; again: boolean }
  | { readonly kind: "answered"; readonly link: Link }
  | { readonly kind: "delayed"; readonly link: Link; readonly timer: Timer }
  | { readonly kind: "ended" };

/**
 * What is asked once of each connection that it is placed on, one at a time: asked anew when that is lost, left, or the
 * server says "later". Of what changes meanwhile the newest is asked, once.
 */
export class StandingRequest {
  readonly #options: StandingRequestOptions;
  #state: State = { kind: "nowhere" };

  constructor(options: StandingRequestOptions) {
    this.#options = options;
  }

  /** Where it is placed now. */
  get link(): Link | undefined {
    return "link" in this.#state ? this.#state.link : undefined;
  }

  get ended(): boolean {
    return this.#state.kind === "ended";
  }

  /** There are other connections than before: goes where it is best placed, or stays. */
  place(): void {
    if (this.#state.kind === "ended") return;
    const former = this.link;
    const link = this.#options.links.choose(this.#options.lane, former);
    if (link === former) return;
    this.#leave();
    if (link === undefined) return;
    link.hold();
    this.#options.onPlace(link, former);
    this.#ask(link);
  }

  /** The connection is gone. */
  unlink(link: Link): void {
    if (this.link !== link) return;
    this.#leave();
    this.place();
  }

  /** What is asked has changed. */
  again(): void {
    const state = this.#state;
    if (state.kind === "answered") this.#ask(state.link);
    else if (state.kind === "asking") state.again = true;
  }

  end(): void {
    if (this.#state.kind === "ended") return;
    this.#leave();
    this.#state = { kind: "ended" };
  }

  #leave(): void {
    const state = this.#state;
    if (!("link" in state)) return;
    if (state.kind === "delayed") state.timer.cancel();
    this.#state = { kind: "nowhere" };
    state.link.release();
  }

  #ask(link: Link): void {
    const asking: State = { kind: "asking", link, again: false };
    this.#state = asking;
    link.request({
      build: (id) => {
        if (this.#state !== asking) return undefined;
        asking.again = false;
        return this.#options.build(id);
      },
      reply: (frame) => {
        if (this.#state === asking) this.#onReply(frame, asking);
      },
      // The session tells of the lost connection itself.
      lost: () => {},
      tooLarge: () => this.#fail(new HawserError("message-too-large", "The frame is larger than the server takes")),
    });
  }

  #onReply(frame: ReplyFrame, asking: State & { kind: "asking" }): void {
    const { backoff, timers, onReply } = this.#options;
    const { link } = asking;
    if (frame.type === "error") {
      if (!frame.retry) return this.#fail(errorOf(frame));
      const timer = timers.after(backoff.next(frame.retryAfterMs), () => this.#ask(link));
      this.#state = { kind: "delayed", link, timer };
      return;
    }
    backoff.reset();
    this.#state = { kind: "answered", link };
    onReply(frame, link);
    // Whoever was told may have ended it.
    if (asking.again) this.again();
  }

  #fail(error: HawserError): void {
    this.end();
    this.#options.onFailed(error);
  }
}
