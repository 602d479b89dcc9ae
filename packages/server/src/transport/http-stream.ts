import type { IncomingMessage, ServerResponse } from "node:http";
import { abnormalClosure, closeCodes } from "@hawser/protocol";
import type { Timer, Timers } from "@hawser/protocol";
import { RequestBody } from "./request-body.ts";
import type { StreamFraming } from "./stream-framing.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

/** When the answer ends by itself: never; when all was answered and there is something more, or after a time; when all was answered. */
export type AnswerKind = "stream" | "poll" | "requests";

export interface HttpStreamTransportOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly kind: AnswerKind;
  readonly framing: StreamFraming;
  readonly binary: boolean;
  /** Of the answer, beside its own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: HttpStreamLimits;
  readonly timers: Timers;
}

/** See `Limits`. */
export interface HttpStreamLimits {
  readonly maxMessageBytes: number;
  readonly maxRequests: number;
  readonly maxUnsentBytes: number;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  readonly closeTimeoutMs: number;
}

interface Mark {
  readonly id: number;
  /** The write behind which it stands. */
  readonly write: number;
}

/** Caches keep nothing, and proxies hold nothing back: `x-accel-buffering` is nginx's word for it. */
const streamHeaders = { "cache-control": "no-cache, no-store, no-transform", "x-accel-buffering": "no" } as const;

/**
 * One HTTP request as a connection (spec section 14): the frames of its body are what the client sends, its answer is
 * what the server sends. Written is confirmed when the kernel has taken it: the client cannot confirm on a request that
 * is made, and the next one may reach another node.
 */
export class HttpStreamTransport implements Transport {
  readonly framing: StreamFraming;
  handlers: TransportHandlers | undefined;
  readonly #options: HttpStreamTransportOptions;
  readonly #response: ServerResponse;
  readonly #body: RequestBody;
  #state: "open" | "closing" | "closed" = "open";
  #code: number = closeCodes.normal;
  #reason = "";
  /** Everything that was given to the core has its answer written. */
  #answered = false;
  #unasked = false;
  /** Writes so far, how many of them the kernel has, and at which the last mark stands. */
  #writes = 0;
  #taken = 0;
  #marked = 0;
  #beaten = 0;
  #marks: Mark[] = [];
  /** Of a poll: until it ends. Of a stream: until it has to show that it lives. */
  #due: Timer | undefined;
  #closing: Timer | undefined;

  constructor(options: HttpStreamTransportOptions) {
    const { request, response, limits, timers } = options;
    this.framing = options.framing;
    this.#options = options;
    this.#response = response;
    this.#body = new RequestBody({
      request,
      binary: options.binary,
      maxFrameBytes: limits.maxMessageBytes,
      maxBytes: limits.maxBodyBytes,
      maxAhead: limits.maxRequests,
      timeoutMs: limits.bodyTimeoutMs,
      timers,
      onFrame: (frame) => {
        this.#answered = false;
        this.handlers?.onMessage(frame, options.binary);
      },
      onEnd: () => this.#endIfDone(),
      onFailure: (code, reason) => {
        this.close(code, reason);
        this.handlers?.onClose(code, reason);
      },
    });
    if (options.kind === "poll") this.#due = timers.after(limits.pollMs, () => this.#finish());
    else this.#awaitBeat();
    response.on("close", () => this.#onClose());
    response.on("error", () => {});
  }

  write(pieces: readonly Uint8Array[]): void {
    const [last] = pieces.slice(-1);
    if (this.#state !== "open" || last === undefined) return;
    const response = this.#response;
    this.#sendHead();
    this.#writes += 1;
    const write = this.#writes;
    response.cork();
    for (const piece of pieces.slice(0, -1)) response.write(piece);
    response.write(last, (error) => this.#onTaken(write, error));
    response.uncork();
    if (response.writableLength > this.#options.limits.maxUnsentBytes) this.terminate();
  }

  mark(id: number): void {
    if (this.#state !== "open") return;
    // A question needs something to be taken: then the client hears that the stream lives, too.
    if (this.#writes === this.#marked) this.write([this.framing.heartbeat]);
    this.#marked = this.#writes;
    this.#marks.push({ id, write: this.#writes });
    if (this.#taken >= this.#writes) this.#options.timers.soon(() => this.#confirm());
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    if (this.#state === "open") this.#body.resume();
  }

  settled(unasked: boolean): void {
    if (this.#state !== "open") return;
    this.#answered = true;
    this.#unasked = unasked;
    this.#body.more();
    this.#endIfDone();
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.write([this.framing.close(code, reason)]);
    this.#end(code, reason);
  }

  terminate(): void {
    if (this.#state === "open") this.#leave(abnormalClosure, "");
    this.#response.destroy();
  }

  /** The client hears something at least this often, so that it finds a dead stream, and a proxy an idle one alive. */
  #awaitBeat(): void {
    const { timers, limits } = this.#options;
    this.#due = timers.after(limits.heartbeatMs / 2, () => {
      // Nothing comes ahead of `connected` (CON-3).
      if (this.#response.headersSent && this.#writes === this.#beaten) this.write([this.framing.heartbeat]);
      this.#beaten = this.#writes;
      this.#awaitBeat();
    });
  }

  #endIfDone(): void {
    if (this.#state !== "open" || !this.#answered || !this.#body.ended) return;
    const { kind } = this.#options;
    if (kind === "requests" || (kind === "poll" && this.#unasked)) this.#finish();
  }

  /** The answer is whole: the connection ends, and with it whatever it still asked for. */
  #finish(): void {
    if (this.#state !== "open") return;
    this.#sendHead();
    this.#end(closeCodes.normal, "");
    this.handlers?.onClose(closeCodes.normal, "");
  }

  #end(code: number, reason: string): void {
    const { timers, limits } = this.#options;
    this.#leave(code, reason);
    this.#closing = timers.after(limits.closeTimeoutMs, () => this.#response.destroy());
    this.#response.end();
  }

  #leave(code: number, reason: string): void {
    this.#state = "closing";
    this.#code = code;
    this.#reason = reason;
    this.#due?.cancel();
    this.#marks = [];
    this.#body.stop();
  }

  #sendHead(): void {
    const { headers } = this.#options;
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, { "content-type": this.framing.mediaType, ...streamHeaders, ...headers });
  }

  #onTaken(write: number, error: Error | null | undefined): void {
    if (error !== null && error !== undefined) return;
    this.#taken = Math.max(this.#taken, write);
    this.#confirm();
  }

  #confirm(): void {
    while (this.#state === "open" && this.#marks[0] !== undefined && this.#marks[0].write <= this.#taken) {
      this.handlers?.onConfirmed(this.#marks.shift()!.id);
    }
  }

  #onClose(): void {
    this.#closing?.cancel();
    if (this.#state === "closed") return;
    if (this.#state === "open") this.#leave(abnormalClosure, "");
    this.#state = "closed";
    this.handlers?.onClose(this.#code, this.#reason);
  }
}
