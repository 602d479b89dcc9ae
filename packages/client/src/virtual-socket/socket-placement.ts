import type {
  AttachSocketFrame,
  DetachSocketFrame,
  ErrorFrame,
  SocketAttachedFrame,
  Timer,
  Timers,
} from "@hawser/protocol";
import type { Backoff } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { ReplyFrame } from "../session/request-table.ts";

export interface SocketPlacementOptions {
  /**
   * The best connection for it, that is on `present`: one that reaches its home itself, if it is as good as any. Nobody need
   * relay it there, and there may be nobody who does.
   */
  readonly choose: (present: Link | undefined) => Link | undefined;
  /** The connection carries no sockets. */
  readonly avoid: (link: Link) => void;
  readonly timers: Timers;
  readonly backoff: Backoff;
  /** How long it may be on no connection. */
  readonly resumeMs: number;
  /** Where it was opened. */
  readonly link: Link;
  /** What asks to have it on a connection. */
  readonly build: (id: number, generation: number) => AttachSocketFrame;
  /** No connection leads to the home. Whether one may soon. */
  readonly dial: () => boolean;
  readonly onAttached: (frame: SocketAttachedFrame) => void;
  /** The home has it no more, or does not give it to this client. */
  readonly onGone: (reason: Pick<ErrorFrame, "code" | "message">) => void;
  /** It was on no connection for `resumeMs`; and again when what was asked for meanwhile came to nothing. */
  readonly onExpired: () => void;
}

interface Asking {
  readonly link: Link;
  readonly generation: number;
}

/**
 * Where a virtual socket is, that its home knows. It moves as subscriptions do: it is asked for on the next connection
 * before it leaves the one that it is on, which serves until the answer is there (SOCK-11).
 */
export class SocketPlacement {
  readonly #options: SocketPlacementOptions;
  #link: Link | undefined;
  /** An attach went astray: the home may have taken the socket off the connection that it is on. */
  #doubtful = false;
  #asking: Asking | undefined;
  /** What was asked for and not answered, on connections that live: beside the last, what that took the place of. */
  readonly #unanswered = new Set<Asking>();
  /** That of the open is 1. */
  #generation = 1;
  #boundGeneration = 1;
  #retry: Timer | undefined;
  #expiry: Timer | undefined;
  /** It was on no connection for too long: what is being asked is the last. */
  #expired = false;
  #ended = false;

  constructor(options: SocketPlacementOptions) {
    this.#options = options;
    this.#link = options.link;
    options.link.hold();
  }

  /** Where it is; what is sent goes there. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Its home may have it on a connection, or be about to. */
  get mayBeAtHome(): boolean {
    return this.#link !== undefined || this.#unanswered.size > 0;
  }

  /** There are other connections than before: goes where it is best placed, or stays. */
  place(): void {
    if (this.#ended) return;
    if (this.#expired && !this.mayBeAtHome) return this.#options.onExpired();
    const present = this.#asking?.link ?? this.#link;
    const link = this.#options.choose(present);
    if (link === undefined || (link === present && !this.#doubtful) || link === this.#asking?.link) return;
    this.#ask(link);
  }

  /** The connection is gone. */
  unlink(link: Link): void {
    if (this.#ended) return;
    if (this.#asking?.link === link) this.#stopAsking();
    for (const asked of this.#unanswered) if (asked.link === link) this.#astray(asked);
    if (this.#link === link) this.#leave();
    this.place();
  }

  /** The server takes it off the connection (SOCK-13). */
  detach(frame: DetachSocketFrame, link: Link): void {
    if (this.#ended || this.#link !== link || frame.generation !== this.#boundGeneration) return;
    this.#leave();
    if (!frame.retry) return this.#options.onGone(frame);
    if (this.#asking !== undefined) return;
    const next = this.#options.choose(undefined);
    // The same node would say the same again.
    if (next === link || next === undefined) this.#later(0);
    else this.#ask(next);
  }

  /** It is over: on no connection any more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopAsking();
    this.#retry?.cancel();
    this.#expiry?.cancel();
    this.#link?.release();
    this.#link = undefined;
  }

  #ask(link: Link): void {
    this.#stopAsking();
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#generation += 1;
    const asking = { link, generation: this.#generation };
    this.#asking = asking;
    this.#unanswered.add(asking);
    link.hold();
    link.request({
      build: (id) => {
        if (this.#asking === asking) return this.#options.build(id, asking.generation);
        this.#unanswered.delete(asking);
        return undefined;
      },
      reply: (frame) => {
        this.#unanswered.delete(asking);
        if (this.#asking !== asking) this.#onLateReply(frame, asking);
        else if (frame.type === "socket-attached") this.#onAttached(frame, asking);
        else if (frame.type === "error") this.#onRefused(frame, link);
      },
      // The session tells of the lost connection itself.
      lost: () => {},
      tooLarge: () => {},
    });
  }

  #onAttached(frame: SocketAttachedFrame, { link, generation }: Asking): void {
    this.#asking = undefined;
    // What it held while it asked, it holds as the place.
    this.#link?.release();
    this.#link = link;
    this.#boundGeneration = generation;
    this.#doubtful = false;
    this.#expiry?.cancel();
    this.#expiry = undefined;
    this.#expired = false;
    this.#options.backoff.reset();
    this.#options.onAttached(frame);
  }

  /** Another was asked for in its place; but the home may have taken this one, and nothing since. */
  #onLateReply({ type }: ReplyFrame, asked: Asking): void {
    if (type === "socket-attached") this.#astray(asked);
    if (this.#asking === undefined) this.place();
  }

  #onRefused(frame: ErrorFrame, link: Link): void {
    this.#stopAsking();
    if (isUnfit(frame)) this.#options.avoid(link);
    // The node that was asked does not reach the home (SOCK-24), which knows nothing of it.
    const elsewhere = frame.code === "socket-gone" && frame.retry;
    const lost = elsewhere ? !this.mayBeAtHome && !this.#options.dial() : isFinal(frame);
    if (lost) return this.#options.onGone(frame);
    if (!elsewhere) this.#doubtful = true;
    this.#later(frame.retryAfterMs);
  }

  #later(atLeastMs: number): void {
    const { timers, backoff } = this.#options;
    this.#retry?.cancel();
    this.#retry = timers.after(backoff.next(atLeastMs), () => {
      this.#retry = undefined;
      this.place();
    });
  }

  #leave(): void {
    const { timers, resumeMs, onExpired } = this.#options;
    this.#link?.release();
    this.#link = undefined;
    this.#expiry ??= timers.after(resumeMs, () => {
      this.#expired = true;
      onExpired();
    });
  }

  /** The home may have taken it, and so off the connection that it is on here. */
  #astray(asked: Asking): void {
    this.#unanswered.delete(asked);
    if (asked.generation > this.#boundGeneration) this.#doubtful = true;
  }

  #stopAsking(): void {
    this.#asking?.link.release();
    this.#asking = undefined;
  }
}

/** Whether the server says that the connection carries no sockets (SOCK-1); with `retry` it has lost the way to one's home. */
export function isUnfit({ code, retry }: ErrorFrame): boolean {
  return code === "socket-unavailable" && !retry;
}

function isFinal({ code }: ErrorFrame): boolean {
  return code === "socket-gone" || code === "forbidden";
}
