import { frameMalformed, HawserError } from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "./transport.ts";

/** What is used of the standard `WebSocket` interface. Structural, so that `ws`'s class fits as well as a browser's. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: never): void;
  close(code?: number, reason?: string): void;
}

/** A class with the standard `WebSocket` constructor. */
export type WebSocketClass = new (url: string, protocols: string) => WebSocketLike;

/** Which WebSocket is used. */
export interface WebSocketConnectorOptions {
  /** The class to use. Default: `globalThis.WebSocket`, which browsers, Node from 22, Bun and Deno have. */
  readonly WebSocket?: WebSocketClass;
}

const open = 1;

/**
 * Connects by WebSocket.
 *
 * @example On Node 20, which has no `WebSocket` of its own:
 * import { WebSocket } from "ws";
 * createClient({ url, connector: webSocketConnector({ WebSocket }) });
 *
 * @throws HawserError `option-invalid` when there is no `WebSocket` class.
 */
export function webSocketConnector(options: WebSocketConnectorOptions = {}): Connector {
  const Socket = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (Socket === undefined) {
    throw new HawserError("option-invalid", 'No WebSocket here: install "ws" and pass its class to webSocketConnector');
  }
  return {
    name: "websocket",
    connect: (url, subprotocol, handlers) => connect(new Socket(url, subprotocol), subprotocol, handlers),
  };
}

function connect(socket: WebSocketLike, subprotocol: string, handlers: TransportHandlers): Transport {
  const text = subprotocol.endsWith(".json");
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let closed = false;
  const ended = (code: number, reason: string): void => {
    if (closed) return;
    closed = true;
    socket.onopen = socket.onmessage = socket.onclose = null;
    handlers.onClose(code, reason);
  };

  socket.binaryType = "arraybuffer";
  socket.onopen = () => handlers.onOpen(socket.protocol);
  socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
    // WIRE-2: the kind of message is the subprotocol's, or the peer does not speak it.
    if (text === (typeof data === "string")) {
      handlers.onMessage(typeof data === "string" ? encoder.encode(data) : new Uint8Array(data));
    } else {
      socket.close(frameMalformed);
      ended(frameMalformed, "a message of the wrong kind");
    }
  };
  // What is to be known of an error comes with `close`; without a listener `ws` would throw it.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => ended(code, reason);

  return {
    send(message) {
      if (socket.readyState === open) socket.send((text ? decoder.decode(message) : message) as never);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code, reason) => socket.close(code, reason),
  };
}
