import { HawserError } from "@hawser/protocol";
import type { Codec } from "@hawser/protocol";
import { isReadIndependently } from "./read-independently.ts";

export type Side = "client" | "server";

/** An input that a decoder may not answer as it did. */
class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
}

/** How many bytes of others lie on each side of the input. */
const margin = 24;

/**
 * Decodes one input and checks what every input must keep to: nothing is thrown but `frame-malformed` and
 * `frame-unexpected`; no byte outside of the input is seen; what comes out is backed by the input; and what was
 * understood says the same when it is encoded and decoded again, and is understood by an independent reader as well.
 *
 * @returns "frames", or the code of the error.
 * @throws FuzzFailure
 */
export function checkInput(codec: Codec, side: Side, input: Uint8Array): string {
  const outcome = decode(codec, side, between(input, 0x31));
  if (typeof outcome === "string") {
    sameOrThrow(outcome, decode(codec, side, between(input, 0x22)));
    return outcome;
  }
  checkSize(outcome, input.length);
  checkEncodedAgain(codec, side, outcome);
  if (!isReadIndependently(codec, input)) throw new FuzzFailure("an independent reader does not take it for frames");
  return "frames";
}

/** The input in the middle of a larger buffer, with `filling` around it. */
function between(input: Uint8Array, filling: number): Uint8Array {
  const buffer = new Uint8Array(input.length + 2 * margin).fill(filling);
  buffer.set(input, margin);
  return buffer.subarray(margin, margin + input.length);
}

function decode(codec: Codec, side: Side, message: Uint8Array): readonly unknown[] | string {
  try {
    return side === "client" ? codec.decodeClient(message) : codec.decodeServer(message);
  } catch (error) {
    if (!(error instanceof HawserError)) throw new FuzzFailure(`untyped: ${String(error)}`, { cause: error });
    if (error.code !== "frame-malformed" && error.code !== "frame-unexpected") {
      throw new FuzzFailure(`a decoder does not throw ${error.code}`);
    }
    return error.code;
  }
}

function sameOrThrow(outcome: string, again: readonly unknown[] | string): void {
  if (again !== outcome) throw new FuzzFailure("bytes outside of the input were seen");
}

/** Objects, text and bytes of the answer, against the input: an answer that is larger was not backed by it. */
function checkSize(frames: readonly unknown[], inputLength: number): void {
  const size = { objects: 0, content: 0 };
  measure(frames, size);
  if (size.objects > inputLength + 4 || size.content > inputLength + 256) {
    throw new FuzzFailure(`${inputLength} bytes became ${size.objects} objects and ${size.content} bytes of content`);
  }
}

function measure(value: unknown, size: { objects: number; content: number }): void {
  if (typeof value === "string") size.content += value.length;
  if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= 0)) {
    throw new FuzzFailure(`${value} is not an integer from 0 to 2^53 - 1`);
  }
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Uint8Array) {
    size.content += value.length;
    return;
  }
  if (!Array.isArray(value)) size.objects += 1;
  for (const [name, member] of Object.entries(value)) {
    // Names and kinds are the decoder's own.
    if (name !== "type" && name !== "kind" && name !== "reset") measure(member, size);
  }
}

function checkEncodedAgain(codec: Codec, side: Side, frames: readonly unknown[]): void {
  for (const frame of frames) {
    const bytes = codec.encode(frame as Parameters<Codec["encode"]>[0]);
    const [again] = decode(codec, side, bytes) as readonly unknown[];
    if (text(again) !== text(frame)) throw new FuzzFailure("encoded and decoded again it is another frame");
  }
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member instanceof Uint8Array ? Buffer.from(member).toString("hex") : member,
  );
}
