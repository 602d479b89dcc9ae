import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Codec } from "@hawser/protocol";
import type { Framing } from "./transport.ts";

/** How messages are put into the body of an HTTP answer, where frames end by themselves (WIRE-11) or are events (HTTP-4). */
export interface StreamFraming extends Framing {
  /** The `content-type` of the answer. */
  readonly mediaType: string;
  /** Shows that the stream lives; holds nothing. */
  readonly heartbeat: Uint8Array;
  /** The last bytes: why the server ends the connection (CON-16). */
  close(code: number, reason: string): Uint8Array;
}

/** The media type of request and answer bodies by their subprotocol. */
export function mediaTypeOf(subprotocol: Codec["subprotocol"]): string {
  return `application/vnd.${subprotocol}`;
}

/** The media type of server-sent events (HTML, section 9.2). */
const eventStream = "text/event-stream";

/** Frames as they are. */
function plain(codec: Codec): StreamFraming {
  return {
    name: `http-${codec.subprotocol}`,
    headroomBytes: 0,
    mediaType: mediaTypeOf(codec.subprotocol),
    heartbeat: codec.encode({ type: "ping", nonce: 0 }),
    frame: (message) => message,
    close: (code, reason) => codec.encode({ type: "close", code, reason }),
  };
}

/** One event for each message: its lines of JSON, or its bytes as base64. */
function events(codec: Codec): StreamFraming {
  const frame = (message: Uint8Array): Uint8Array => {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    const lines = codec.binary ? [bytes.toString("base64")] : bytes.toString("utf8").trimEnd().split("\n");
    return Buffer.from(`${lines.map((line) => `data: ${line}\n`).join("")}\n`, "utf8");
  };
  return {
    name: `events-${codec.subprotocol}`,
    headroomBytes: 0,
    mediaType: eventStream,
    heartbeat: frame(codec.encode({ type: "ping", nonce: 0 })),
    frame,
    close: (code, reason) => frame(codec.encode({ type: "close", code, reason })),
  };
}

/** One object of each for all connections, so that framed bytes can be shared by it. */
const framings = {
  "hawser.v1": { plain: plain(protobufCodec), events: events(protobufCodec) },
  "hawser.v1.json": { plain: plain(jsonCodec), events: events(jsonCodec) },
} as const;

/** The framing of an answer to a request with this body, by what its `Accept` header takes (HTTP-4). */
export function streamFraming(subprotocol: Codec["subprotocol"], accept: string | undefined): StreamFraming {
  const wanted = (accept ?? "").toLowerCase().split(",");
  const takesEvents = wanted.some((range) => range.split(";", 1)[0]?.trim() === eventStream);
  return framings[subprotocol][takesEvents ? "events" : "plain"];
}
