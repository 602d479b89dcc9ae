import { HawserError } from "@hawser/protocol";
import type { Random, Timer, Timers } from "@hawser/protocol";
import type { Link, LinkHandlers } from "../link.ts";
import { decodeAnswer } from "../wire/answers.ts";
import type { Answer, WelcomeAnswer } from "../wire/answers.ts";
import { FrameSplitter } from "../wire/frame-splitter.ts";
import { encodeRequest, protocolVersion } from "../wire/requests.ts";
import { WireError } from "../wire/wire-error.ts";
import type { RemoteSettings } from "./remote-options.ts";

/** What the link tells its log. */
export interface LinkEvents {
  /** What the server says of itself. Throws a `HawserError` if it is not what was expected. */
  onWelcome(welcome: WelcomeAnswer): void;
  /** The server is there. */
  onConnected(): void;
  /** Throws a {@link WireError} for what makes no sense. */
  onAnswer(answer: Answer): void;
  /** The server is not there any more; what was asked has no answer. */
  onLost(): void;
}

type State =
  | { readonly kind: "idle" | "closed" }
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "connecting"; readonly attempt: Attempt }
  | { readonly kind: "connected"; readonly attempt: Attempt; readonly link: Link };

/** Who waits for the first connection. */
interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: HawserError) => void;
  readonly deadline: Timer;
}

/** The way to the log server: it comes back by itself, and finds out when nobody is there any more. */
export class ReconnectingLink {
  readonly #settings: RemoteSettings;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #events: LinkEvents;
  #state: State = { kind: "idle" };
  #opening: Opening | undefined;
  #lastError: HawserError;
  #failures = 0;

  constructor(settings: RemoteSettings, ports: { timers: Timers; random: Random }, events: LinkEvents) {
    this.#settings = settings;
    this.#timers = ports.timers;
    this.#random = ports.random;
    this.#events = events;
    this.#lastError = unavailable(`no log server answers at ${settings.connector.target}`);
  }

  get connected(): boolean {
    return this.#state.kind === "connected";
  }

  /**
   * Connects for the first time. Rejects when that cannot be, or has not been in time, with the error of the last try; then
   * the link is closed.
   */
  open(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = this.#timers.after(timeoutMs, () => this.#giveUp(this.#lastError));
      this.#opening = { resolve, reject, deadline };
      this.#connect();
    });
  }

  /** Sends a frame, if the server is there. */
  send(frame: Uint8Array): void {
    if (this.#state.kind === "connected") this.#state.link.write(frame);
  }

  /** Gives this connection up; the next one follows. */
  cut(): void {
    if (this.#state.kind === "connected") this.#state.attempt.fail(unavailable("the log server makes no sense"));
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "waiting") state.timer.cancel();
    else if (state.kind === "connecting" || state.kind === "connected") state.attempt.close();
    this.#opened()?.reject(new HawserError("log-closed", "the log was closed while it was opened"));
  }

  #connect(): void {
    const attempt = new Attempt(this.#settings, this.#timers, {
      onWelcome: (welcome, link) => {
        this.#events.onWelcome(welcome);
        this.#failures = 0;
        this.#state = { kind: "connected", attempt, link };
        this.#opened()?.resolve();
        this.#events.onConnected();
      },
      onAnswer: (answer) => this.#events.onAnswer(answer),
      onEnd: (error) => this.#ended(error),
    });
    this.#state = { kind: "connecting", attempt };
    attempt.begin();
  }

  #ended(error: HawserError): void {
    const { kind } = this.#state;
    if (kind === "closed") return;
    this.#lastError = error;
    if (this.#opening !== undefined && !error.retry) {
      this.#giveUp(error);
      return;
    }
    const { minBackoffMs, maxBackoffMs } = this.#settings;
    const longestMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    const timer = this.#timers.after(longestMs * this.#random.number(), () => this.#connect());
    this.#state = { kind: "waiting", timer };
    if (kind === "connected") this.#events.onLost();
  }

  #giveUp(error: HawserError): void {
    this.#opened()?.reject(error);
    this.close();
  }

  /** Who waits for the first connection, for the last time. */
  #opened(): Opening | undefined {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.deadline.cancel();
    return opening;
  }
}

interface AttemptEvents {
  onWelcome(welcome: WelcomeAnswer, link: Link): void;
  onAnswer(answer: Answer): void;
  /** Once. */
  onEnd(error: HawserError): void;
}

/** One connection, from the attempt to its end. */
class Attempt implements LinkHandlers {
  readonly #settings: RemoteSettings;
  readonly #timers: Timers;
  readonly #events: AttemptEvents;
  readonly #splitter: FrameSplitter;
  #link: Link | undefined;
  #timer: Timer | undefined;
  #welcomed = false;
  /** Something came since the last look. */
  #heard = false;
  #asked = false;
  #ended = false;

  constructor(settings: RemoteSettings, timers: Timers, events: AttemptEvents) {
    this.#settings = settings;
    this.#timers = timers;
    this.#events = events;
    this.#splitter = new FrameSplitter(settings.maxFrameBytes);
  }

  begin(): void {
    const { connector, connectTimeoutMs, maxFrameBytes } = this.#settings;
    const { target } = connector;
    this.#timer = this.#timers.after(connectTimeoutMs, () =>
      this.fail(unavailable(`${target} did not answer in time`)),
    );
    connector.connect(this).then(
      (link) => {
        this.#link = link;
        if (this.#ended) link.destroy();
        else link.write(encodeRequest({ type: "hello", version: protocolVersion, maxFrameBytes }));
      },
      (error: unknown) => this.fail(unavailable(`no log server at ${target}: ${(error as Error).message}`)),
    );
  }

  onBytes(bytes: Uint8Array): void {
    this.#heard = true;
    this.#splitter.push(bytes);
    try {
      while (!this.#ended) {
        const frame = this.#splitter.next();
        if (frame === undefined) return;
        this.#take(decodeAnswer(ownFrame(frame)));
      }
    } catch (error) {
      if (error instanceof WireError) this.fail(unavailable(`${this.#settings.connector.target}: ${error.message}`));
      else if (error instanceof HawserError) this.fail(error);
      else throw error;
    }
  }

  onDrain(): void {}

  onClose(): void {
    this.fail(unavailable(`the log server at ${this.#settings.connector.target} closed the connection`));
  }

  fail(error: HawserError): void {
    if (this.#ended) return;
    this.#stop();
    this.#link?.destroy();
    this.#events.onEnd(error);
  }

  /** Ends it without a word, once what was written has gone. */
  close(): void {
    if (this.#ended) return;
    this.#stop();
    this.#link?.end();
  }

  #stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#splitter.clear();
  }

  #take(answer: Answer): void {
    if (this.#welcomed) {
      if (answer.type !== "pong") this.#events.onAnswer(answer);
      return;
    }
    if (answer.type === "refused") {
      const { message, retry } = answer;
      throw new HawserError(answer.code as HawserError["code"], message, { retry });
    }
    if (answer.type !== "welcome") throw new WireError("the log server does not say welcome");
    this.#welcomed = true;
    this.#timer?.cancel();
    this.#listenFor();
    this.#events.onWelcome(answer, this.#link!);
  }

  #listenFor(): void {
    this.#timer = this.#timers.after(this.#settings.heartbeatMs, () => {
      if (!this.#heard && this.#asked) {
        this.fail(unavailable("the log server is silent"));
        return;
      }
      this.#asked = !this.#heard;
      if (this.#asked) this.#link?.write(encodeRequest({ type: "ping" }));
      this.#heard = false;
      this.#listenFor();
    });
  }
}

/** An error for a log that cannot be reached. */
export function unavailable(message: string): HawserError {
  return new HawserError("log-unavailable", message, { retry: true });
}

/** Entries are kept: they must not keep more of what was read than their own frame. */
function ownFrame(frame: Uint8Array): Uint8Array {
  return frame.byteLength === frame.buffer.byteLength ? frame : new Uint8Array(frame);
}
