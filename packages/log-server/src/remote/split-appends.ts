import type { Append } from "@hawser/log";
import { appendBound, maxAppendsPerFrame } from "../wire/log-values.ts";

/** Appends that travel in one frame. */
export interface AppendFrame {
  readonly appends: readonly Append[];
  /** As many bytes as they take at most. Above the limit only for a single one. */
  readonly size: number;
}

/** Of a frame, what stands before the appends. */
const headerBytes = 32;

/** The appends in their order, in as few frames as the limit allows. */
export function splitAppends(appends: readonly Append[], maxFrameBytes: number): AppendFrame[] {
  const frames: AppendFrame[] = [];
  let part: Append[] = [];
  let size = headerBytes;
  const flush = (): void => {
    if (part.length > 0) frames.push({ appends: part, size });
    part = [];
    size = headerBytes;
  };
  for (const append of appends) {
    const bound = appendBound(append);
    if (part.length === maxAppendsPerFrame || size + bound > maxFrameBytes) flush();
    part.push(append);
    size += bound;
  }
  flush();
  return frames;
}
