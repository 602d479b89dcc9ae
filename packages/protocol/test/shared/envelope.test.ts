import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeShared, encodeShared, maxEnvelopeBytes, maxStreamNumber, protobufCodec } from "@hawser/protocol";
import type { SharedMessage } from "@hawser/protocol";
import { mutate, SeededNumbers } from "../fuzz/mutate.ts";
import { codeOf } from "../support/errors.ts";
import { bytesOf } from "../support/vectors.ts";

interface Vectors {
  readonly vectors: readonly {
    readonly name: string;
    readonly hex: string;
    readonly message?: Readonly<Record<string, unknown>>;
    readonly code?: string;
  }[];
}

const { vectors } = JSON.parse(
  readFileSync(new URL("../../../../spec/vectors/shared.json", import.meta.url), "utf8"),
) as Vectors;

/** A message with its bytes written as hex. */
const portable = (message: SharedMessage): unknown =>
  Object.fromEntries(
    Object.entries(message).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
    ]),
  );

describe("the envelope of a shared connection", () => {
  it.each(vectors.filter(({ message }) => message !== undefined))("is read as said: $name [SHARE-1]", (vector) => {
    const decoded = decodeShared(bytesOf(vector.hex));
    expect(portable(decoded)).toEqual(vector.message);
    if (decoded.kind !== "unknown") expect(Buffer.from(encodeShared(decoded)).toString("hex")).toBe(vector.hex);
  });

  it.each(vectors.filter(({ code }) => code !== undefined))("is refused: $name [SHARE-1]", (vector) => {
    expect(codeOf(() => decodeShared(bytesOf(vector.hex)))).toBe(vector.code);
  });

  it("puts a number of at most five bytes ahead of a message, which it does not copy again", () => {
    const message = protobufCodec.encode({ type: "ping", nonce: 0 });
    expect([...message]).toEqual([2, 0x3a, 0]);
    const bytes = encodeShared({ kind: "message", stream: maxStreamNumber, message });
    expect(bytes.length).toBe(message.length + maxEnvelopeBytes);
    const decoded = decodeShared(bytes);
    expect(decoded).toEqual({ kind: "message", stream: maxStreamNumber, message });
    expect(decoded.kind === "message" && decoded.message.buffer).toBe(bytes.buffer);
  });

  it("answers 30,000 mutated messages with a message that says the same again, or a typed error [SHARE-1]", () => {
    const numbers = new SeededNumbers(1);
    const outcomes: Record<string, number> = {};
    for (let index = 0; index < 30_000; index += 1) {
      const input = mutate(numbers, bytesOf(numbers.pick(vectors).hex), bytesOf(numbers.pick(vectors).hex));
      let outcome: string;
      try {
        const decoded = decodeShared(input);
        if (decoded.kind !== "unknown") expect(decodeShared(encodeShared(decoded))).toEqual(decoded);
        outcome = decoded.kind;
      } catch (error) {
        outcome = String((error as { readonly code?: unknown }).code ?? error);
      }
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    const expected = ["close", "confirm", "frame-malformed", "mark", "message", "streams", "unknown"];
    expect(Object.keys(outcomes).sort()).toEqual(expected);
    for (const outcome of expected) expect(outcomes[outcome]).toBeGreaterThan(100);
  });
});
