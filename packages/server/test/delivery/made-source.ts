import type { Lane } from "../../src/delivery/lane.ts";
import type { Source } from "../../src/delivery/source.ts";

/** A source whose pieces the test gives it, by their length. */
export class MadeSource implements Source {
  readonly name: string;
  readonly lane: Lane;
  behind: Source | undefined = undefined;
  deficit = 0;
  /** Lengths of the pieces that it has yet. */
  readonly pieces: number[];
  sentBytes = 0;

  constructor(name: string, lane: Lane = "normal", pieces: readonly number[] = []) {
    this.name = name;
    this.lane = lane;
    this.pieces = [...pieces];
  }

  next(): Uint8Array | undefined {
    const bytes = this.pieces.shift();
    if (bytes === undefined) return undefined;
    this.sentBytes += bytes;
    return new Uint8Array(bytes);
  }
}

/** Takes one piece; says whose it was. */
export function takeFrom(
  schedule: { take(now: number): Uint8Array | undefined },
  sources: readonly MadeSource[],
): MadeSource | undefined {
  const before = sources.map(({ sentBytes }) => sentBytes);
  if (schedule.take(0) === undefined) return undefined;
  return sources.find(({ sentBytes }, index) => sentBytes !== before[index]);
}
