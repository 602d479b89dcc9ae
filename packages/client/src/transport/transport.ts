/** What a transport calls. */
export interface TransportHandlers {
  /** The connection is up and speaks `subprotocol`. */
  onOpen(subprotocol: string): void;
  /** One whole message. The bytes belong to the receiver. */
  onMessage(message: Uint8Array): void;
  /** Once, at the end, whoever ended it; also when it never opened (1006). */
  onClose(code: number, reason: string): void;
}

/** One physical connection, as the client's core sees it. */
export interface Transport {
  /** The name of its kind, where its connector has several kinds; it may change until a message came. */
  readonly name?: string;
  /** One whole message. Nothing happens once closing has begun. */
  send(message: Uint8Array): void;
  /** Bytes handed to `send` that have not left for the network. */
  readonly bufferedBytes: number;
  /** The closing handshake; `onClose` follows within a bounded time. */
  close(code: number, reason: string): void;
}

/** Opens connections of one kind. `handlers` are never called during `connect`. */
export interface Connector {
  /** The kind of its transports: "websocket", "http-stream", "http-events", "http-polling". */
  readonly name: string;
  connect(url: string, subprotocol: string, handlers: TransportHandlers): Transport;
}
