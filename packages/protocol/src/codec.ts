import type { ClientFrame, Frame, ServerFrame } from "./frames.ts";

/** What a client needs of one of the two forms of the wire (section 2 of `spec/protocol.md`). */
export interface ClientCodec {
  readonly subprotocol: "hawser.v1" | "hawser.v1.json";
  /** Whether messages are binary; else they are UTF-8 text. */
  readonly binary: boolean;
  /** The bytes of one frame with its delimiter; a message is a concatenation of such. */
  encode(frame: ClientFrame): Uint8Array;
  /**
   * The frames of one message that a server sent. Parts of `message` are shared with the frames, not copied.
   *
   * @throws HawserError `frame-malformed`, or `frame-unexpected` for a frame that only a client sends.
   */
  decodeServer(message: Uint8Array): ServerFrame[];
}

/** One of the two forms of the wire, for both sides. */
export interface Codec extends ClientCodec {
  /**
   * The bytes of one frame as a client's codec gives them, behind `headroomBytes` (default 0) whose content is not
   * defined: whoever puts a header in front of the message writes it there, and need not copy the message for it.
   */
  encode(frame: Frame, headroomBytes?: number): Uint8Array;
  /** The frames of one message that a client sent; otherwise as `decodeServer`. */
  decodeClient(message: Uint8Array): ClientFrame[];
}
