import {
  connectTimeout,
  defaultMaxMessageBytes,
  frameMalformed,
  frameUnexpected,
  HawserError,
  heartbeatTimeout,
  normalClosure,
} from "@hawser/protocol";
import type {
  ClientCodec,
  ClientFrame,
  ConnectedFrame,
  ConnectFrame,
  ErrorFrame,
  Ports,
  ServerFrame,
  Timer,
} from "@hawser/protocol";
import type { Connector, Transport } from "../transport/transport.ts";
import { closureOf } from "./closure.ts";
import type { Closure } from "./closure.ts";
import { newCounters } from "./counters.ts";
import type { ConnectionCounters } from "./counters.ts";
import { FrameWriter } from "./frame-writer.ts";
import { Heartbeat } from "./heartbeat.ts";

/** What one connection is made of. */
export interface ConnectionOptions {
  readonly id: number;
  readonly endpoint: string;
  /** What it is for; "": anything. */
  readonly lane: string;
  readonly connector: Connector;
  readonly codec: ClientCodec;
  readonly ports: Ports;
  /** From the first attempt to open it until `connected`. */
  readonly connectTimeoutMs: number;
  /** Of what can wait no more is handed to the transport while it holds so much. */
  readonly maxBufferedBytes: number;
  /** The first frame (CON-1). */
  readonly hello: ConnectFrame;
  readonly handlers: ConnectionHandlers;
}

/** What a connection tells. */
export interface ConnectionHandlers {
  onConnected(welcome: ConnectedFrame): void;
  /** Any later frame but `ping` and `pong`, in the order of the wire (WIRE-8). */
  onFrame(frame: ServerFrame): void;
  onRoundTrip(): void;
  /** Once, unless `close` was called here. */
  onClosed(closure: Closure): void;
}

type State =
  | { readonly kind: "opening" }
  | { readonly kind: "connecting" }
  | { readonly kind: "connected"; readonly heartbeat: Heartbeat }
  | { readonly kind: "closed"; readonly error: HawserError | undefined };

/**
 * One physical connection: opens it, says `connect`, turns messages into frames and frames into messages, and finds out
 * when the other side is gone. It knows nothing of sessions and channels.
 */
export class Connection {
  readonly id: number;
  readonly endpoint: string;
  readonly lane: string;
  readonly counters: ConnectionCounters = newCounters();
  /** Milliseconds that the last `ping` took; `undefined` before the first answer. */
  roundTripMs: number | undefined;
  /** When the state last changed, in milliseconds since 1970. */
  since: number;
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly writer: FrameWriter;
  readonly #openTimer: Timer;
  #state: State = { kind: "opening" };
  /** What the server said of its reason, ahead of the close. */
  #told: ErrorFrame | undefined;

  /** Begins to open. Throws what the connector throws. */
  constructor(options: ConnectionOptions) {
    const { connector, endpoint, codec, ports } = options;
    this.id = options.id;
    this.endpoint = endpoint;
    this.lane = options.lane;
    this.#options = options;
    this.since = ports.clock.now();
    this.#transport = connector.connect(endpoint, codec.subprotocol, {
      onOpen: (subprotocol) => this.#onOpen(subprotocol),
      onMessage: (message) => this.#onMessage(message),
      onClose: (code, reason) => this.#end(closureOf(code, reason, this.#told)),
    });
    const transport = this.#transport;
    this.writer = new FrameWriter(ports.timers, options.maxBufferedBytes, {
      get bufferedBytes() {
        return transport.bufferedBytes;
      },
      write: (message) => {
        this.counters.bytesOut += message.length;
        transport.send(message);
      },
    });
    this.#openTimer = ports.timers.after(options.connectTimeoutMs, () => this.#fail(connectTimeout, "connect timeout"));
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  /** The kind of its transport. */
  get transport(): string {
    return this.#transport.name ?? this.#options.connector.name;
  }

  /** Why it ended, when it did not end by `close`. */
  get lastError(): HawserError | undefined {
    return this.#state.kind === "closed" ? this.#state.error : undefined;
  }

  /**
   * Sends a frame with those of the same turn; nothing happens when the connection is closed.
   *
   * @returns the bytes that it has; `undefined` when it is larger than the server takes: nothing was sent.
   */
  send(frame: ClientFrame): number | undefined {
    if (this.#state.kind === "closed") return 0;
    const bytes = this.#options.codec.encode(frame);
    if (!this.writer.takes(bytes.length)) return undefined;
    if (frame.type === "publish") this.counters.messagesOut += 1;
    this.writer.add(bytes);
    return bytes.length;
  }

  /** How long a ping waits for its pong; 0 when none does. */
  get waitingMs(): number {
    return this.#state.kind === "connected" ? this.#state.heartbeat.waitingMs : 0;
  }

  /** Measures the round trip. */
  ask(): void {
    if (this.#state.kind === "connected") this.#state.heartbeat.ask();
  }

  /** Asks for a sign of life within so many milliseconds. */
  probe(withinMs: number): void {
    if (this.#state.kind === "connected") this.#state.heartbeat.probe(withinMs);
  }

  /** Ends it, after what was sent in this turn. No handler is called any more. */
  close(code: number = normalClosure, reason = ""): void {
    if (this.#state.kind === "closed") return;
    this.writer.flush();
    this.#leave(undefined);
    this.#transport.close(code, reason);
  }

  #onOpen(subprotocol: string): void {
    if (this.#state.kind !== "opening") return;
    if (subprotocol !== this.#options.codec.subprotocol) {
      return this.#fail(frameUnexpected, `subprotocol "${subprotocol}"`);
    }
    this.#enter({ kind: "connecting" });
    this.send(this.#options.hello);
    this.writer.flush();
  }

  #onMessage(message: Uint8Array): void {
    if (this.#state.kind === "closed") return;
    this.counters.bytesIn += message.length;
    if (this.#state.kind === "connected") this.#state.heartbeat.heard();
    let frames: readonly ServerFrame[];
    try {
      frames = this.#options.codec.decodeServer(message);
    } catch (error) {
      if (!(error instanceof HawserError)) throw error;
      const code = error.code === "frame-unexpected" ? frameUnexpected : frameMalformed;
      return this.#fail(code, error.message);
    }
    for (const frame of frames) this.#onFrame(frame);
  }

  #onFrame(frame: ServerFrame): void {
    // A frame before it in the same message may have closed the connection.
    if (this.state === "closed") return;
    if (frame.type === "error" && frame.id === 0) {
      this.#told = frame;
    } else if (frame.type === "close") {
      this.#transport.close(normalClosure, "");
      this.#end(closureOf(frame.code, frame.reason, this.#told));
    } else if (frame.type === "ping") {
      this.writer.addFirst(this.#options.codec.encode({ type: "pong", nonce: frame.nonce }));
    } else if (this.#state.kind === "connected") {
      if (frame.type === "pong") return this.#state.heartbeat.pong(frame.nonce);
      if (frame.type === "connected") return this.#fail(frameUnexpected, frame.type);
      if (frame.type === "batch" || frame.type === "page") this.counters.messagesIn += frame.messages.length;
      this.#options.handlers.onFrame(frame);
    } else if (frame.type === "connected") {
      this.#onConnected(frame);
    } else {
      this.#fail(frameUnexpected, frame.type);
    }
  }

  #onConnected(welcome: ConnectedFrame): void {
    const { ports, handlers } = this.#options;
    this.#openTimer.cancel();
    this.writer.maxMessageBytes = welcome.maxMessageBytes || defaultMaxMessageBytes;
    const heartbeat = new Heartbeat(ports, welcome.heartbeatMs, {
      ping: (nonce) => this.send({ type: "ping", nonce }),
      dead: () => this.#fail(heartbeatTimeout, "heartbeat timeout"),
      roundTrip: (roundTripMs) => {
        this.roundTripMs = roundTripMs;
        handlers.onRoundTrip();
      },
    });
    this.#enter({ kind: "connected", heartbeat });
    handlers.onConnected(welcome);
  }

  /** This side ends it, for a reason of its own. */
  #fail(code: number, reason: string): void {
    if (this.#state.kind === "closed") return;
    // The transport may take its time over a peer that is gone: nobody waits for it.
    this.#transport.close(code, reason.slice(0, 100));
    this.#end(closureOf(code, reason, undefined));
  }

  #end(closure: Closure): void {
    if (this.#state.kind === "closed") return;
    this.#leave(closure.error);
    this.#options.handlers.onClosed(closure);
  }

  #leave(error: HawserError | undefined): void {
    if (this.#state.kind === "connected") this.#state.heartbeat.stop();
    this.#openTimer.cancel();
    this.#enter({ kind: "closed", error });
  }

  #enter(state: State): void {
    this.#state = state;
    this.since = this.#options.ports.clock.now();
  }
}
