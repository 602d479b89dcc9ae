import { abnormalClosure } from "@hawser/protocol";
import type { WebSocketLike } from "../transport/websocket-connector.ts";

/** How a connection ended, as its `close` event says. */
export interface SocketClosure {
  readonly code: number;
  readonly reason: string;
  /** The closing handshake was made. */
  readonly wasClean: boolean;
}

/** What a connection is that broke, never opened, or was given up. */
export const abnormalEnd: SocketClosure = { code: abnormalClosure, reason: "", wasClean: false };

/** A platform's own `WebSocket` class: a browser's, or that of `ws`. */
export type PlatformWebSocketClass = new (url: string, protocols: string[]) => PlatformWebSocket;

/** What is used of it. What only some platforms have is optional. */
export interface PlatformWebSocket extends WebSocketLike {
  readonly extensions: string;
  /** `ws` and Bun, which also tell of the answer: by `on`, or by an event `pong`. */
  ping?(): void;
  on?(type: "pong", listener: () => void): unknown;
  /** `ws` and Bun: cuts the connection without a handshake. */
  terminate?(): void;
}

/** What a physical connection tells. Never called while it is constructed, nor after `abandon`. */
export interface PhysicalHandlers {
  onOpen(): void;
  onMessage(data: string | ArrayBuffer): void;
  onPong(): void;
  /** Once. */
  onClose(closure: SocketClosure): void;
}

/** An event that the types of the standard do not have. */
interface PongSource {
  addEventListener?(type: "pong", listener: () => void): void;
}

/** One physical connection over the platform's `WebSocket`. */
export class PhysicalSocket {
  readonly #socket: PlatformWebSocket;

  /** What the platform's constructor throws is thrown. */
  constructor(Socket: PlatformWebSocketClass, url: string, protocols: readonly string[], handlers: PhysicalHandlers) {
    const socket = new Socket(url, [...protocols]);
    this.#socket = socket;
    // Always bytes at hand: the heartbeat looks into messages, and the counters want their size.
    socket.binaryType = "arraybuffer";
    socket.onopen = () => handlers.onOpen();
    socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => handlers.onMessage(data);
    // What is to be known of an error comes with `close`; without a listener `ws` would throw it.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason, wasClean }: SocketClosure) => handlers.onClose({ code, reason, wasClean });
    if (socket.ping === undefined) return;
    const onPong = (): void => handlers.onPong();
    if (socket.on === undefined) (socket as PongSource).addEventListener?.("pong", onPong);
    else socket.on("pong", onPong);
  }

  /** Not any more when the other side has begun to close. */
  get isOpen(): boolean {
    return this.#socket.readyState === 1;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Whether this platform lets a script send pings and see pongs. */
  get canPing(): boolean {
    return this.#socket.ping !== undefined;
  }

  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    this.#socket.send(data as never);
  }

  ping(): void {
    if (this.isOpen) this.#socket.ping?.();
  }

  close(code: number | undefined, reason: string): void {
    // `undefined` as a code would be read as 0 by some.
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  /** Lets go of it: no handler is called any more, and the connection ends as fast as the platform can. */
  abandon(): void {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.terminate === undefined) socket.close();
    else socket.terminate();
  }
}
