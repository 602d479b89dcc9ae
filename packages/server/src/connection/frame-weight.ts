import type { ClientFrame } from "@hawser/protocol";

/** So many pieces and windows of virtual sockets count as one frame: credit bounds them by itself, and they cost little. */
const socketFramesPerFrame = 32;

/** For how many the frames of a message count against `framesPerSecond`. */
export function weightOf(frames: readonly ClientFrame[]): number {
  let weight = 0;
  for (const { type } of frames)
    weight += type === "socket-data" || type === "socket-window" ? 1 / socketFramesPerFrame : 1;
  return weight;
}
