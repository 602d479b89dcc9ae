import type { ClientFrame, Frame, ServerFrame } from "./frames.ts";

/** One of the two forms of the wire (section 2 of `spec/protocol.md`). */
export interface Codec {
  readonly subprotocol: "hawser.v1" | "hawser.v1.json";
  /** Whether messages are binary; else they are UTF-8 text. */
  readonly binary: boolean;
  /** The bytes of one frame with its delimiter; a message is a concatenation of such. */
  encode(frame: Frame): Uint8Array;
  /**
   * The frames of one message that a client sent. Parts of `message` are shared with the frames, not copied.
   *
   * @throws HawserError `frame-malformed`, or `frame-unexpected` for a frame that only a server sends.
   */
  decodeClient(message: Uint8Array): ClientFrame[];
  /** The frames of one message that a server sent; errors as with `decodeClient`. */
  decodeServer(message: Uint8Array): ServerFrame[];
}
