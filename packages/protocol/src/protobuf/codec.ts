import type { Codec } from "../codec.ts";
import { checkSender } from "../frame-rules.ts";
import { frameTable } from "../frame-table.ts";
import type { ClientFrame, Frame, ServerFrame } from "../frames.ts";
import { readFrame } from "./decode.ts";
import { writeFrame } from "./encode.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

class ProtobufCodec implements Codec {
  readonly subprotocol = "hawser.v1";
  readonly binary = true;
  /** Kept from one frame to the next; what `encode` returns is a copy. */
  readonly #writer = new Writer();

  encode(frame: Frame): Uint8Array {
    this.#writer.start();
    writeFrame(this.#writer, frame);
    return this.#writer.finish();
  }

  decodeClient(message: Uint8Array): ClientFrame[] {
    return decode(message, "client") as ClientFrame[];
  }

  decodeServer(message: Uint8Array): ServerFrame[] {
    return decode(message, "server") as ServerFrame[];
  }
}

function decode(message: Uint8Array, sender: "client" | "server"): Frame[] {
  const reader = new Reader(message);
  const frames: Frame[] = [];
  do {
    const outer = reader.enter();
    const frame = readFrame(reader);
    reader.leave(outer);
    checkSender(frame.type, frameTable[frame.type].from, sender);
    frames.push(frame);
  } while (reader.more);
  return frames;
}

/**
 * The frames of `spec/hawser.proto`: subprotocol `hawser.v1`. Written by hand for size and speed, and held against an
 * independent implementation of protobuf by the tests.
 */
export const protobufCodec: Codec = /* @__PURE__ */ new ProtobufCodec();
