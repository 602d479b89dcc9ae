import { abnormalClosure, HawserError, noStatusReceived, pieceCost } from "@hawser/protocol";
import type { SocketPiece, Timers } from "@hawser/protocol";
import { Channel } from "../channel/channel.ts";
import type { SocketClosure } from "../reconnecting-websocket/physical-socket.ts";
import { dataBytes, socketDataOf } from "../reconnecting-websocket/socket-data.ts";
import type { SocketData } from "../reconnecting-websocket/socket-data.ts";
import { closeEvent, EventHandlers, messageEvent, withFields } from "../reconnecting-websocket/socket-events.ts";
import type { SocketCloseEvent, SocketMessageEvent } from "../reconnecting-websocket/socket-events.ts";
import { parseClosing, parseProtocols } from "../reconnecting-websocket/standard-arguments.ts";
import { MessageAssembly } from "./message-assembly.ts";
import { resolveVirtualSocketOptions } from "./options.ts";
import type { ResolvedSocketOptions, VirtualSocketOptions } from "./options.ts";
import { Outgoing } from "./outgoing.ts";
import { SocketWire } from "./socket-wire.ts";
import { socketsPart } from "./sockets-part.ts";
import { VirtualSocketTarget } from "./virtual-socket-events.ts";
import type { SocketErrorEvent } from "./virtual-socket-events.ts";

type Handler<Event> = ((event: Event) => unknown) | null;

/** A client, as far as virtual sockets need one. */
export interface SocketHost {
  readonly inbox: Channel<unknown, never>;
}

/** Where a virtual socket goes. */
export interface VirtualAddress {
  /** As the socket's `url` says it. */
  readonly url: string;
  /** The name of the upstream. */
  readonly upstream: string;
}

/** What is to be told, each in a task of its own. */
type Item =
  | { readonly kind: "open"; readonly protocol: string; readonly extensions: string }
  | { readonly kind: "piece"; readonly piece: SocketPiece }
  | { readonly kind: "end"; readonly closure: SocketClosure; readonly error: HawserError | undefined };

const connecting = 0;
const open = 1;
const closing = 2;
const closed = 3;

/**
 * A `WebSocket` to an upstream, over the connections of a client: the standard's interface (WHATWG WebSockets), usable
 * wherever a `WebSocket` is. It outlives the client's connections, as long as the node lives that holds its upstream.
 * What it has beside the standard: `pause` and `resume`, a `bufferedAmount` that counts what the gateway has not confirmed,
 * the `error` of its `error` event, and close codes of the service's own (4400 to 4410).
 */
export class VirtualSocket extends VirtualSocketTarget {
  static get CONNECTING(): 0 {
    return connecting;
  }
  static get OPEN(): 1 {
    return open;
  }
  static get CLOSING(): 2 {
    return closing;
  }
  static get CLOSED(): 3 {
    return closed;
  }

  readonly #url: string;
  readonly #protocols: readonly string[];
  readonly #options: ResolvedSocketOptions;
  readonly #timers: Timers;
  readonly #wire: SocketWire;
  readonly #outgoing: Outgoing;
  readonly #handlers = new EventHandlers(this);
  readonly #assembly = new MessageAssembly();
  readonly #items: Item[] = [];
  #readyState: 0 | 1 | 2 | 3 = connecting;
  #binaryType: "blob" | "arraybuffer" = "blob";
  #protocol = "";
  #extensions = "";
  #paused = false;
  /** An event was told in this task: the next has another, so that what waits for the first goes ahead of it. */
  #busy = false;
  /** Given to `send` when it was too late: by the standard `bufferedAmount` counts it. */
  #lateBytes = 0;

  /** Made by `openSocket`, and by the classes of `virtualWebSocket`. */
  constructor(
    client: SocketHost,
    address: VirtualAddress,
    protocols: string | readonly string[] | undefined,
    options: VirtualSocketOptions,
  ) {
    super();
    this.#url = address.url;
    this.#protocols = parseProtocols(protocols);
    this.#options = resolveVirtualSocketOptions(options);
    const { parts, newBackoff } = Channel.contextOf(client.inbox);
    const part = parts.get(socketsPart);
    this.#timers = part.context.ports.timers;
    this.#wire = new SocketWire({
      ...this.#options,
      part,
      newBackoff,
      upstream: address.upstream,
      protocols: this.#protocols,
      handlers: {
        onOpen: (frame) => this.#push({ kind: "open", protocol: frame.protocol, extensions: frame.extensions }),
        onPiece: (piece) => this.#push({ kind: "piece", piece }),
        onClose: (code, reason) => this.#onClose(code, reason),
        onBroken: (code, error) => this.#end({ code, reason: "", wasClean: false }, error),
      },
    });
    this.#outgoing = new Outgoing({
      send: (data, text) => this.#wire.send(data, text),
      close: (code, reason) => this.#wire.close(code, reason),
      failed: (cause) => this.#fail(goingAway, new HawserError("payload-invalid", "A blob was not read", { cause })),
    });
  }

  get CONNECTING(): 0 {
    return connecting;
  }
  get OPEN(): 1 {
    return open;
  }
  get CLOSING(): 2 {
    return closing;
  }
  get CLOSED(): 3 {
    return closed;
  }

  get [Symbol.toStringTag](): string {
    return "WebSocket";
  }

  /** What it was opened by. */
  get url(): string {
    return this.#url;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  /** The subprotocol that the upstream chose; "": none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** Those in use between the gateway and the upstream. */
  get extensions(): string {
    return this.#extensions;
  }

  /** Bytes given to `send` that the gateway has not confirmed to have. */
  get bufferedAmount(): number {
    return this.#outgoing.bytes + this.#wire.unconfirmedBytes + this.#lateBytes;
  }

  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }

  set binaryType(type: "blob" | "arraybuffer") {
    // By WebIDL a value that the enumeration does not have is passed over.
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /** Whether `pause` was called and `resume` was not. Beyond the standard. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Sends a message. Past `maxBufferedBytes` that were not confirmed the socket ends, as the standard has it.
   *
   * @throws DOMException `InvalidStateError` before `open`.
   */
  send(data: SocketData): void {
    if (arguments.length === 0) throw new TypeError("send takes the data to send");
    const message = socketDataOf(data);
    if (this.#readyState === connecting) {
      throw new DOMException("The socket is not open yet: wait for `open`", "InvalidStateError");
    }
    const bytes = dataBytes(message);
    // It may be over already, and wait to be told.
    if (this.#readyState !== open || this.#items.at(-1)?.kind === "end") {
      this.#lateBytes += bytes;
      return;
    }
    const { maxBufferedBytes } = this.#options;
    if (this.bufferedAmount + bytes > maxBufferedBytes) {
      this.#lateBytes += bytes;
      const text = `More than ${maxBufferedBytes} bytes were sent and not confirmed`;
      return this.#fail(messageTooLarge, new HawserError("outbox-full", text));
    }
    this.#outgoing.send(message);
  }

  /**
   * Closes it, behind what was sent.
   *
   * @param code 1000, or from 3000 to 4999. Default: none is sent.
   * @param reason at most 123 bytes of UTF-8.
   * @throws DOMException `InvalidAccessError` for the code, `SyntaxError` for the reason.
   */
  close(code?: number, reason?: string): void {
    const text = reason === undefined ? "" : String(reason);
    const checked = parseClosing(code, text);
    if (this.#readyState === connecting) {
      return this.#fail(goingAway, new HawserError("cancelled", "It was closed before it was open"));
    }
    if (this.#readyState !== open) return;
    this.#readyState = closing;
    // A reason needs a code: by the standard it is then 1000.
    this.#outgoing.close(checked ?? (text === "" ? 0 : 1000), text);
    // What is not read any more holds up the upstream's close.
    this.#drain();
  }

  /** Tells no more messages: they wait, here up to the window, and then with the upstream. Beyond the standard. */
  pause(): void {
    this.#paused = true;
  }

  /** Tells messages again, those that waited first. Beyond the standard. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#later();
  }

  get onopen(): Handler<Event> {
    return this.#handlers.get("open");
  }
  set onopen(handler: Handler<Event>) {
    this.#handlers.set("open", handler);
  }

  get onmessage(): Handler<SocketMessageEvent> {
    return this.#handlers.get("message");
  }
  set onmessage(handler: Handler<SocketMessageEvent>) {
    this.#handlers.set("message", handler);
  }

  get onerror(): Handler<SocketErrorEvent> {
    return this.#handlers.get("error");
  }
  set onerror(handler: Handler<SocketErrorEvent>) {
    this.#handlers.set("error", handler);
  }

  get onclose(): Handler<SocketCloseEvent> {
    return this.#handlers.get("close");
  }
  set onclose(handler: Handler<SocketCloseEvent>) {
    this.#handlers.set("close", handler);
  }

  #onClose(code: number, reason: string): void {
    const wasClean = code !== abnormalClosure;
    const error = wasClean ? undefined : new HawserError("closed", "The upstream's socket broke");
    this.#end({ code: code === 0 ? noStatusReceived : code, reason, wasClean }, error);
  }

  /** This side ends it in the middle: by the standard it "fails the connection". */
  #fail(code: number, error: HawserError): void {
    this.#readyState = closing;
    this.#wire.abandon(code);
    this.#items.length = 0;
    this.#items.push({ kind: "end", closure: { code: abnormalClosure, reason: "", wasClean: false }, error });
    this.#later();
  }

  #end(closure: SocketClosure, error: HawserError | undefined): void {
    this.#push({ kind: "end", closure, error });
  }

  #push(item: Item): void {
    this.#items.push(item);
    this.#drain();
  }

  #later(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#timers.soon(() => {
      this.#busy = false;
      this.#drain();
    });
  }

  /** Tells what waits, as far as it may be told in this task. */
  #drain(): void {
    while (!this.#busy) {
      const item = this.#items[0];
      if (item === undefined || (this.#paused && this.#readyState === open)) return;
      this.#items.shift();
      if (item.kind === "piece") this.#onPiece(item.piece);
      else if (item.kind === "open") this.#onOpen(item.protocol, item.extensions);
      else this.#onEnd(item.closure, item.error);
    }
  }

  #onOpen(protocol: string, extensions: string): void {
    // By the standard a subprotocol that was offered must be chosen, and no other can be.
    if (this.#protocols.length === 0 ? protocol !== "" : !this.#protocols.includes(protocol)) {
      const text = `The upstream chose the subprotocol "${protocol}"`;
      return this.#fail(goingAway, new HawserError("upstream-refused", text));
    }
    this.#readyState = open;
    this.#protocol = protocol;
    this.#extensions = extensions;
    this.#tell(new Event("open"));
  }

  #onPiece(piece: SocketPiece): void {
    this.#wire.consumed(pieceCost(piece));
    // By the standard messages that come while it closes are dropped.
    if (this.#readyState !== open) return;
    if (this.#assembly.bytes + piece.data.length > this.#options.maxBufferedBytes) {
      const text = `A message is larger than ${this.#options.maxBufferedBytes} bytes`;
      return this.#fail(messageTooLarge, new HawserError("message-too-large", text));
    }
    const message = this.#assembly.add(piece);
    if (message === undefined) return;
    const data = typeof message !== "string" && this.#binaryType === "blob" ? new Blob([message]) : message;
    this.#tell(messageEvent(data, new URL(this.#url).origin));
  }

  #onEnd(closure: SocketClosure, error: HawserError | undefined): void {
    this.#readyState = closed;
    if (!closure.wasClean) this.dispatchEvent(withFields("error", { error }));
    this.#tell(closeEvent(closure));
  }

  #tell(event: Event): void {
    this.#later();
    this.dispatchEvent(event);
  }
}

/** RFC 6455, section 7.4.1: what the upstream is told of a socket that its client gives up. */
const goingAway = 1001;
const messageTooLarge = 1009;
