import { checkPublish } from "../frame-rules.ts";
import type { Frame } from "../frames.ts";
import type { PublishFrame } from "../frames/publish-frames.ts";
import type { Payload } from "../message.ts";
import { malformed } from "../malformed.ts";
import { readPayload, readServerFrame } from "./decode.ts";
import type { Reader } from "./reader.ts";

const noBytes = /* @__PURE__ */ new Uint8Array(0);

/** Reads a frame of either side: `publish`, which only a client sends, and which is hot, here and by hand. */
export function readAnyFrame(reader: Reader, type: Frame["type"]): Frame {
  return type === "publish" ? readPublish(reader) : readServerFrame(reader, type);
}

function readPublish(reader: Reader): PublishFrame {
  let id = 0;
  let channel = "";
  let producer: Uint8Array = noBytes;
  let sequence = 0;
  let previous = 0;
  let payload: Payload | undefined;
  let key = "";
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        id = reader.uint();
        break;
      case 0x12:
        channel = reader.string();
        break;
      case 0x1a:
        producer = reader.data();
        break;
      case 0x20:
        sequence = reader.uint();
        break;
      case 0x28:
        previous = reader.uint();
        break;
      case 0x32:
        payload = readPayload(reader);
        break;
      case 0x3a:
        key = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  if (payload === undefined) malformed("lacks its payload");
  const frame: PublishFrame = { type: "publish", id, channel, producer, sequence, previous, payload, key };
  checkPublish(frame);
  return frame;
}
