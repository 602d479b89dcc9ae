import type { PongFrame, ReceivedFrame } from "@hawser/protocol";

/** How whole messages are put into bytes on a kind of transport. Pure, so that the bytes can be shared by all of a kind. */
export interface Framing {
  readonly name: string;
  /** How many free bytes `frame` wants in front of a message, for its header: as many as `Codec.encode` is asked for. */
  readonly headroomBytes: number;
  /**
   * The bytes of one message, complete with its frame header. `message` begins with `headroomBytes` that are overwritten;
   * what is returned may be a part of it.
   */
  frame(message: Uint8Array): Uint8Array;
  /** The same for a message that is compressed by permessage-deflate, there where the transport can have it. */
  readonly frameDeflated?: (message: Uint8Array) => Uint8Array;
}

export interface TransportHandlers {
  /** One whole message. The bytes belong to the receiver. `binary` is false for a text message. */
  onMessage(message: Uint8Array, binary: boolean): void;
  /** Everything written before `mark(id)` has reached the peer. */
  onConfirmed(id: number): void;
  /** Something was heard that is neither a message nor a confirmation. */
  onAlive(): void;
  /** Once, when nothing more will come, whoever ended it: what is beneath may still be closing. */
  onClose(code: number, reason: string): void;
}

/** One physical connection, as the node's core sees it. WebSocket, TCP, and the simulator's. */
export interface Transport {
  readonly framing: Framing;
  /**
   * The window in which the peer inflates compressed messages, each by itself; left out, or 0, where it takes none.
   */
  readonly windowBytes?: number;
  /** Set once, by the core, in the turn in which it gets the transport. */
  handlers: TransportHandlers | undefined;
  /**
   * One raw write of whole framed messages, of one or more pieces. Nothing after `close`. With `marked`, `mark` is called
   * behind it in the same turn, and may go out in the same write.
   */
  write(pieces: readonly Uint8Array[], marked?: boolean): void;
  /** Asks the peer to confirm what was written so far. `id` rises. */
  mark(id: number): void;
  /**
   * There where the transport has no ping and no close of its own, so that frames do their work (FLOW-4, TCP-5): takes what
   * a frame confirms. False when that is more than was sent.
   */
  confirm?(frame: PongFrame | ReceivedFrame): boolean;
  /** Stops, or goes on, calling `onMessage`: what arrives is left to the kernel. */
  pause(): void;
  resume(): void;
  /** The closing handshake; ends by itself after a bounded time. */
  close(code: number, reason: string): void;
  /** Ends at once. */
  terminate(): void;
  /**
   * For transports whose answers end, or whose requests wait for those before them: called after each flush behind which
   * no request of the connection is unanswered and no answer unwritten. `unasked`: something that answers nothing (a batch,
   * a `reset`) was written since the connection began. Harmless when it is repeated.
   */
  settled?(unasked: boolean): void;
}

/** Who is at the other end, as the door knows. */
export interface Peer {
  /** Remote address, for limits and logs. */
  readonly address: string;
  readonly subprotocol: "hawser.v1" | "hawser.v1.json";
  /** The headers of the handshake, lower case, without those of the transport's own; empty where there are none. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * The connection is one HTTP request of many (section 14): rates count for all those of its session. A `brief` one asks, is
   * answered, and ends (`requests`): a node takes such while it is drained, too.
   */
  readonly request?: "lasting" | "brief";
}
