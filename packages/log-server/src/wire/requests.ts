import type { Append, ReadOptions } from "@hawser/log";
import type { Position } from "@hawser/protocol";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { lengthBytes } from "./frame-splitter.ts";
import { appendBound, readAppend, writeAppend } from "./log-values.ts";
import { WireError } from "./wire-error.ts";

/*
 * The protocol of the log server, version 1. Both directions are frames: a length of 4 bytes (little endian), then that
 * many bytes, the first of which is the type. Integers are varints up to 2^53 - 1, texts are UTF-8 behind their length,
 * times are float64. A list at the end of a frame reaches to its end. What a remote log says is in this file, what the
 * server says in `answers.ts`. Whoever sends anything else is cut off.
 *
 * A remote log begins with `hello`, and waits for `welcome`. After it, requests carry an id, which rises; answers come in
 * any order. The id of a `follow` is the name of the follower in all that the server then tells of it.
 */

/** The version of the protocol; another one is refused. */
export const protocolVersion = 1;
/** Nothing larger is taken of one who has not said `hello`. */
export const maxHelloBytes = 64;

const magic = "hawser-log";

/** What a remote log says. */
export type Request =
  | { readonly type: "hello"; readonly version: number; readonly maxFrameBytes: number }
  | { readonly type: "append"; readonly id: number; readonly appends: readonly Append[] }
  | { readonly type: "head"; readonly id: number; readonly channel: string }
  | ReadRequest
  | FollowRequest
  | { readonly type: "unfollow"; readonly id: number }
  | { readonly type: "ping" };

export interface ReadRequest {
  readonly type: "read" | "read-backward";
  readonly id: number;
  readonly channel: string;
  /** `after`, or `through`. */
  readonly at: number;
  readonly options: ReadOptions;
}

export interface FollowRequest {
  readonly type: "follow";
  readonly id: number;
  readonly channel: string;
  /** What was given last of it, to go on behind it; `undefined`: from the end. */
  readonly resume: Position | undefined;
}

const types = { hello: 1, append: 2, head: 3, read: 4, "read-backward": 5, follow: 6, unfollow: 7, ping: 8 } as const;

/** The request as a frame, its length before it. */
export function encodeRequest(request: Request): Uint8Array {
  const writer = new ByteWriter(sizeHint(request)).uint32(0).byte(types[request.type]);
  switch (request.type) {
    case "hello":
      writer.text(magic).varint(request.version).varint(request.maxFrameBytes);
      break;
    case "append":
      writer.varint(request.id);
      for (const append of request.appends) writeAppend(writer, append);
      break;
    case "head":
      writer.varint(request.id).text(request.channel);
      break;
    case "read":
    case "read-backward":
      writer.varint(request.id).text(request.channel).varint(request.at);
      writer.varint(request.options.maxCount).varint(request.options.maxBytes);
      break;
    case "follow":
      writer.varint(request.id).text(request.channel);
      if (request.resume === undefined) writer.boolean(false);
      else writer.boolean(true).varint(request.resume.epoch).varint(request.resume.offset);
      break;
    case "unfollow":
      writer.varint(request.id);
      break;
    case "ping":
      break;
  }
  return withLength(writer);
}

/** The request in a frame. Throws `WireError` for anything else. */
export function decodeRequest(frame: Uint8Array): Request {
  const reader = new ByteReader(frame);
  const request = read(reader);
  reader.end();
  return request;
}

/** Fills in the length of a frame for which four bytes were left free. */
export function withLength(writer: ByteWriter): Buffer {
  const frame = writer.finish();
  frame.writeUInt32LE(frame.byteLength - lengthBytes, 0);
  return frame;
}

function read(reader: ByteReader): Request {
  const type = reader.byte();
  switch (type) {
    case types.hello:
      if (reader.text() !== magic) throw new WireError("this is not a remote log");
      return { type: "hello", version: reader.varint(), maxFrameBytes: reader.varint() };
    case types.append: {
      const id = reader.varint();
      const appends: Append[] = [];
      while (!reader.done) appends.push(readAppend(reader));
      return { type: "append", id, appends };
    }
    case types.head:
      return { type: "head", id: reader.varint(), channel: reader.text() };
    case types.read:
      return readRead(reader, "read");
    case types["read-backward"]:
      return readRead(reader, "read-backward");
    case types.follow: {
      const id = reader.varint();
      const channel = reader.text();
      const resume = reader.boolean() ? { epoch: reader.varint(), offset: reader.varint() } : undefined;
      return { type: "follow", id, channel, resume };
    }
    case types.unfollow:
      return { type: "unfollow", id: reader.varint() };
    case types.ping:
      return { type: "ping" };
    default:
      throw new WireError(`a request of type ${type}`);
  }
}

function readRead(reader: ByteReader, type: ReadRequest["type"]): ReadRequest {
  const id = reader.varint();
  const channel = reader.text();
  const at = reader.varint();
  const options = { maxCount: reader.varint(), maxBytes: reader.varint() };
  if (options.maxCount < 1) throw new WireError("a page of no entries");
  return { type, id, channel, at, options };
}

function sizeHint(request: Request): number {
  if (request.type !== "append") return 128;
  return request.appends.reduce((sum, append) => sum + appendBound(append), 64);
}
