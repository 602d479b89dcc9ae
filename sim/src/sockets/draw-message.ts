import type { RandomStream } from "../random/random-stream.ts";
import type { SocketMessage } from "./message-stream.ts";

const alphabet = ["a", "b", " ", "é", "漢", "😀"] as const;

/** Text or binary: mostly small, some empty, now and then as large as may be. */
export function drawMessage(random: RandomStream, largestBytes: number): SocketMessage {
  const bytes = drawSize(random, largestBytes);
  if (random.chance(0.5)) return { text: false, data: random.bytes(bytes) };
  let text = "";
  let taken = 0;
  for (let letters = bytes / 2; letters > 0; letters -= 1) {
    const letter = random.pick(alphabet);
    taken += Buffer.byteLength(letter);
    if (taken <= bytes) text += letter;
  }
  return { text: true, data: Buffer.from(text) };
}

function drawSize(random: RandomStream, largestBytes: number): number {
  if (random.chance(0.1)) return 0;
  if (random.chance(0.7)) return random.integer(1, Math.min(60, largestBytes));
  return random.integer(1, random.chance(0.3) ? largestBytes : Math.min(1_000, largestBytes));
}
