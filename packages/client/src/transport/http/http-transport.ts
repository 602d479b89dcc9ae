import { closeCodes, FrameSplitter } from "@hawser/protocol";
import type { ClientFrame, Codec, ConnectedFrame, ConnectFrame, Ports, ServerFrame, Timer } from "@hawser/protocol";
import type { Transport, TransportHandlers } from "../transport.ts";
import { concatenate, HttpExchange } from "./http-exchange.ts";
import type { Fetch, HttpExchangeEnd, HttpExchangeHandlers } from "./http-exchange.ts";
import { RequestLane } from "./request-lane.ts";
import { StreamPresence } from "./stream-presence.ts";
import type { PresenceBinding } from "./stream-presence.ts";
import { StreamSubscriptions } from "./stream-subscriptions.ts";
import type { Binding } from "./stream-subscriptions.ts";

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

/** One answer that brings what the server has to tell. */
interface Stream {
  readonly exchange: HttpExchange;
  readonly binding: Binding;
  readonly presence: PresenceBinding;
  readonly startedAt: number;
  /** Its answer ends as soon as what was asked is answered. */
  readonly short: boolean;
  /** Pings of the core that its `connected` answers. */
  readonly pings: readonly number[];
  /** Requests of the core that its `connected` answers. */
  readonly authentications: readonly number[];
  connected: boolean;
  /** It brought something that the core was given. */
  fruitful: boolean;
}

/** A stream that ended sooner is not opened again at once: something on the way ends them all. */
const shortStreamMs = 1_000;
/** A stream that was heard so lately is taken to live. */
const freshMs = 5_000;
/** A poll is not asked who is there more often than this: the answer is something to tell, and ends it. */
const pollWatchMs = 5_000;
/** Until a stream must have answered what it was opened with. */
const openTimeoutMs = 10_000;
/** Until the server has told its own. */
const defaultHeartbeatMs = 25_000;
/** How many silent heartbeats make a stream dead. */
const silentHeartbeats = 2;

/**
 * A connection made of HTTP requests (spec section 14). What comes down is a stream that cannot be changed: when the core
 * changes what it wants, the next stream is opened with everything as it is then, takes over, and the former one is left.
 * What goes up are requests of their own. So no node holds anything between two requests, and each may go to another one.
 */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #subscriptions: StreamSubscriptions;
  readonly #presence: StreamPresence;
  readonly #publishes: RequestLane;
  readonly #asks: RequestLane;
  readonly #checks: RequestLane;
  #hello: ConnectFrame | undefined;
  #welcome: ConnectedFrame | undefined;
  /** The stream in use, and the one that is to take over from it. */
  #current: Stream | undefined;
  #next: Stream | undefined;
  /** What the core wants has changed since the last stream was opened. */
  #changed = false;
  #scheduled = false;
  /** Waits before another stream is opened. */
  #pause: Timer | undefined;
  #watch: Timer | undefined;
  #heardAt = 0;
  /** When it was last told who is there, of polls. */
  #watchedAt = -pollWatchMs;
  #pings: number[] = [];
  #authentications: number[] = [];
  #closed = false;

  constructor(options: HttpTransportOptions) {
    const { codec, ports, handlers, maxParallelRequests } = options;
    this.#options = options;
    this.#subscriptions = new StreamSubscriptions({
      pass: (frame, bytes) => this.#pass(frame, bytes),
      change: () => this.#change(),
      fail: (reason) => this.#close(abnormal, reason),
    });
    this.#presence = new StreamPresence({
      pass: (frame, bytes) => this.#pass(frame, bytes),
      change: () => this.#change(),
      request: (frames, id) => this.#asks.add(id, concatenate(frames.map((frame) => codec.encode(frame))), true),
    });
    const lane = (maxParallel: number): RequestLane =>
      new RequestLane({
        codec,
        timers: ports.timers,
        silenceMs: () => this.#silenceMs,
        maxParallel,
        open: (frames, repeatable, own) => this.#exchange("requests", frames, repeatable, own),
        onAnswer: (frame, bytes) => this.#pass(frame, bytes),
        onFailure: (end) => this.#fail(end),
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

  /** Of an answer; then it is taken for lost. */
  get #silenceMs(): number {
    const heartbeatMs = this.#welcome?.heartbeatMs ?? defaultHeartbeatMs;
    return heartbeatMs === 0 ? Infinity : silentHeartbeats * heartbeatMs;
  }

  get #lanes(): readonly RequestLane[] {
    return [this.#publishes, this.#asks, this.#checks];
  }

  /** Takes a frame of the core to where it goes. */
  #route(frame: ClientFrame, bytes: Uint8Array): void {
    switch (frame.type) {
      case "connect":
        this.#hello = frame;
        return this.#change();
      case "authenticate":
        // The token that counts from now on, and a stream that shows that it does.
        if (this.#hello !== undefined) this.#hello = { ...this.#hello, token: frame.token };
        this.#authentications.push(frame.id);
        return this.#change();
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
      case "pong":
      case "received":
      case "close":
        return;
    }
  }

  /**
   * Whether the stream lives cannot be asked of it. While it was heard lately, a request tells the rest; else the next
   * stream takes its place, and answers.
   */
  #ping(nonce: number, bytes: Uint8Array): void {
    const silentMs = this.#options.ports.clock.monotonic() - this.#heardAt;
    if (silentMs < freshMs) return this.#checks.add(nonce, bytes, true);
    this.#pings.push(nonce);
    this.#change();
  }

  /** The answer that a server gives (CALL-3): its own may be that of another node by now. */
  #cancel(id: number): void {
    if (!this.#asks.cancel(id)) return;
    const message = "The call was cancelled.";
    this.#pass({ type: "error", id, code: "call-cancelled", message, retry: false, retryAfterMs: 0 });
  }

  /** Another stream is needed: behind this turn, in which more may change. */
  #change(): void {
    this.#changed = true;
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.ports.timers.soon(() => {
      this.#scheduled = false;
      if (this.#changed) this.#openNext();
    });
  }

  #openNext(): void {
    if (this.#closed || this.#hello === undefined) return;
    const { polls, codec, ports } = this.#options;
    if (this.#next !== undefined) {
      // What waits for something new may wait for long, and nobody waits for it: it makes room.
      if (!polls || this.#next.short) return;
      this.#leave(this.#next);
    }
    const { binding, frames } = this.#subscriptions.ask();
    const [pings, authentications] = [this.#pings, this.#authentications];
    // A poll waits for what is new: whoever waits for an answer asks for answers alone.
    const waits = this.#welcome === undefined || pings.length + authentications.length > 0;
    const unanswered = this.#subscriptions.unanswered || this.#presence.unanswered;
    const kind = !polls ? "stream" : waits || unanswered ? "requests" : "poll";
    const startedAt = ports.clock.monotonic();
    const presence = this.#presence.ask(frames.length, kind !== "poll" || startedAt - this.#watchedAt >= pollWatchMs);
    this.#changed = false;
    this.#pings = [];
    this.#authentications = [];
    this.#pause?.cancel();
    const exchange = this.#exchange(
      kind,
      [...frames, ...presence.frames].map((frame) => codec.encode(frame)),
      true,
      {
        onFrame: (frame, bytes) => this.#onFrame(frame, bytes, stream),
        onHeard: () => this.#heard(stream),
        onEnd: (end) => this.#onEnd(end, stream),
      },
    );
    const asked = { short: kind === "requests", pings, authentications };
    const bindings = { binding, presence: presence.binding };
    const stream: Stream = { exchange, ...bindings, startedAt, ...asked, connected: false, fruitful: false };
    this.#next = stream;
    this.#heardAt = startedAt;
    this.#watchStreams();
  }

  #exchange(
    kind: string,
    frames: readonly Uint8Array[],
    repeatable: boolean,
    handlers: HttpExchangeHandlers,
  ): HttpExchange {
    const { url, fetch, codec, events } = this.#options;
    const hello = this.#hello!;
    const [base = url, query] = url.split("?", 2);
    const target = `${base}/${kind}${query === undefined ? "" : `?${query}`}`;
    const body = [codec.encode(hello), ...frames];
    return new HttpExchange({ fetch, url: target, codec, events, body, repeatable, handlers });
  }

  #onFrame(frame: ServerFrame, bytes: Uint8Array, stream: Stream): void {
    switch (frame.type) {
      case "connected":
        this.#onConnected(frame, bytes, stream);
        break;
      case "subscribed":
        this.#subscriptions.onSubscribed(frame, stream.binding);
        break;
      case "error":
        if (frame.id === 0) this.#pass(frame, bytes);
        else if (!this.#presence.onError(frame, stream.presence)) this.#subscriptions.onError(frame, stream.binding);
        break;
      case "entered":
      case "watched":
        this.#presence.onAnswer(frame, stream.presence);
        break;
      case "present":
      case "absent":
      case "census":
        stream.fruitful = true;
        if (this.#presence.onMembers(frame, bytes, stream.presence))
          this.#watchedAt = this.#options.ports.clock.monotonic();
        break;
      case "revoked":
        this.#presence.onRevoked(frame, bytes);
        break;
      case "batch":
      case "reset":
      case "unsubscribed":
        stream.fruitful = true;
        this.#subscriptions.onFrame(frame, bytes, stream.binding);
        break;
      case "move":
      case "ping":
        // A ping is the stream's heartbeat: the core hears that the other side is there.
        this.#pass(frame, bytes);
        break;
      default:
        this.#close(closeCodes.frameUnexpected, `${frame.type} came on a stream`);
    }
    const unanswered = stream.binding.asked.size + stream.presence.asked.size;
    if (stream === this.#next && stream.connected && unanswered === 0) this.#takeOver(stream);
    this.#pump();
  }

  #onConnected(frame: ConnectedFrame, bytes: Uint8Array, stream: Stream): void {
    stream.connected = true;
    if (this.#welcome === undefined) {
      this.#welcome = frame;
      this.#hello = { ...this.#hello!, session: frame.session };
      for (const lane of this.#lanes) {
        lane.maxBytes = frame.maxMessageBytes || lane.maxBytes;
        lane.maxRequests = frame.maxRequests || lane.maxRequests;
      }
      return this.#pass(frame, bytes);
    }
    if (frame.user !== this.#welcome.user) {
      return this.#close(closeCodes.tokenInvalid, "the fresh token is another user's");
    }
    const { expiresInMs } = frame;
    for (const id of stream.authentications) this.#pass({ type: "authenticated", id, expiresInMs });
    for (const nonce of stream.pings) this.#pass({ type: "pong", nonce });
  }

  /** Everything that the stream was opened with has its answer: the former one is not needed any more. */
  #takeOver(stream: Stream): void {
    const former = this.#current;
    this.#current = stream;
    this.#next = undefined;
    if (former !== undefined) this.#leave(former);
    if (this.#changed) this.#openNext();
  }

  #leave(stream: Stream): void {
    stream.exchange.abort();
    this.#release(stream);
  }

  #release({ binding, presence }: Stream): void {
    this.#subscriptions.release(binding);
    this.#presence.release(presence);
  }

  #onEnd(end: HttpExchangeEnd, stream: Stream): void {
    const going = end.kind === "closed" && end.code === closeCodes.goingAway;
    if (end.kind === "closed" && !(going && stream === this.#current)) return this.#close(end.code, end.reason);
    if (stream === this.#next) return this.#fail(end);
    // One that has stood and ended, by whomever it was cut: the next one goes on where it stopped.
    this.#current = undefined;
    this.#release(stream);
    const { clock, timers } = this.#options.ports;
    const waitMs = stream.startedAt + shortStreamMs - clock.monotonic();
    this.#changed = true;
    if (stream.fruitful || waitMs <= 0 || (stream.short && end.kind === "whole")) return this.#openNext();
    this.#pause = timers.after(waitMs, () => this.#openNext());
  }

  #heard(stream: Stream): void {
    if (stream === this.#current || stream === this.#next) this.#heardAt = this.#options.ports.clock.monotonic();
  }

  /** Finds a stream that brings nothing any more, not even heartbeats: half-open, or held back on the way. */
  #watchStreams(): void {
    const { clock, timers } = this.#options.ports;
    const silenceMs = this.#silenceMs;
    const dueAt = (): number =>
      this.#next === undefined || this.#options.polls
        ? this.#heardAt + silenceMs
        : this.#next.startedAt + openTimeoutMs;
    this.#watch?.cancel();
    if (this.#closed || dueAt() === Infinity) return;
    this.#watch = timers.after(Math.max(1, dueAt() - clock.monotonic()), () => {
      if (clock.monotonic() >= dueAt()) this.#close(abnormal, "the stream has gone silent");
      else this.#watchStreams();
    });
  }

  #pass(frame: ServerFrame, bytes?: Uint8Array): void {
    if (!this.#closed) this.#options.handlers.onMessage(bytes ?? this.#options.codec.encode(frame));
  }

  #pump(): void {
    if (this.#closed || this.#welcome === undefined) return;
    for (const lane of this.#lanes) lane.pump();
  }

  #fail(end: HttpExchangeEnd): void {
    if (end.kind === "closed") this.#close(end.code, end.reason);
    else this.#close(abnormal, end.kind === "broken" ? end.reason : "an answer ended before it was whole");
  }

  #close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#stop();
    this.#options.handlers.onClose(code, reason);
  }

  /** Nothing is sent or heard any more. */
  #stop(): void {
    this.#closed = true;
    for (const stream of [this.#current, this.#next]) stream?.exchange.abort();
    this.#current = this.#next = this.#hello = undefined;
    for (const lane of this.#lanes) lane.close();
    this.#pause?.cancel();
    this.#watch?.cancel();
  }
}

/** What a WebSocket says of a connection that broke (RFC 6455, section 7.4.1). */
const abnormal = 1006;
