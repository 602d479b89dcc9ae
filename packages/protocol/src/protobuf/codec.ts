import type { Codec } from "../codec.ts";
import type { ClientFrame, Frame, ServerFrame } from "../frames.ts";
import { checkPayload } from "../payload.ts";
import { anyFrameReader } from "./decode-client.ts";
import { writeAnyFrame } from "./encode-server.ts";
import { readMessage } from "./messages.ts";
import { Writer } from "./writer.ts";

class ProtobufCodec implements Codec {
  readonly subprotocol = "hawser.v1";
  readonly binary = true;
  /** Kept from one frame to the next. */
  readonly #writer = new Writer();
  readonly #readFrame = anyFrameReader();

  encode(frame: Frame, headroomBytes = 0): Uint8Array {
    this.#writer.start();
    writeAnyFrame(this.#writer, frame);
    return this.#writer.finish(headroomBytes);
  }

  decodeClient(message: Uint8Array): ClientFrame[] {
    return readMessage(message, "client", this.#readFrame, checkPayload) as ClientFrame[];
  }

  decodeServer(message: Uint8Array): ServerFrame[] {
    return readMessage(message, "server", this.#readFrame, checkPayload) as ServerFrame[];
  }
}

/**
 * The frames of `spec/hawser.proto`: subprotocol `hawser.v1`. Written by hand for size and speed, and held against an
 * independent implementation of protobuf by the tests.
 */
export const protobufCodec: Codec = /* @__PURE__ */ new ProtobufCodec();
