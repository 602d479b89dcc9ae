import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Codec } from "@hawser/protocol";
import { bytesOf, frameFiles, readVectors } from "../support/vectors.ts";
import { checkInput } from "./check-input.ts";
import type { Side } from "./check-input.ts";
import { mutate, SeededNumbers } from "./mutate.ts";

export interface FuzzReport {
  readonly inputs: number;
  readonly seed: number;
  /** How often each outcome was: "frames", "frame-malformed", "frame-unexpected". */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly {
    readonly subprotocol: string;
    readonly side: Side;
    readonly hex: string;
    readonly reason: string;
  }[];
}

/** More failures than this are the same one. */
const maxFailures = 10;

/** Feeds `count` mutated inputs to both codecs, in both directions, starting from the vectors of spec/vectors. */
export function fuzz(count: number, seed: number): FuzzReport {
  const numbers = new SeededNumbers(seed);
  const corpora = [corpusOf(protobufCodec), corpusOf(jsonCodec)];
  const outcomes: Record<string, number> = {};
  const failures: FuzzReport["failures"][number][] = [];
  let inputs = 0;
  for (; inputs < count && failures.length < maxFailures; inputs++) {
    const { codec, messages } = numbers.pick(corpora);
    const { from, message } = numbers.pick(messages);
    const side: Side = numbers.below(8) === 0 ? other(from) : from;
    const input = mutate(numbers, message, numbers.pick(messages).message);
    try {
      const outcome = checkInput(codec, side, input);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    } catch (error) {
      const hex = Buffer.from(input).toString("hex");
      failures.push({ subprotocol: codec.subprotocol, side, hex, reason: String(error) });
    }
  }
  return { inputs, seed, outcomes, failures };
}

interface Corpus {
  readonly codec: Codec;
  readonly messages: readonly { readonly from: Side; readonly message: Uint8Array }[];
}

function corpusOf(codec: Codec): Corpus {
  const vectors = [
    ...frameFiles.flatMap((file) => readVectors(file)),
    ...readVectors("lenient"),
    ...readVectors("malformed"),
  ];
  const messages = vectors.flatMap(({ from, protobuf, json }) => {
    if (codec.binary) return protobuf === undefined ? [] : [{ from, message: bytesOf(protobuf) }];
    return json === undefined ? [] : [{ from, message: new TextEncoder().encode(json) }];
  });
  return { codec, messages };
}

function other(side: Side): Side {
  return side === "client" ? "server" : "client";
}
