import { assert } from "../errors.ts";
import { malformed } from "../malformed.ts";
import { decodeText, encodeText, isUtf8 } from "../text.ts";

/** The subprotocol of a connection that several clients share (section 15 of `spec/protocol.md`). */
export const sharedSubprotocol = "hawser.v1.shared";

/** The highest number of a stream. */
export const maxStreamNumber = 0xffff_ffff;

/** Bytes that an envelope puts ahead of a stream's message at most. */
export const maxEnvelopeBytes = 5;

/** Bytes of a mark: drawn at random, so that only who has read it can confirm it. */
export const markBytes = 8;

/** One message of a shared connection. Views are into the message that was decoded. */
export type SharedMessage =
  /** A message of `hawser.v1` on a stream. */
  | { readonly kind: "message"; readonly stream: number; readonly message: Uint8Array }
  /** Either side: the stream has ended (SHARE-4). */
  | { readonly kind: "close"; readonly stream: number; readonly code: number; readonly reason: string }
  /** Server: confirm when all before it was taken (SHARE-6). */
  | { readonly kind: "mark"; readonly stream: number; readonly mark: Uint8Array }
  /** Client: the answer to a mark. */
  | { readonly kind: "confirm"; readonly stream: number; readonly mark: Uint8Array }
  /** Server: how many streams may be open (SHARE-7). */
  | { readonly kind: "streams"; readonly max: number }
  /** A control message that this side does not know; it is skipped. */
  | { readonly kind: "unknown" };

const controls = { close: 1, mark: 2, confirm: 3, streams: 4 } as const;

/** The number of a stream as it stands ahead of its messages. */
export function streamPrefix(stream: number): Uint8Array {
  assert(Number.isInteger(stream) && stream > 0 && stream <= maxStreamNumber, `${stream} is not a stream's number`);
  return Uint8Array.from(varint(stream));
}

/** The bytes of one message of a shared connection. */
export function encodeShared(message: Exclude<SharedMessage, { kind: "unknown" }>): Uint8Array {
  switch (message.kind) {
    case "message":
      return joined(streamPrefix(message.stream), message.message);
    case "close":
      return control(controls.close, [message.stream, message.code], encodeText(message.reason));
    case "mark":
    case "confirm":
      assert(message.mark.length === markBytes, `a mark has ${markBytes} bytes`);
      return control(controls[message.kind], [message.stream], message.mark);
    case "streams":
      return control(controls.streams, [message.max]);
  }
}

/**
 * Reads one message of a shared connection.
 *
 * @throws HawserError `frame-malformed` (SHARE-1).
 */
export function decodeShared(bytes: Uint8Array): SharedMessage {
  const head = varintAt(bytes, 0);
  if (head.value !== 0) return { kind: "message", stream: head.value, message: bytes.subarray(head.end) };
  const control = varintAt(bytes, head.end);
  switch (control.value) {
    case controls.close: {
      const stream = streamAt(bytes, control.end);
      const code = varintAt(bytes, stream.end);
      const reason = bytes.subarray(code.end);
      if (code.value < 1000 || code.value > 4999) malformed("closes a stream with a code that is none");
      if (!isUtf8(reason)) malformed("closes a stream for a reason that is not UTF-8");
      return { kind: "close", stream: stream.value, code: code.value, reason: decodeText(reason) };
    }
    case controls.mark:
    case controls.confirm: {
      const stream = streamAt(bytes, control.end);
      const mark = bytes.subarray(stream.end);
      if (mark.length !== markBytes) malformed(`has a mark that is not ${markBytes} bytes`);
      return { kind: control.value === controls.mark ? "mark" : "confirm", stream: stream.value, mark };
    }
    case controls.streams: {
      const max = varintAt(bytes, control.end);
      if (max.end < bytes.length) malformed("says more than a number of streams");
      return { kind: "streams", max: max.value };
    }
    default:
      return { kind: "unknown" };
  }
}

interface Varint {
  readonly value: number;
  /** Where what follows it begins. */
  readonly end: number;
}

function varintAt(bytes: Uint8Array, start: number): Varint {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length && at < start + 10; at += 1, scale *= 0x80) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value > maxStreamNumber ? malformed("has a number above 2^32 - 1") : { value, end: at + 1 };
  }
  return malformed("has a number that does not end");
}

function streamAt(bytes: Uint8Array, at: number): Varint {
  const stream = varintAt(bytes, at);
  return stream.value === 0 ? malformed("names the stream 0") : stream;
}

function control(kind: number, numbers: readonly number[], rest: Uint8Array = new Uint8Array()): Uint8Array {
  return joined(Uint8Array.from([0, kind, ...numbers.flatMap(varint)]), rest);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return bytes;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
