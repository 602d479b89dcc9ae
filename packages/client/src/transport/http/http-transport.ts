import { abnormalClosure, FrameSplitter } from "@hawser/protocol";
import type { ClientFrame, Codec, ConnectedFrame, Ports, ServerFrame } from "@hawser/protocol";
import type { Transport, TransportHandlers } from "../transport.ts";
import { Exchanges } from "./exchanges.ts";
import { concatenate } from "./http-exchange.ts";
import type { Fetch, HttpExchangeEnd } from "./http-exchange.ts";
import { RequestLane } from "./request-lane.ts";
import { StreamPresence } from "./stream-presence.ts";
import { StreamSubscriptions } from "./stream-subscriptions.ts";
import { Streams } from "./streams.ts";

export interface HttpTransportOptions {
  /** The base of the three addresses: `https://example.com/hawser`. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly codec: Codec;
  readonly ports: Pick<Ports, "clock" | "timers">;
  readonly handlers: TransportHandlers;
  /** Answers end as soon as they hold something, instead of going on. */
  readonly polls: boolean;
  readonly events: boolean;
  readonly maxParallelRequests: number;
}

/** A stream that was heard so lately is taken to live. */
const freshMs = 5_000;

/**
 * A connection made of HTTP requests (spec section 14): what comes down are streams, what goes up are requests of their own.
 * So no node holds anything between two requests, and each may go to another one.
 */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #exchanges: Exchanges;
  readonly #subscriptions: StreamSubscriptions;
  readonly #presence: StreamPresence;
  readonly #streams: Streams;
  readonly #publishes: RequestLane;
  readonly #asks: RequestLane;
  readonly #checks: RequestLane;
  #closed = false;

  constructor(options: HttpTransportOptions) {
    const { codec, ports, polls, handlers, maxParallelRequests } = options;
    this.#options = options;
    this.#exchanges = new Exchanges(options);
    const pass = (frame: ServerFrame, bytes?: Uint8Array): void => this.#pass(frame, bytes);
    const change = (): void => this.#streams.change();
    const onFailure = (end: HttpExchangeEnd): void => this.#fail(end);
    this.#subscriptions = new StreamSubscriptions({
      pass,
      change,
      fail: (reason) => this.#close(abnormalClosure, reason),
    });
    this.#presence = new StreamPresence({
      pass,
      change,
      request: (frames, id) => this.#asks.add(id, concatenate(frames.map((frame) => codec.encode(frame))), true),
    });
    this.#streams = new Streams({
      exchanges: this.#exchanges,
      codec,
      ports,
      polls,
      subscriptions: this.#subscriptions,
      presence: this.#presence,
      pass,
      onWelcome: (frame) => this.#onWelcome(frame),
      onFrame: () => this.#pump(),
      onFailure,
    });
    const lane = (maxParallel: number): RequestLane =>
      new RequestLane({
        codec,
        timers: ports.timers,
        silenceMs: () => this.#exchanges.silenceMs,
        maxParallel,
        open: (frames, repeatable, own) => this.#exchanges.open("requests", frames, repeatable, own),
        onAnswer: pass,
        onFailure,
      });
    this.#publishes = lane(1);
    this.#asks = lane(maxParallelRequests);
    this.#checks = lane(1);
    ports.timers.soon(() => {
      if (!this.#closed) handlers.onOpen(codec.subprotocol);
    });
  }

  get bufferedBytes(): number {
    return this.#publishes.waitingBytes + this.#asks.waitingBytes;
  }

  send(message: Uint8Array): void {
    if (this.#closed) return;
    const { codec } = this.#options;
    const splitter = new FrameSplitter(codec.binary, message.length);
    splitter.push(message);
    for (let bytes = splitter.next(); bytes !== undefined; bytes = splitter.next()) {
      for (const frame of codec.decodeClient(bytes)) this.#route(frame, bytes);
    }
    this.#pump();
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#stop();
    this.#options.ports.timers.soon(() => this.#options.handlers.onClose(code, reason));
  }

  get #lanes(): readonly RequestLane[] {
    return [this.#publishes, this.#asks, this.#checks];
  }

  /** Takes a frame of the core to where it goes. */
  #route(frame: ClientFrame, bytes: Uint8Array): void {
    switch (frame.type) {
      case "connect":
        this.#exchanges.hello = frame;
        return this.#streams.change();
      case "authenticate":
        return this.#authenticate(frame.id, frame.token);
      case "ping":
        return this.#ping(frame.nonce, bytes);
      case "subscribe":
        return this.#subscriptions.subscribe(frame);
      case "unsubscribe":
        return this.#subscriptions.unsubscribe(frame);
      case "seek":
        return this.#subscriptions.seek(frame);
      case "credit":
        return this.#subscriptions.credit(frame);
      case "publish":
        // With a producer the log drops what it has (PUB-2).
        return this.#publishes.add(frame.id, bytes, frame.producer.length > 0);
      case "history":
        return this.#asks.add(frame.id, bytes, true);
      case "call":
        return this.#asks.add(frame.id, bytes, frame.idempotent);
      case "cancel":
        return this.#cancel(frame.id);
      case "enter":
        return this.#presence.enter(frame);
      case "leave":
        return this.#presence.leave(frame);
      case "watch":
        return this.#presence.watch(frame);
      case "unwatch":
        return this.#presence.unwatch(frame);
      case "open-socket":
      case "attach-socket":
        return this.#refuseSocket(frame.id);
      case "socket-data":
      case "socket-window":
      case "socket-close":
      case "pong":
      case "received":
      case "close":
        return;
    }
  }

  /** Streams of HTTP go one way (SOCK-1): what a server would answer, without asking it. */
  #refuseSocket(id: number): void {
    const message = "There are no virtual sockets over HTTP.";
    this.#pass({ type: "error", id, code: "socket-unavailable", message, retry: false, retryAfterMs: 0 });
  }

  /** The token that counts from now on, and a stream that shows that it does. */
  #authenticate(id: number, token: string): void {
    const { hello } = this.#exchanges;
    if (hello !== undefined) this.#exchanges.hello = { ...hello, token };
    this.#streams.authenticate(id);
  }

  /**
   * Whether the stream lives cannot be asked of it. While it was heard lately, a request tells the rest; else the next
   * stream takes its place, and answers.
   */
  #ping(nonce: number, bytes: Uint8Array): void {
    if (this.#streams.silentMs < freshMs) this.#checks.add(nonce, bytes, true);
    else this.#streams.ping(nonce);
  }

  /** The answer that a server gives (CALL-3): its own may be that of another node by now. */
  #cancel(id: number): void {
    if (!this.#asks.cancel(id)) return;
    const message = "The call was cancelled.";
    this.#pass({ type: "error", id, code: "call-cancelled", message, retry: false, retryAfterMs: 0 });
  }

  #onWelcome({ maxMessageBytes, maxRequests }: ConnectedFrame): void {
    for (const lane of this.#lanes) {
      lane.maxBytes = maxMessageBytes || lane.maxBytes;
      lane.maxRequests = maxRequests || lane.maxRequests;
    }
  }

  #pass(frame: ServerFrame, bytes?: Uint8Array): void {
    if (!this.#closed) this.#options.handlers.onMessage(bytes ?? this.#options.codec.encode(frame));
  }

  #pump(): void {
    if (this.#closed || this.#exchanges.welcome === undefined) return;
    for (const lane of this.#lanes) lane.pump();
  }

  #fail(end: HttpExchangeEnd): void {
    if (end.kind === "closed") this.#close(end.code, end.reason);
    else this.#close(abnormalClosure, end.kind === "broken" ? end.reason : "an answer ended before it was whole");
  }

  #close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#stop();
    this.#options.handlers.onClose(code, reason);
  }

  /** Nothing is sent or heard any more. */
  #stop(): void {
    this.#closed = true;
    this.#exchanges.hello = undefined;
    this.#streams.stop();
    for (const lane of this.#lanes) lane.close();
  }
}
