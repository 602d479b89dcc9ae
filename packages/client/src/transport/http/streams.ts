import { closeCodes } from "@hawser/protocol";
import type { Codec, ConnectedFrame, Ports, ServerFrame, Timer } from "@hawser/protocol";
import type { Exchanges } from "./exchanges.ts";
import type { HttpExchange, HttpExchangeEnd } from "./http-exchange.ts";
import type { PresenceBinding, StreamPresence } from "./stream-presence.ts";
import type { Binding, StreamSubscriptions } from "./stream-subscriptions.ts";

export interface StreamsOptions {
  readonly exchanges: Exchanges;
  readonly codec: Codec;
  readonly ports: Pick<Ports, "clock" | "timers">;
  /** Answers end as soon as they hold something, instead of going on. */
  readonly polls: boolean;
  readonly subscriptions: StreamSubscriptions;
  readonly presence: StreamPresence;
  /** A frame for the core; `bytes` when it is the one that came. */
  readonly pass: (frame: ServerFrame, bytes?: Uint8Array) => void;
  /** The first answer of the server's, ahead of its being passed on. */
  readonly onWelcome: (frame: ConnectedFrame) => void;
  /** Behind each frame that came. */
  readonly onFrame: () => void;
  /** One of them ended as none may: how the whole connection ends. */
  readonly onFailure: (end: HttpExchangeEnd) => void;
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
/** A poll is not asked who is there more often than this: the answer is something to tell, and ends it. */
const pollWatchMs = 5_000;
/** Until a stream must have answered what it was opened with. */
const openTimeoutMs = 10_000;

/**
 * What comes down: a stream that cannot be changed. When the core changes what it wants, the next stream is opened with
 * everything as it is then, takes over, and the former one is left (HTTP-9).
 */
export class Streams {
  readonly #options: StreamsOptions;
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

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** For how long nothing was heard. */
  get silentMs(): number {
    return this.#options.ports.clock.monotonic() - this.#heardAt;
  }

  /** Another stream is needed: behind this turn, in which more may change. */
  change(): void {
    this.#changed = true;
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.ports.timers.soon(() => {
      this.#scheduled = false;
      if (this.#changed) this.#openNext();
    });
  }

  /** The next stream's `connected` is the pong. */
  ping(nonce: number): void {
    this.#pings.push(nonce);
    this.change();
  }

  /** The next stream begins with the fresh token: its `connected` shows that it counts. */
  authenticate(id: number): void {
    this.#authentications.push(id);
    this.change();
  }

  /** Nothing is heard any more. */
  stop(): void {
    this.#closed = true;
    for (const stream of [this.#current, this.#next]) stream?.exchange.abort();
    this.#current = this.#next = undefined;
    this.#pause?.cancel();
    this.#watch?.cancel();
  }

  #openNext(): void {
    const { exchanges, subscriptions, presence, polls, codec, ports } = this.#options;
    if (this.#closed || exchanges.hello === undefined) return;
    if (this.#next !== undefined) {
      // What waits for something new may wait for long, and nobody waits for it: it makes room.
      if (!polls || this.#next.short) return;
      this.#leave(this.#next);
    }
    const { binding, frames } = subscriptions.ask();
    const [pings, authentications] = [this.#pings, this.#authentications];
    // A poll waits for what is new: whoever waits for an answer asks for answers alone.
    const waits = exchanges.welcome === undefined || pings.length + authentications.length > 0;
    const unanswered = subscriptions.unanswered || presence.unanswered;
    const kind = !polls ? "stream" : waits || unanswered ? "requests" : "poll";
    const startedAt = ports.clock.monotonic();
    const asked = presence.ask(frames.length, kind !== "poll" || startedAt - this.#watchedAt >= pollWatchMs);
    this.#changed = false;
    this.#pings = [];
    this.#authentications = [];
    this.#pause?.cancel();
    const body = [...frames, ...asked.frames].map((frame) => codec.encode(frame));
    const exchange = exchanges.open(kind, body, true, {
      onFrame: (frame, bytes) => this.#onFrame(frame, bytes, stream),
      onHeard: () => this.#heard(stream),
      onEnd: (end) => this.#onEnd(end, stream),
    });
    const stream: Stream = {
      exchange,
      binding,
      presence: asked.binding,
      startedAt,
      short: kind === "requests",
      pings,
      authentications,
      connected: false,
      fruitful: false,
    };
    this.#next = stream;
    this.#heardAt = startedAt;
    this.#watchStreams();
  }

  #onFrame(frame: ServerFrame, bytes: Uint8Array, stream: Stream): void {
    const { subscriptions, presence, pass, onFrame, ports } = this.#options;
    switch (frame.type) {
      case "connected":
        this.#onConnected(frame, bytes, stream);
        break;
      case "subscribed":
        subscriptions.onSubscribed(frame, stream.binding);
        break;
      case "error":
        if (frame.id === 0) pass(frame, bytes);
        else if (!presence.onError(frame, stream.presence)) subscriptions.onError(frame, stream.binding);
        break;
      case "entered":
      case "watched":
        presence.onAnswer(frame, stream.presence);
        break;
      case "present":
      case "absent":
      case "census":
        stream.fruitful = true;
        if (presence.onMembers(frame, bytes, stream.presence)) this.#watchedAt = ports.clock.monotonic();
        break;
      case "revoked":
        presence.onRevoked(frame, bytes);
        break;
      case "batch":
      case "reset":
      case "unsubscribed":
        stream.fruitful = true;
        subscriptions.onFrame(frame, bytes, stream.binding);
        break;
      case "move":
      case "ping":
        // A ping is the stream's heartbeat: the core hears that the other side is there.
        pass(frame, bytes);
        break;
      default:
        this.#fail(closeCodes.frameUnexpected, `${frame.type} came on a stream`);
    }
    const unanswered = stream.binding.asked.size + stream.presence.asked.size;
    if (stream === this.#next && stream.connected && unanswered === 0) this.#takeOver(stream);
    onFrame();
  }

  #onConnected(frame: ConnectedFrame, bytes: Uint8Array, stream: Stream): void {
    const { exchanges, pass, onWelcome } = this.#options;
    stream.connected = true;
    if (exchanges.welcome === undefined) {
      exchanges.welcome = frame;
      exchanges.hello = { ...exchanges.hello!, session: frame.session };
      onWelcome(frame);
      return pass(frame, bytes);
    }
    if (frame.user !== exchanges.welcome.user) {
      return this.#fail(closeCodes.tokenInvalid, "the fresh token is another user's");
    }
    const { expiresInMs } = frame;
    for (const id of stream.authentications) pass({ type: "authenticated", id, expiresInMs });
    for (const nonce of stream.pings) pass({ type: "pong", nonce });
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
    this.#options.subscriptions.release(binding);
    this.#options.presence.release(presence);
  }

  #onEnd(end: HttpExchangeEnd, stream: Stream): void {
    const going = end.kind === "closed" && end.code === closeCodes.goingAway;
    const stood = stream === this.#current && (end.kind !== "closed" || going);
    if (!stood) return this.#options.onFailure(end);
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
    const { exchanges, polls, ports, onFailure } = this.#options;
    const { clock, timers } = ports;
    const { silenceMs } = exchanges;
    const dueAt = (): number =>
      this.#next === undefined || polls ? this.#heardAt + silenceMs : this.#next.startedAt + openTimeoutMs;
    this.#watch?.cancel();
    if (this.#closed || dueAt() === Infinity) return;
    this.#watch = timers.after(Math.max(1, dueAt() - clock.monotonic()), () => {
      if (clock.monotonic() >= dueAt()) onFailure({ kind: "broken", reason: "the stream has gone silent" });
      else this.#watchStreams();
    });
  }

  #fail(code: number, reason: string): void {
    this.#options.onFailure({ kind: "closed", code, reason });
  }
}
