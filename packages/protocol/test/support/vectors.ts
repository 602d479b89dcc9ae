import { readFileSync } from "node:fs";
import type { Frame } from "@hawser/protocol";

/** A frame as both forms write it. */
export interface FrameVector {
  readonly name: string;
  readonly from: "client" | "server";
  readonly frame: unknown;
  readonly protobuf: string;
  readonly json: string;
}

/** What a decoder takes though no encoder writes it. */
export interface LenientVector {
  readonly name: string;
  readonly from: "client" | "server";
  readonly frames: readonly unknown[];
  readonly protobuf?: string;
  readonly json?: string;
}

/** What a decoder refuses. */
export interface MalformedVector {
  readonly name: string;
  readonly from: "client" | "server";
  readonly protobuf?: string;
  readonly json?: string;
  readonly jsonHex?: string;
  readonly code: string;
}

export const frameFiles = [
  "connection",
  "subscriptions",
  "publishing",
  "history",
  "calls",
  "presence",
  "sockets",
] as const;

/** The vectors of a file in spec/vectors. */
export function readVectors(file: (typeof frameFiles)[number]): readonly FrameVector[];
export function readVectors(file: "lenient"): readonly LenientVector[];
export function readVectors(file: "malformed"): readonly MalformedVector[];
export function readVectors(file: string): readonly unknown[] {
  const url = new URL(`../../../../spec/vectors/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { vectors: readonly unknown[] }).vectors;
}

/** The frame that a vector writes out: `{"hex": ...}` for bytes, a payload by its kind, `null` for what is not there. */
export function frameOf(portable: unknown): Frame {
  return valueOf(portable) as Frame;
}

export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function valueOf(portable: unknown): unknown {
  if (portable === null) return undefined;
  if (Array.isArray(portable)) return portable.map(valueOf);
  if (typeof portable !== "object") return portable;
  const { kind, hex, text } = portable as Record<string, string | undefined>;
  if (kind !== undefined) return { kind, data: hex === undefined ? new TextEncoder().encode(text) : bytesOf(hex) };
  if (hex !== undefined) return bytesOf(hex);
  return Object.fromEntries(Object.entries(portable).map(([name, value]) => [name, valueOf(value)]));
}
