import {
  abnormalClosure,
  defaultMaxPieceBytes,
  HawserError,
  socketCloseCodes,
  SocketReceiver,
  SocketSender,
} from "@hawser/protocol";
import type { ErrorFrame, SocketOpenedFrame, SocketPiece, Timer } from "@hawser/protocol";
import { errorOf } from "../connection/closure.ts";
import type { Backoff } from "../session/backoff.ts";
import type { Link } from "../session/link.ts";
import type { SocketAddress } from "./home-paths.ts";
import { isUnfit, SocketPlacement } from "./socket-placement.ts";
import type { ResolvedSocketOptions } from "./options.ts";
import type { HomeFrame, SocketEntry, SocketsPart } from "./sockets-part.ts";

export interface SocketWireOptions extends ResolvedSocketOptions {
  readonly part: SocketsPart;
  readonly newBackoff: () => Backoff;
  readonly upstream: string;
  readonly protocols: readonly string[];
  readonly handlers: WireHandlers;
}

/** What happens to a virtual socket. Nothing is told after `onClose`, `onBroken` or `abandon`. */
export interface WireHandlers {
  onOpen(frame: SocketOpenedFrame): void;
  /** A part of a message; it counts as taken when `consumed` says so. */
  onPiece(piece: SocketPiece): void;
  /** The upstream closed, behind all that it said; 0: without a code, 1006: without a close. */
  onClose(code: number, reason: string): void;
  /** It is over in the middle: with this code. */
  onBroken(code: number, error: HawserError): void;
}

type State =
  /** It waits for a connection. */
  | { readonly kind: "waiting" }
  | { readonly kind: "opening"; readonly link: Link; readonly number: number }
  | {
      readonly kind: "open";
      readonly number: number;
      readonly sender: SocketSender;
      readonly placement: SocketPlacement;
      readonly address: SocketAddress;
    }
  | { readonly kind: "over"; readonly unconfirmedBytes: number };

/** How soon the home is told of what came, when there is no reason to tell it at once (SOCK-8). */
const tellAfterMs = 20;

/** One virtual socket on its way over the connections of a session: both streams, wherever it is placed. */
export class SocketWire implements SocketEntry {
  readonly #options: SocketWireOptions;
  readonly #receiver: SocketReceiver;
  readonly #openTimer: Timer;
  #state: State = { kind: "waiting" };
  /** Its place among what waits to be sent; another after each move. */
  #turn: object | undefined;
  #tellTimer: Timer | undefined;
  /** Nobody listens any more; it only has to end properly. */
  #abandoned = false;
  /** The number under which it was asked for last; 0: never. */
  #former = 0;

  /** Begins to open. */
  constructor(options: SocketWireOptions) {
    this.#options = options;
    this.#receiver = new SocketReceiver(options.windowBytes);
    const { part, openTimeoutMs } = options;
    this.#openTimer = part.context.ports.timers.after(openTimeoutMs, () =>
      this.#giveUp(abnormalClosure, new HawserError("deadline-exceeded", `Not open within ${openTimeoutMs} ms`)),
    );
    part.add(this);
  }

  get address(): SocketAddress | undefined {
    return this.#state.kind === "open" ? this.#state.address : undefined;
  }

  /** Bytes of messages that the home has not confirmed. */
  get unconfirmedBytes(): number {
    if (this.#state.kind === "open") return this.#state.sender.unconfirmedBytes;
    return this.#state.kind === "over" ? this.#state.unconfirmedBytes : 0;
  }

  /** Sends a message; the bytes are the wire's from now on. Only while it is open. */
  send(data: Uint8Array, text: boolean): void {
    if (this.#state.kind !== "open" || this.#state.sender.closing) return;
    this.#state.sender.push(data, text, true);
    this.#wake();
  }

  /** Ends the client's stream behind what was sent; `onClose` tells what the upstream says to that. 0: no code. */
  close(code: number, reason: string): void {
    if (this.#state.kind !== "open") return;
    this.#state.sender.close(code, reason);
    this.#wake();
  }

  /** So much of what came needs no room any more. */
  consumed(cost: number): void {
    this.#receiver.consumed(cost);
    this.#tell();
  }

  /** Nobody listens any more: what comes is dropped, and the home is told to end it with this code. */
  abandon(code: number): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    if (this.#state.kind === "waiting") return this.#finish();
    if (this.#state.kind !== "open") return;
    // What was not consumed would hold up the upstream's close.
    this.#receiver.consumed(this.#receiver.unconsumed);
    this.#tell();
    this.close(code, "");
  }

  place(): void {
    const state = this.#state;
    if (state.kind === "open") state.placement.place();
    else if (state.kind === "waiting") this.#open();
  }

  unlink(link: Link): void {
    const state = this.#state;
    if (state.kind === "open") state.placement.unlink(link);
    else if (state.kind === "opening" && state.link === link) this.#openAgain(state);
  }

  onFrame(frame: HomeFrame, link: Link): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    switch (frame.type) {
      case "socket-data":
        return this.#onData(frame);
      case "socket-window":
        if (!state.sender.confirm(frame.received, frame.credit)) return this.#violated();
        return this.#wake();
      case "socket-close":
        return this.#onClose(frame.from, frame.code, frame.reason);
      case "detach-socket":
        return state.placement.detach(frame, link);
    }
  }

  leave(): void {
    const state = this.#state;
    if (state.kind !== "open" || state.placement.link === undefined) return;
    const { sender, number, placement } = state;
    if (!sender.closing) sender.close(goingAway, "");
    // No turn is waited for: the connection ends behind this one.
    for (let piece = sender.next(defaultMaxPieceBytes); piece; piece = sender.next(defaultMaxPieceBytes))
      placement.link?.send({ type: "socket-data", number, ...piece });
    const close = sender.takeClose();
    if (close !== undefined) placement.link?.send({ type: "socket-close", number, ...close });
  }

  end(error: HawserError): void {
    this.#break(abnormalClosure, error);
  }

  #open(): void {
    const { part, lane, upstream, path, protocols } = this.#options;
    // That none carries sockets is told by the server of one.
    const link = part.choose(lane) ?? part.context.links.choose(lane);
    if (link === undefined) return;
    const number = part.number(this);
    const opening = { kind: "opening", link, number } as const;
    this.#state = opening;
    link.hold();
    link.request({
      build: (id) => {
        if (this.#state !== opening || this.#abandoned) return undefined;
        const { credit } = this.#receiver.tell();
        const instead = this.#former;
        this.#former = number;
        return { type: "open-socket", id, number, upstream, path, protocols, lane: wireLane(lane), credit, instead };
      },
      reply: (frame) => {
        if (this.#state !== opening) return;
        if (frame.type === "socket-opened") this.#onOpened(frame, opening);
        else if (frame.type === "error") this.#onRefused(frame, opening);
      },
      // The session tells of the lost connection itself.
      lost: () => {},
      tooLarge: () =>
        this.#break(
          abnormalClosure,
          new HawserError("message-too-large", "The server does not take so large a request"),
        ),
    });
  }

  #onRefused(frame: ErrorFrame, opening: State & { kind: "opening" }): void {
    const { part, lane } = this.#options;
    if (isUnfit(frame)) part.avoid(opening.link);
    if (isUnfit(frame) && part.choose(lane) !== undefined) this.#openAgain(opening);
    else this.#break(abnormalClosure, errorOf(frame));
  }

  /** The opening ended with its connection (SOCK-3), and nothing was said yet: it is tried again, as another (SOCK-25). */
  #openAgain({ link, number }: State & { kind: "opening" }): void {
    link.release();
    this.#options.part.forget(number);
    this.#state = { kind: "waiting" };
    if (this.#abandoned) this.#finish();
    else this.#open();
  }

  #onOpened(frame: SocketOpenedFrame, { link, number }: State & { kind: "opening" }): void {
    const { part, lane, newBackoff, handlers } = this.#options;
    const { token, home, instance, endpoints, resumeMs } = frame;
    let told = { received: 0, credit: 0 };
    this.#openTimer.cancel();
    const placement = new SocketPlacement({
      choose: (present) => part.choose(lane, present, home),
      avoid: (unfit) => part.avoid(unfit),
      timers: part.context.ports.timers,
      backoff: newBackoff(),
      resumeMs,
      link,
      build: (id, generation) => {
        told = this.#receiver.tell();
        return { type: "attach-socket", id, number, generation, token, home, instance, ...told };
      },
      onAttached: ({ received, credit }) => {
        this.#turn = undefined;
        if (!sender.rewind(received, credit)) return this.#violated();
        // What was said since on the connection before may have come to the home behind the attach, and counts for nothing.
        if (told.received < this.#receiver.offset || this.#receiver.tell().credit > told.credit) this.#tellNow();
        this.#wake();
      },
      dial: () => part.dial(home),
      onGone: (reason) => this.#onGone(reason),
      onExpired: () => {
        const text = `On no connection for ${resumeMs} ms`;
        this.#giveUp(socketCloseCodes.resumeExpired, new HawserError("socket-gone", text));
      },
    });
    link.release();
    const sender = new SocketSender(frame.credit);
    this.#state = { kind: "open", number, sender, placement, address: { home, endpoints } };
    if (this.#abandoned) this.close(0, "");
    else handlers.onOpen(frame);
    // Other connections may be better by now.
    placement.place();
    part.reach();
  }

  #onData(piece: SocketPiece): void {
    const reception = this.#receiver.take(piece);
    if (reception.kind === "violated") return this.#violated();
    if (reception.kind !== "taken") return;
    if (this.#abandoned) this.#receiver.consumed(this.#receiver.unconsumed);
    else this.#options.handlers.onPiece(reception.piece);
    this.#tell();
  }

  #onClose(from: number, code: number, reason: string): void {
    const taken = this.#receiver.takeClose(from);
    if (taken === "violated") return this.#violated();
    if (taken !== "taken") return;
    this.#tell();
    const told = !this.#abandoned;
    this.#finish();
    if (told) this.#options.handlers.onClose(code, reason);
  }

  #onGone({ code, message }: Pick<ErrorFrame, "code" | "message">): void {
    const closeCode = code === "forbidden" ? socketCloseCodes.forbidden : socketCloseCodes.homeLost;
    this.#giveUp(closeCode, new HawserError(code === "forbidden" ? "forbidden" : "socket-gone", message));
  }

  /** The other side broke a rule of the stream (SOCK-7). */
  #violated(): void {
    const { streamViolated } = socketCloseCodes;
    this.#giveUp(streamViolated, new HawserError("socket-gone", "The home broke a rule of the stream"), streamViolated);
  }

  /** It ends here, and its home may have it: what is on a connection is closed there, and what is to be on one when it is. */
  #giveUp(code: number, error: HawserError, homeCode = goingAway): void {
    const state = this.#state;
    const isAtHome = state.kind === "opening" || (state.kind === "open" && state.placement.mayBeAtHome);
    if (!isAtHome) return this.#break(code, error);
    const told = !this.#abandoned;
    this.abandon(homeCode);
    if (told) this.#options.handlers.onBroken(code, error);
  }

  #break(code: number, error: HawserError): void {
    if (this.#state.kind === "over") return;
    const told = !this.#abandoned;
    this.#abandoned = true;
    // An answer that is still to come is left behind: the home keeps such a socket no longer than any without a client.
    this.#finish();
    if (told) this.#options.handlers.onBroken(code, error);
  }

  #finish(): void {
    const state = this.#state;
    if (state.kind === "over") return;
    this.#openTimer.cancel();
    this.#tellTimer?.cancel();
    this.#state = { kind: "over", unconfirmedBytes: this.unconfirmedBytes };
    if (state.kind === "opening") state.link.release();
    if (state.kind === "open") state.placement.end();
    if ("number" in state) this.#options.part.forget(state.number);
    this.#options.part.delete(this);
  }

  /** Takes a place among what waits to be sent, if there is something. */
  #wake(): void {
    const state = this.#state;
    if (state.kind !== "open" || this.#turn !== undefined || !state.sender.ready) return;
    const { number, sender, placement } = state;
    const turn = {};
    this.#turn = turn;
    placement.link?.sendInTurn({
      // Of no lane is what is as urgent as `interactive`.
      lane: this.#options.lane || "normal",
      flow: `socket:${number}`,
      build: () => {
        if (this.#turn !== turn) return undefined;
        this.#turn = undefined;
        const piece = sender.next(defaultMaxPieceBytes);
        const close = piece === undefined ? sender.takeClose() : undefined;
        this.#wake();
        if (piece !== undefined) return { type: "socket-data", number, ...piece };
        return close && { type: "socket-close", number, ...close };
      },
    });
    if (placement.link === undefined) this.#turn = undefined;
  }

  /** Tells the home how far it came: at once when it may wait for it, and soon in any case. */
  #tell(): void {
    const state = this.#state;
    if (state.kind !== "open" || !this.#receiver.untold) return;
    const { placement, number } = state;
    // What attaches it elsewhere tells it too.
    if (placement.link === undefined) return;
    if (this.#receiver.due) {
      this.#tellTimer?.cancel();
      this.#tellTimer = undefined;
      placement.link.send({ type: "socket-window", number, ...this.#receiver.tell() });
    } else {
      this.#tellTimer ??= this.#options.part.context.ports.timers.after(tellAfterMs, () => {
        this.#tellTimer = undefined;
        if (this.#receiver.untold) this.#tellNow();
      });
    }
  }

  #tellNow(): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    state.placement.link?.send({ type: "socket-window", number: state.number, ...this.#receiver.tell() });
  }
}

/** RFC 6455, section 7.4.1: the page, or the program, goes away. */
const goingAway = 1001;

/** The lanes that the wire knows. */
function wireLane(lane: string): string {
  return ["interactive", "normal", "bulk"].includes(lane) ? lane : "";
}
