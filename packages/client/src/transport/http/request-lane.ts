import type { Codec, ServerFrame, Timer, Timers } from "@hawser/protocol";
import type { HttpExchange, HttpExchangeEnd, HttpExchangeHandlers } from "./http-exchange.ts";

export interface RequestLaneOptions {
  readonly codec: Codec;
  readonly timers: Timers;
  /** For how long an answer may bring nothing, not even a heartbeat (CON-11); Infinity: for ever. */
  readonly silenceMs: () => number;
  /** Requests of HTTP at a time. With 1 the frames are handled in their order. */
  readonly maxParallel: number;
  /** Sends frames behind `connect`. */
  readonly open: (frames: readonly Uint8Array[], repeatable: boolean, handlers: HttpExchangeHandlers) => HttpExchange;
  readonly onAnswer: (frame: ServerFrame, bytes: Uint8Array) => void;
  /** One of them ended without all answers: how the whole connection ends. */
  readonly onFailure: (end: HttpExchangeEnd) => void;
}

interface Waiting {
  /** That of the request, or the nonce of a ping. */
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly repeatable: boolean;
}

interface Running {
  readonly exchange: HttpExchange;
  readonly unanswered: Set<number>;
  /** Until the answer is taken for lost. */
  silence: Timer | undefined;
}

/** Requests that need no stream (publishes, or calls and pages of history), each sent with those that wait beside it. */
export class RequestLane {
  readonly #options: RequestLaneOptions;
  readonly #running = new Set<Running>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** In one body; told by the server. */
  maxBytes = 65_536;
  /** In one body; told by the server. */
  maxRequests = 256;

  constructor(options: RequestLaneOptions) {
    this.#options = options;
  }

  /** Bytes that were not sent. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** @param repeatable - Sent twice it has the same effect as once. */
  add(id: number, bytes: Uint8Array, repeatable: boolean): void {
    this.#waiting.push({ id, bytes, repeatable });
    this.#waitingBytes += bytes.length;
  }

  /** Nobody waits for the answer any more. @returns whether it had not come. */
  cancel(id: number): boolean {
    const index = this.#waiting.findIndex((waiting) => waiting.id === id);
    if (index >= 0) {
      for (const { bytes } of this.#waiting.splice(index, 1)) this.#waitingBytes -= bytes.length;
      return true;
    }
    for (const running of this.#running) {
      if (!running.unanswered.delete(id)) continue;
      // The end of the request is what aborts its handler (CALL-4); one that others share goes on.
      if (running.unanswered.size === 0) this.#leave(running);
      return true;
    }
    return false;
  }

  /** Sends what waits, as far as may be. */
  pump(): void {
    while (this.#waiting.length > 0 && this.#running.size < this.#options.maxParallel) this.#start();
  }

  /** Ends everything. */
  close(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const running of this.#running) this.#end(running);
  }

  #start(): void {
    const batch = this.#take();
    const unanswered = new Set(batch.map(({ id }) => id));
    const exchange = this.#options.open(
      batch.map(({ bytes }) => bytes),
      batch.every(({ repeatable }) => repeatable),
      {
        onFrame: (frame, bytes) => {
          if (takeAnswered(unanswered, frame) || endsConnection(frame)) this.#options.onAnswer(frame, bytes);
        },
        onHeard: () => this.#listen(running),
        onEnd: (end) => {
          this.#end(running);
          if (end.kind !== "whole" || unanswered.size > 0) this.#options.onFailure(end);
          else this.pump();
        },
      },
    );
    const running: Running = { exchange, unanswered, silence: undefined };
    this.#running.add(running);
    this.#listen(running);
  }

  /** A request may go over another connection of HTTP than the stream, which says nothing of its own. */
  #listen(running: Running): void {
    const { timers, silenceMs, onFailure } = this.#options;
    running.silence?.cancel();
    const waitMs = silenceMs();
    if (waitMs === Infinity) return;
    running.silence = timers.after(waitMs, () => {
      this.#end(running);
      onFailure({ kind: "broken", reason: "the answer to a request has gone silent" });
    });
  }

  /** As many as go into one body: at least one. */
  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes.length;
      if (count > 0 && (bytes > this.maxBytes || count >= this.maxRequests)) break;
      count += 1;
    }
    const taken = this.#waiting.splice(0, count);
    for (const waiting of taken) this.#waitingBytes -= waiting.bytes.length;
    return taken;
  }

  #end(running: Running): void {
    running.silence?.cancel();
    running.exchange.abort();
    this.#running.delete(running);
  }

  #leave(running: Running): void {
    this.#end(running);
    this.pump();
  }
}

/** Takes out what a frame answers, which may be several publishes (PUB-15). @returns whether there was any. */
function takeAnswered(unanswered: Set<number>, frame: ServerFrame): boolean {
  const first = frame.type === "pong" ? frame.nonce : "id" in frame ? frame.id : 0;
  const last = frame.type === "published" ? first + frame.following : first;
  let id = first;
  while (id <= last && unanswered.delete(id)) id += 1;
  return id > first;
}

/** What the server says ahead of a close (CON-3). */
function endsConnection(frame: ServerFrame): boolean {
  return frame.type === "error" && frame.id === 0;
}
