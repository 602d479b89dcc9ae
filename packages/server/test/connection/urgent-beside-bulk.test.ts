import { describe, expect, it } from "vitest";
import { SendWindow } from "../../src/connection/send-window.ts";

interface Path {
  readonly bytesPerMs: number;
  readonly roundTripMs: number;
}

const limits = { floorBytes: 65_536, ceilingBytes: 4_194_304 };
const bulkBytes = 16_384;
const urgentBytes = 150;
const forMs = 30_000;

/** A bulk transfer that always has more, and an urgent message every 20 ms that goes ahead of it, over one path. */
function transfer({ bytesPerMs, roundTripMs }: Path): { readonly delaysMs: readonly number[]; readonly used: number } {
  const window = new SendWindow(limits);
  const answers: { readonly at: number; readonly id: number }[] = [];
  const delaysMs: number[] = [];
  let waiting: number[] = [];
  let freeAt = 0;
  let sentBytes = 0;
  const send = (bytes: number, now: number): void => {
    window.sent(bytes);
    sentBytes += bytes;
    freeAt = Math.max(freeAt, now) + bytes / bytesPerMs;
  };
  const mark = (now: number): void => {
    const id = window.takeMark(now);
    if (id !== undefined) answers.push({ at: freeAt + roundTripMs, id });
  };
  for (let now = 0; now < forMs; now += 1) {
    while (answers[0] !== undefined && answers[0].at <= now) window.confirmed(answers.shift()!.id, now);
    if (now % 20 === 0) waiting.push(now);
    while (window.open) {
      send(waiting.length > 0 ? waiting.length * urgentBytes : bulkBytes, now);
      for (const since of waiting) delaysMs.push(freeAt + roundTripMs / 2 - since);
      waiting = [];
      mark(now);
    }
    mark(now);
  }
  return { delaysMs: delaysMs.toSorted((a, b) => a - b), used: sentBytes / bytesPerMs / forMs };
}

describe("what is urgent, beside a bulk transfer", () => {
  it.each<Path>([
    { bytesPerMs: 1_250, roundTripMs: 10 },
    { bytesPerMs: 1_250, roundTripMs: 50 },
    { bytesPerMs: 12_500, roundTripMs: 5 },
    { bytesPerMs: 12_500, roundTripMs: 50 },
    { bytesPerMs: 125_000, roundTripMs: 20 },
  ])("waits for little more than a round trip from the first second on, and the path stays full: %j", (path) => {
    const { delaysMs, used } = transfer(path);
    const at = (share: number): number => delaysMs[Math.floor(delaysMs.length * share)]!;
    expect(delaysMs.length).toBeGreaterThan(forMs / 20 - 10);
    expect(at(0.99)).toBeLessThan(path.roundTripMs + 60);
    // While the round trip is measured anew, and at the start, it may be twice that.
    expect(delaysMs.at(-1)).toBeLessThan(2 * path.roundTripMs + 60);
    expect(used).toBeGreaterThan(0.97);
  });
});
