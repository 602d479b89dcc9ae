import type { ClientCodec } from "../codec.ts";
import type { ClientFrame, ServerFrame } from "../frames.ts";
import { readServerFrame } from "./decode.ts";
import { writeFrame } from "./encode.ts";
import { readMessage } from "./messages.ts";
import type { ProvePayload } from "./reader.ts";
import { Writer } from "./writer.ts";

/** The server proved the payloads when they came in, and the platform's parser follows (WIRE-12). */
const asItIs: ProvePayload = (kind, data) => ({ kind, data });

class ProtobufClientCodec implements ClientCodec {
  readonly subprotocol = "hawser.v1";
  readonly binary = true;
  /** Kept from one frame to the next; what `encode` returns is a copy. */
  readonly #writer = new Writer();

  encode(frame: ClientFrame): Uint8Array {
    this.#writer.start();
    writeFrame(this.#writer, frame);
    return this.#writer.finish();
  }

  decodeServer(message: Uint8Array): ServerFrame[] {
    return readMessage(message, "server", readServerFrame, asItIs) as ServerFrame[];
  }
}

/**
 * The client's half of `protobufCodec`, for bundles: it does not write what only servers send, nor read what only clients
 * send, and takes payloads as they are (WIRE-12).
 */
export const protobufClientCodec: ClientCodec = /* @__PURE__ */ new ProtobufClientCodec();
