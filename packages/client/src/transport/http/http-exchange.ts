import { closeCodes, FrameSplitter, HawserError } from "@hawser/protocol";
import type { Codec, ServerFrame } from "@hawser/protocol";
import { EventDecoder } from "./event-decoder.ts";

/** What is used of the standard `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpExchangeOptions {
  readonly fetch: Fetch;
  readonly url: string;
  readonly codec: Codec;
  /** Ask for server-sent events. */
  readonly events: boolean;
  /** Frames, as encoded. */
  readonly body: readonly Uint8Array[];
  /** It may be sent again when nothing of Hawser's was heard of it: a node that goes away is passed over by whatever stands before it. */
  readonly repeatable: boolean;
  readonly handlers: HttpExchangeHandlers;
}

/** How an answer ended. */
export type HttpExchangeEnd =
  /** As HTTP ends an answer: it is whole. */
  | { readonly kind: "whole" }
  /** The server closed the connection, and said why (CON-16). */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  /** The network, a proxy, or an answer that is none of Hawser's. */
  | { readonly kind: "broken"; readonly reason: string };

export interface HttpExchangeHandlers {
  /** @param bytes - The frame as it came. */
  onFrame(frame: ServerFrame, bytes: Uint8Array): void;
  /** Something was heard, be it a part of a frame. */
  onHeard(): void;
  /** Once, unless `abort` was called. */
  onEnd(end: HttpExchangeEnd): void;
}

/** Bad gateway, service unavailable (a node that shuts down says so too), gateway timeout (RFC 9110, section 15.6). */
const passedOver: ReadonlySet<number> = new Set([502, 503, 504]);
/** Far above any frame that a server makes: a bound of memory for an answer that is none. */
const maxFrameBytes = 64 * 1024 * 1024;

/** One request with frames in its body, and its answer, read as it comes. */
export class HttpExchange {
  readonly #options: HttpExchangeOptions;
  readonly #abort = new AbortController();
  #ended = false;

  /** Sends the request. */
  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    void this.#run();
  }

  /** Ends it; no handler is called any more. */
  abort(): void {
    this.#ended = true;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    try {
      let response = await this.#request(this.#options.repeatable ? passedOver : undefined);
      response ??= await this.#request(undefined);
      if (response !== undefined) await this.#read(response);
    } catch (error) {
      const malformed = error instanceof HawserError;
      if (malformed) this.#end({ kind: "closed", code: closeCodes.frameMalformed, reason: error.message });
      else this.#end({ kind: "broken", reason: String(error) });
    }
    // An answer of which the rest is not wanted would go on.
    this.#abort.abort();
  }

  /** @param again - The answers after which it is sent again, and a network that fails with them. */
  async #request(again: ReadonlySet<number> | undefined): Promise<Response | undefined> {
    if (this.#ended) return undefined;
    const { fetch, url, codec, events, body } = this.#options;
    const type = `application/vnd.${codec.subprotocol}`;
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "content-type": type, accept: events ? "text/event-stream" : type },
        body: concatenate(body),
        cache: "no-store",
        redirect: "error",
        signal: this.#abort.signal,
      });
    } catch (error) {
      if (again === undefined) throw error;
      return undefined;
    }
    const { status } = response;
    if (again?.has(status) === true) {
      await response.body?.cancel();
      return undefined;
    }
    const answered = response.headers.get("content-type") ?? "";
    if (status === 200 && answered.startsWith(events ? "text/event-stream" : type)) return response;
    const reason = `the answer is ${status} of type "${answered}"`;
    this.#end(status === 413 ? { kind: "closed", code: closeCodes.messageTooBig, reason } : { kind: "broken", reason });
    return undefined;
  }

  async #read(response: Response): Promise<void> {
    const { codec, events, handlers } = this.#options;
    const reader = response.body?.getReader();
    const decoder = events ? new EventDecoder(codec.binary, maxFrameBytes) : undefined;
    const splitter = new FrameSplitter(codec.binary, maxFrameBytes);
    while (!this.#ended) {
      const read = await reader?.read();
      if (read === undefined || read.done || this.#ended) break;
      handlers.onHeard();
      for (const bytes of decoder?.push(read.value) ?? [read.value]) splitter.push(bytes);
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) this.#onFrame(frame);
    }
    const rest = this.#ended ? undefined : splitter.rest();
    if (rest !== undefined) this.#onFrame(rest);
    this.#end({ kind: "whole" });
  }

  #onFrame(bytes: Uint8Array): void {
    for (const frame of this.#options.codec.decodeServer(bytes)) {
      if (this.#ended) return;
      if (frame.type === "close") this.#end({ kind: "closed", code: frame.code, reason: frame.reason });
      else this.#options.handlers.onFrame(frame, bytes);
    }
  }

  #end(end: HttpExchangeEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.handlers.onEnd(end);
  }
}

/** All pieces in one. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
