import protobuf from "protobufjs";
import type { Codec } from "@hawser/protocol";
import { frameType } from "../support/independent-protobuf.ts";

/**
 * Whether a reader that shares nothing with ours takes the message for whole frames too. Ours refuses more (integers
 * above 2^53 - 1, text that is not UTF-8, ...), but never less.
 */
export function isReadIndependently(codec: Codec, message: Uint8Array): boolean {
  try {
    if (codec.binary) readProtobuf(message);
    else readLines(message);
    return true;
  } catch {
    return false;
  }
}

function readProtobuf(message: Uint8Array): void {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) frameType.decodeDelimited(reader);
}

function readLines(message: Uint8Array): void {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message);
  for (const line of text.split("\n")) if (/[^ \t\r]/.test(line)) JSON.parse(line);
}
