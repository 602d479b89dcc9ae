import { HawserError } from "@hawser/protocol";
import { AddressSource } from "./address-source.ts";
import type { SocketAddress } from "./address-source.ts";
import { ConnectionLoop } from "./connection-loop.ts";
import type { LoopState } from "./connection-loop.ts";
import { resolveSocketOptions } from "./options.ts";
import type { ReconnectingWebSocketOptions, ResolvedSocketOptions } from "./options.ts";
import type { PhysicalSocket, SocketClosure } from "./physical-socket.ts";
import { SendQueue } from "./send-queue.ts";
import { dataBytes, socketDataOf } from "./socket-data.ts";
import type { SocketData } from "./socket-data.ts";
import { closeEvent, EventHandlers, messageEvent, SocketEventTarget, withFields } from "./socket-events.ts";
import type { SocketCloseEvent, SocketMessageEvent } from "./socket-events.ts";
import { notYetOpen, parseClosing, parseProtocols } from "./standard-arguments.ts";
import type { SocketCounters, SocketStatus } from "./status.ts";

type Handler<Event> = ((event: Event) => unknown) | null;

/** What each state of the loop is called by the standard. */
const readyStates: Readonly<Record<LoopState["kind"], 0 | 1 | 2 | 3>> = {
  connecting: 0,
  waiting: 0,
  open: 1,
  closing: 2,
  closed: 3,
};

/**
 * A `WebSocket` that connects again, to any server: the standard's interface (WHATWG WebSockets), usable wherever a
 * `WebSocket` is. What differs from the platform's, beside the options:
 *
 * - When the connection is lost, `readyState` goes back to `CONNECTING`, `reconnecting` is told instead of `error` and
 *   `close`, and `open` comes again with the next connection. `close` comes once, when it is over for good.
 * - After the first `open`, `send` never throws `InvalidStateError`: what is sent while there is no connection waits in a
 *   queue, and goes out right after the listeners of the next `open`, behind what they send.
 * - What the platform had taken when a connection was lost may be lost with it, as with any `WebSocket`.
 *
 * @example
 * const socket = new ReconnectingWebSocket(["wss://a.example.com", "wss://b.example.com"], "chat.v1", {
 *   heartbeat: { message: "ping", isAnswer: (data) => data === "pong" },
 * });
 * socket.onmessage = ({ data }) => console.log(data);
 *
 * @throws DOMException `SyntaxError` for a bad URL or bad subprotocols, HawserError `option-invalid` for bad options.
 */
export class ReconnectingWebSocket extends SocketEventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  readonly #options: ResolvedSocketOptions;
  readonly #address: AddressSource;
  readonly #loop: ConnectionLoop;
  readonly #queue: SendQueue;
  readonly #eventHandlers = new EventHandlers(this);
  readonly #counters: SocketCounters = {
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    connects: 0,
    dropped: 0,
  };
  #binaryType: "blob" | "arraybuffer" = "blob";
  /** Of the last connection that opened. */
  #protocol = "";
  #extensions = "";
  /** What was sent after the end, and what had not left then: by the standard `bufferedAmount` does not forget it. */
  #unsentBytes = 0;

  constructor(url: SocketAddress, protocols?: string | readonly string[], options: ReconnectingWebSocketOptions = {}) {
    super();
    this.#address = new AddressSource(url, options.alternates ?? []);
    const names = parseProtocols(protocols);
    this.#options = resolveSocketOptions(options);
    this.#queue = new SendQueue(this.#options.queue);
    this.#loop = new ConnectionLoop(this.#options, this.#address, names, {
      onOpen: (socket) => this.#onOpen(socket),
      onMessage: (data) => this.#onMessage(data),
      onLost: (lost, delayMs) => this.dispatchEvent(withFields("reconnecting", { ...lost, delayMs })),
      onEnd: (closure, unsentBytes) => this.#onEnd(closure, unsentBytes),
      onChange: () => this.dispatchEvent(withFields("status", { status: this.status })),
    });
  }

  /**
   * The same class with other defaults, for libraries that take a `WebSocket` class and construct it with an address and
   * subprotocols.
   *
   * @example
   * createClient({ url, webSocketImpl: ReconnectingWebSocket.with({ isFinal: ({ opened }) => opened }) });
   */
  static with(defaults: ReconnectingWebSocketOptions): typeof ReconnectingWebSocket {
    return class extends ReconnectingWebSocket {
      constructor(
        url: SocketAddress,
        protocols?: string | readonly string[],
        options: ReconnectingWebSocketOptions = {},
      ) {
        super(url, protocols, { ...defaults, ...options });
      }
    };
  }

  /** Where the present connection, or attempt, leads, or the last one did. "" before a function has given an address. */
  get url(): string {
    return this.#address.url;
  }

  /** `CONNECTING` already when the other side has begun to close, and until there is another connection. */
  get readyState(): 0 | 1 | 2 | 3 {
    const { state } = this.#loop;
    return state.kind === "open" && !state.socket.isOpen ? this.CONNECTING : readyStates[state.kind];
  }

  /** The subprotocol that the server chose for the present connection, or the last one. */
  get protocol(): string {
    return this.#protocol;
  }

  get extensions(): string {
    return this.#extensions;
  }

  /** Bytes given to `send` that have not left: in the queue, and in the platform's socket. */
  get bufferedAmount(): number {
    const { state } = this.#loop;
    const socket = state.kind === "open" || state.kind === "closing" ? state.socket : undefined;
    return this.#queue.bytes + (socket?.bufferedBytes ?? 0) + this.#unsentBytes;
  }

  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }

  set binaryType(type: "blob" | "arraybuffer") {
    // By WebIDL a value that the enumeration does not have is passed over.
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /** How it is connected, now, and what went over it. Beyond the standard. */
  get status(): SocketStatus {
    const { state, since, roundTripMs, lastError } = this.#loop;
    return {
      state: state.kind,
      since,
      until: state.kind === "waiting" ? state.until : undefined,
      url: this.url,
      roundTripMs,
      ...this.#counters,
      queuedMessages: this.#queue.messages,
      queuedBytes: this.#queue.bytes,
      lastError,
    };
  }

  /**
   * Sends, or queues while there is no connection.
   *
   * @throws DOMException `InvalidStateError` before the first connection, unless `queueBeforeOpen` is set.
   * @throws HawserError `outbox-full` when the queue, or what the platform may hold, has no room: nothing was taken.
   */
  send(data: SocketData): void {
    const message = socketDataOf(data);
    const { state } = this.#loop;
    switch (state.kind) {
      case "open":
        // The other side has begun to close: the platform would drop it without a word.
        if (!state.socket.isOpen) return this.#enqueue(message);
        return this.#transmit(state.socket, message);
      case "closing":
      case "closed":
        this.#unsentBytes += dataBytes(message);
        return;
      default:
        if (this.#counters.connects === 0 && !this.#options.queueBeforeOpen) throw notYetOpen();
        return this.#enqueue(message);
    }
  }

  /**
   * Ends it for good. What waits in the queue while there is no connection is dropped.
   *
   * @param code 1000, or from 3000 to 4999. Default: none is sent.
   * @param reason at most 123 bytes of UTF-8.
   * @throws DOMException `InvalidAccessError` for the code, `SyntaxError` for the reason.
   */
  close(code?: number, reason?: string): void {
    const text = reason === undefined ? "" : String(reason);
    const checked = parseClosing(code, text);
    const { state } = this.#loop;
    if (state.kind === "open") this.#flush(state.socket);
    // A reason needs a code: by the standard it is then 1000.
    this.#loop.close(checked ?? (text === "" ? undefined : 1000), text);
  }

  /** Connects now instead of waiting longer; a connection that stands is asked for a sign of life. Beyond the standard. */
  retry(): void {
    this.#loop.retry();
  }

  get onopen(): Handler<Event> {
    return this.#eventHandlers.get("open");
  }
  set onopen(handler: Handler<Event>) {
    this.#eventHandlers.set("open", handler);
  }

  get onmessage(): Handler<SocketMessageEvent> {
    return this.#eventHandlers.get("message");
  }
  set onmessage(handler: Handler<SocketMessageEvent>) {
    this.#eventHandlers.set("message", handler);
  }

  get onerror(): Handler<Event> {
    return this.#eventHandlers.get("error");
  }
  set onerror(handler: Handler<Event>) {
    this.#eventHandlers.set("error", handler);
  }

  get onclose(): Handler<SocketCloseEvent> {
    return this.#eventHandlers.get("close");
  }
  set onclose(handler: Handler<SocketCloseEvent>) {
    this.#eventHandlers.set("close", handler);
  }

  #transmit(socket: PhysicalSocket, message: SocketData): void {
    const bytes = dataBytes(message);
    const buffered = socket.bufferedBytes;
    if (buffered > 0 && buffered + bytes > this.#options.maxBufferedBytes) {
      throw new HawserError("outbox-full", `${buffered} bytes have not left yet: wait until bufferedAmount falls`);
    }
    socket.send(message);
    this.#counters.messagesOut += 1;
    this.#counters.bytesOut += bytes;
  }

  #enqueue(message: SocketData): void {
    const dropped = this.#queue.push(message);
    if (dropped === undefined) {
      const text = `The queue has no room while there is no connection: ${this.#queue.messages} messages wait`;
      throw new HawserError("outbox-full", text, { retry: true });
    }
    this.#counters.dropped += dropped;
  }

  #onOpen(socket: PhysicalSocket): void {
    this.#counters.connects += 1;
    this.#protocol = socket.protocol;
    this.#extensions = socket.extensions;
    this.dispatchEvent(new Event("open"));
    this.#flush(socket);
  }

  #flush(socket: PhysicalSocket): void {
    for (;;) {
      const { state } = this.#loop;
      // Listeners of `open` may have closed it, or the other side.
      if (state.kind !== "open" || state.socket !== socket || !socket.isOpen) return;
      const message = this.#queue.shift();
      if (message === undefined) return;
      socket.send(message);
      this.#counters.messagesOut += 1;
      this.#counters.bytesOut += dataBytes(message);
    }
  }

  #onMessage(data: string | ArrayBuffer): void {
    this.#counters.messagesIn += 1;
    this.#counters.bytesIn += dataBytes(data);
    const given = typeof data !== "string" && this.#binaryType === "blob" ? new Blob([data]) : data;
    this.dispatchEvent(messageEvent(given, new URL(this.url).origin));
  }

  #onEnd(closure: SocketClosure, unsentBytes: number): void {
    this.#unsentBytes += this.#queue.bytes + unsentBytes;
    this.#counters.dropped += this.#queue.clear();
    if (!closure.wasClean) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(closeEvent(closure));
  }
}
