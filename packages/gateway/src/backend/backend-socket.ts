import type { Clock, Timer, Timers } from "@hawser/protocol";
import type { UpstreamHandlers, UpstreamSocket } from "../upstream/upstream-socket.ts";
import type { BackendAnswer } from "./answer.ts";
import type { BackendSettings } from "./backend-options.ts";
import type { Delivered, Delivery } from "./delivery.ts";
import { disconnectEvent, messagesEvent, rawMessageEvent } from "./event.ts";
import type { BackendEvent, EndedBy, NumberedMessage, SocketFacts } from "./event.ts";
import { JoinedPieces } from "../upstream/joined-pieces.ts";
import { replyBytes } from "./reply.ts";
import type { Reply } from "./reply.ts";

export interface BackendSocketOptions {
  readonly facts: SocketFacts;
  /** The answer to its connect event. */
  readonly opened: BackendAnswer;
  readonly settings: () => BackendSettings;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly timers: Timers;
  /** It takes no pushes any more. */
  readonly onEnd: () => void;
  /** The back end knows, or could not be told: nothing is left of it. */
  readonly onDone: () => void;
}

/** What became of a push. */
export type Pushed = "taken" | "gone" | "full";

interface Waiting extends NumberedMessage {
  readonly written: () => void;
}

interface End {
  readonly code: number;
  readonly reason: string;
  readonly by: EndedBy;
}

type State =
  | { readonly kind: "open" }
  /** The client closed: what it sent before is delivered first, then it is told. */
  | { readonly kind: "closing"; readonly end: End; readonly timer: Timer }
  /** `onClose` was called; the back end is told behind the events that are left. */
  | { readonly kind: "ended"; readonly end: End }
  | { readonly kind: "done" };

/** How the gateway closes a socket whose back end has failed it (RFC 6455, section 7.4.1, and the registry of IANA). */
const closes = {
  refused: 1011,
  unavailable: 1013,
  tooLarge: 1009,
} as const;

/**
 * A conversation with an HTTP back end that looks like a socket. Events go out one at a time, in order; the messages that come
 * meanwhile travel together with the next one. What the back end answers goes to the client before the next event leaves.
 */
export class BackendSocket implements UpstreamSocket {
  readonly protocol: string;
  readonly extensions = "";
  readonly #options: BackendSocketOptions;
  #handlers: UpstreamHandlers | undefined;
  #userState: unknown;
  /** Of the message that is not whole yet. */
  readonly #pieces = new JoinedPieces();
  #messages = 0;
  #events = 0;
  #waiting: Waiting[] = [];
  #replies: Reply[] = [];
  #replyBytes = 0;
  #paused = false;
  #delivering = false;
  #state: State = { kind: "open" };

  constructor(options: BackendSocketOptions) {
    this.#options = options;
    this.protocol = options.opened.protocol ?? "";
    this.#take(options.opened);
  }

  get id(): string {
    return this.#options.facts.socket;
  }

  get handlers(): UpstreamHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: UpstreamHandlers | undefined) {
    this.#handlers = handlers;
    this.#options.timers.soon(() => this.#go());
  }

  send(piece: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    if (this.#state.kind !== "open") return;
    const { maxMessageBytes } = this.#options.settings().limits;
    if (this.#pieces.length + piece.length > maxMessageBytes)
      return this.end(closes.tooLarge, `A message has at most ${maxMessageBytes} bytes.`, "gateway");
    const isWhole = last && this.#pieces.length === 0;
    if (!isWhole) this.#pieces.add(piece);
    // Of a message larger than the sender's credit the pieces must be let in, before there is anything to deliver.
    if (!last) return written();
    const data = isWhole ? piece : this.#pieces.take();
    this.#messages += 1;
    this.#waiting.push({ number: this.#messages, data, text, written });
    this.#go();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#go();
  }

  close(code: number | undefined, reason: string): void {
    if (this.#state.kind !== "open") return;
    const end: End = { code: code ?? 1005, reason, by: "client" };
    const { timers } = this.#options;
    const timer = timers.after(this.#options.settings().limits.closeTimeoutMs, () => {
      this.#ended(end);
      this.#go();
    });
    this.#state = { kind: "closing", end, timer };
    this.#options.onEnd();
    this.#go();
  }

  terminate(): void {
    this.end(1006, "", "client");
  }

  /** Ends it at once: the client is told so, and the back end behind what the client sent before. */
  end(code: number, reason: string, by: EndedBy): void {
    if (this.#state.kind === "ended" || this.#state.kind === "done") return;
    // What a back end closed itself, or failed to take, it is not sent any more.
    if (by !== "client") this.#waiting = [];
    this.#ended({ code, reason, by });
    this.#go();
  }

  /** Has the back end's replies for the client, at any time. */
  push(replies: readonly Reply[]): Pushed {
    if (this.#state.kind !== "open") return "gone";
    const bytes = replies.reduce((sum, reply) => sum + replyBytes(reply), 0);
    // One that has nothing waiting takes a push of any size that is let in at all.
    if (this.#replyBytes > 0 && this.#replyBytes + bytes > this.#options.settings().limits.maxQueuedBytes)
      return "full";
    this.#queue(replies);
    this.#go();
    return "taken";
  }

  #queue(replies: readonly Reply[]): void {
    for (const reply of replies) {
      this.#replies.push(reply);
      this.#replyBytes += replyBytes(reply);
    }
  }

  #take(answer: BackendAnswer): void {
    if (answer.state !== undefined) this.#userState = answer.state;
    this.#queue(answer.replies);
  }

  /** Does whatever can be done now. */
  #go(): void {
    this.#reply();
    if (this.#delivering || this.#state.kind === "done") return;
    // A client that does not read gets no more answers to what it says.
    if (this.#replies.length > 0) return;
    if (this.#waiting.length > 0) this.#deliver();
    else if (this.#state.kind === "closing") {
      this.#ended(this.#state.end);
      this.#go();
    } else if (this.#state.kind === "ended") this.#disconnect(this.#state.end);
  }

  #reply(): void {
    while (!this.#paused && this.#replies.length > 0 && this.#handlers !== undefined) {
      const reply = this.#replies.shift()!;
      this.#replyBytes -= replyBytes(reply);
      if (reply.kind === "message") this.#handlers.onMessage(reply.data, reply.text);
      else this.end(reply.code, reply.reason, "back-end");
    }
  }

  #deliver(): void {
    const batch = this.#batch();
    this.#delivering = true;
    void this.#sent(this.#event(batch)).then((delivered) => {
      this.#delivering = false;
      if (delivered.kind === "answered") {
        if (this.#state.kind === "open" || this.#state.kind === "closing") this.#take(delivered.answer);
        else if (delivered.answer.state !== undefined) this.#userState = delivered.answer.state;
        for (const { written } of batch) written();
      } else {
        this.end(closes[delivered.kind], `The back end did not take a message: ${delivered.reason}`, "gateway");
        // Those behind it must not be taken for what came instead of it.
        this.#waiting = [];
      }
      this.#go();
    });
  }

  #batch(): readonly Waiting[] {
    const { format, limits } = this.#options.settings();
    const most = format === "raw" ? 1 : limits.maxBatchMessages;
    let count = 0;
    let bytes = 0;
    for (const { data } of this.#waiting) {
      bytes += data.length;
      if (count > 0 && (count >= most || bytes > limits.maxBatchBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #event(batch: readonly Waiting[]): BackendEvent {
    const { facts, clock, settings } = this.#options;
    this.#events += 1;
    const [first] = batch;
    return settings().format === "raw" && first !== undefined
      ? rawMessageEvent(facts, this.#events, first)
      : messagesEvent(clock.now(), facts, this.#events, this.#userState, batch);
  }

  #sent(event: BackendEvent): Promise<Delivered> {
    return this.#options.delivery.deliver(event, this.#options.settings().limits.maxAttempts);
  }

  #ended(end: End): void {
    if (this.#state.kind === "closing") this.#state.timer.cancel();
    else this.#options.onEnd();
    this.#state = { kind: "ended", end };
    this.#pieces.clear();
    this.#replies = [];
    this.#replyBytes = 0;
    this.#handlers?.onClose(end.code, shortened(end.reason));
  }

  #disconnect(end: End): void {
    this.#state = { kind: "done" };
    const { facts, clock } = this.#options;
    this.#events += 1;
    const event = disconnectEvent(clock.now(), facts, this.#events, this.#userState, end);
    void this.#sent(event).then(this.#options.onDone);
  }
}

/** A close frame has room for 123 bytes of reason; ours are ASCII but for what a back end gave, which is measured already. */
function shortened(reason: string): string {
  return Buffer.byteLength(reason) <= 123 ? reason : reason.slice(0, 120).replaceAll(/[^ -~]/g, "?");
}
