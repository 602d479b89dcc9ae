import { checkPublish } from "../frame-rules.ts";
import type { PublishFrame } from "../frames/publish-frames.ts";
import type { Payload } from "../message.ts";
import { malformed } from "../malformed.ts";
import { encodeText } from "../text.ts";
import { readPayload, readServerFrame } from "./decode.ts";
import type { ReadKnown } from "./decode.ts";
import type { Reader } from "./reader.ts";

const noBytes = /* @__PURE__ */ new Uint8Array(0);

/** Of the publish before: most come in a row from one producer to one channel, whose text and bytes are not made again. */
interface Before {
  channelBytes: Uint8Array;
  channel: string;
  producer: Uint8Array;
}

/** What reads a frame of either side: `publish`, which only a client sends, and which is hot, here and by hand. */
export function anyFrameReader(): ReadKnown {
  const before: Before = { channelBytes: noBytes, channel: "", producer: noBytes };
  return (reader, type) => (type === "publish" ? readPublish(reader, before) : readServerFrame(reader, type));
}

function readPublish(reader: Reader, before: Before): PublishFrame {
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
        channel = readChannel(reader, before);
        break;
      case 0x1a:
        producer = readProducer(reader, before);
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

function readChannel(reader: Reader, before: Before): string {
  if (!reader.passes(before.channelBytes)) {
    before.channel = reader.string();
    before.channelBytes = encodeText(before.channel);
  }
  return before.channel;
}

/** Its own bytes, and not a part of the message, which it would keep alive. */
function readProducer(reader: Reader, before: Before): Uint8Array {
  if (!reader.passes(before.producer)) before.producer = reader.data().slice();
  return before.producer;
}
