import type { IncomingMessage } from "node:http";
import { closeCodes, FrameSplitter, HawserError } from "@hawser/protocol";
import type { Timer, Timers } from "@hawser/protocol";

export interface RequestBodyOptions {
  readonly request: IncomingMessage;
  readonly binary: boolean;
  readonly maxFrameBytes: number;
  readonly maxBytes: number;
  /** Frames that are given before `more` has to be called. */
  readonly maxAhead: number;
  readonly timeoutMs: number;
  readonly timers: Timers;
  readonly onFrame: (frame: Uint8Array) => void;
  /** Once, when every frame was given. */
  readonly onEnd: () => void;
  /** Once, when the body is none that can be taken; nothing follows. */
  readonly onFailure: (code: number, reason: string) => void;
}

type State = "reading" | "received" | "ended" | "stopped";

/**
 * The frames of a request's body, one after the other as they come. What is not wanted yet stays in the kernel, but for
 * what the socket read at once and one frame that is not whole.
 */
export class RequestBody {
  readonly #options: RequestBodyOptions;
  readonly #splitter: FrameSplitter;
  #state: State = "reading";
  #bytes = 0;
  #ahead: number;
  #paused = false;
  #giving = false;
  #timer: Timer | undefined;

  constructor(options: RequestBodyOptions) {
    const { request } = options;
    this.#options = options;
    this.#ahead = options.maxAhead;
    this.#splitter = new FrameSplitter(options.binary, options.maxFrameBytes);
    request.on("data", (chunk: Buffer) => this.#onData(chunk));
    request.on("end", () => this.#onEnd());
    // What the socket suffers is told by the response.
    request.on("error", () => {});
    this.#awaitEnd();
  }

  /** Every frame was given. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  pause(): void {
    this.#paused = true;
    if (this.#state === "reading") this.#options.request.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#give();
  }

  /** What was given is done with: as much again may come. */
  more(): void {
    if (this.#ahead === this.#options.maxAhead) return;
    this.#ahead = this.#options.maxAhead;
    this.#give();
  }

  /** Nothing is given any more; the rest of the body is dropped. */
  stop(): void {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#timer?.cancel();
    this.#options.request.resume();
  }

  get #blocked(): boolean {
    return this.#paused || this.#ahead === 0;
  }

  #onData(chunk: Buffer): void {
    if (this.#state !== "reading") return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.maxBytes) {
      return this.#fail(closeCodes.messageTooBig, `A body has at most ${this.#options.maxBytes} bytes.`);
    }
    this.#splitter.push(chunk);
    this.#give();
    if (this.#blocked && this.#state === "reading") this.#options.request.pause();
  }

  #onEnd(): void {
    if (this.#state !== "reading") return;
    this.#state = "received";
    this.#timer?.cancel();
    this.#give();
  }

  #give(): void {
    // A handler may pause and resume in the middle of it.
    if (this.#giving) return;
    this.#giving = true;
    try {
      while (!this.#blocked && (this.#state === "reading" || this.#state === "received")) {
        const frame = this.#next();
        if (frame === undefined) break;
        this.#ahead -= 1;
        this.#options.onFrame(frame);
      }
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      const tooLarge = error.code === "message-too-large";
      this.#fail(tooLarge ? closeCodes.messageTooBig : closeCodes.frameMalformed, error.message);
    } finally {
      this.#giving = false;
    }
    if (this.#blocked) return;
    if (this.#state === "reading") this.#options.request.resume();
    else if (this.#state === "received") {
      this.#state = "ended";
      this.#options.onEnd();
    }
  }

  #next(): Uint8Array | undefined {
    const frame = this.#splitter.next();
    return frame ?? (this.#state === "received" ? this.#splitter.rest() : undefined);
  }

  /** Time in which this side did not read counts for nothing. */
  #awaitEnd(): void {
    const { timers, timeoutMs } = this.#options;
    this.#timer = timers.after(timeoutMs, () => {
      if (this.#state !== "reading") return;
      if (this.#blocked) this.#awaitEnd();
      else this.#fail(closeCodes.connectTimeout, `The body did not come within ${timeoutMs} ms.`);
    });
  }

  #fail(code: number, reason: string): void {
    this.stop();
    this.#options.onFailure(code, reason);
  }
}
