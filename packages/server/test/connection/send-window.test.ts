import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SendWindow } from "../../src/connection/send-window.ts";
import { TurnTime } from "../../src/connection/turn-time.ts";

const limits = { floorBytes: 65_536, ceilingBytes: 4_194_304 };
const pieceBytes = 4_096;

/** Sends all that the window lets through over a path of a rate and a round trip, for some round trips. */
function drive(window: SendWindow, bytesPerMs: number, roundTripMs: number, forMs: number): void {
  const confirmations: { at: number; id: number }[] = [];
  let pathFreeAt = 0;
  for (let now = 0; now < forMs; now += 1) {
    while (confirmations[0] !== undefined && confirmations[0].at <= now)
      window.confirmed(confirmations.shift()!.id, now);
    while (window.open) {
      window.sent(pieceBytes);
      pathFreeAt = Math.max(pathFreeAt, now) + pieceBytes / bytesPerMs;
      const id = window.takeMark(now);
      if (id !== undefined) confirmations.push({ at: pathFreeAt + roundTripMs, id });
    }
  }
}

describe("the send window", () => {
  it("closes at its limit and opens when a mark is confirmed", () => {
    const window = new SendWindow({ floorBytes: 1_000, ceilingBytes: 1_000 });
    window.sent(999);
    expect(window.open).toBe(true);
    window.sent(1);
    expect(window.open).toBe(false);
    const id = window.takeMark(0)!;
    window.confirmed(id, 10);
    expect([window.open, window.unconfirmedBytes, window.roundTripMs]).toEqual([true, 0, 10]);
  });

  it("follows what the path holds: rate times round trip, and a quarter", () => {
    const window = new SendWindow(limits);
    // 100 Mbit/s.
    drive(window, 12_500, 50, 5_000);
    expect(window.limitBytes).toBeGreaterThan(12_500 * 50);
    expect(window.limitBytes).toBeLessThan(12_500 * 50 * 2.5);
  });

  it("stays at its floor on a slow path, and at its ceiling on a fast one", () => {
    const slow = new SendWindow(limits);
    drive(slow, 64, 10, 20_000);
    // The least round trip holds the time that a part of the limit takes on the path itself.
    expect(slow.limitBytes).toBeLessThan(2.5 * limits.floorBytes);
    const fast = new SendWindow(limits);
    drive(fast, 1_000_000, 50, 2_000);
    expect(fast.limitBytes).toBe(limits.ceilingBytes);
  });

  it("learns nothing from a sender's own silence", () => {
    const window = new SendWindow(limits);
    const before = window.limitBytes;
    for (let now = 0; now < 10_000; now += 100) {
      window.sent(10);
      const id = window.takeMark(now, true)!;
      window.confirmed(id, now + 90);
    }
    expect(window.limitBytes).toBe(before);
  });

  it("measures the round trip without the sending of the first large piece", () => {
    const window = new SendWindow(limits);
    expect(window.takeMarkAhead(0, 0)).toBeUndefined();
    window.sent(200);
    expect(window.takeMarkAhead(0, 0)).toBeUndefined();
    window.sent(40_000);
    const ahead = window.takeMarkAhead(200, 1)!;
    const behind = window.takeMark(1)!;
    window.confirmed(ahead, 51);
    window.confirmed(behind, 83);
    expect([window.roundTripMs, window.unconfirmedBytes]).toEqual([50, 0]);
    window.sent(40_000);
    expect(window.takeMarkAhead(40_200, 90)).toBeUndefined();
  });

  it("takes what was held up and then confirmed at once for no faster than it came", () => {
    const window = new SendWindow({ floorBytes: 65_536, ceilingBytes: 4_194_304 });
    const marks: number[] = [];
    // A path of 10 Mbit/s and 50 ms that stands still for 200 ms; all that was under way is confirmed behind it.
    for (let at = 0; at < 5; at += 1) {
      window.sent(16_384);
      marks.push(window.takeMark(at * 13)!);
    }
    expect(window.open).toBe(false);
    window.confirmed(marks[0]!, 63);
    window.sent(16_384);
    marks.push(window.takeMark(250)!);
    expect(window.open).toBe(false);
    for (const id of marks.slice(1)) window.confirmed(id, 260);
    expect(window.limitBytes).toBeLessThan(100_000);
  });

  it("lets go of half its limit at once, so that a pause is not followed by a burst that the path has no room for", () => {
    const window = new SendWindow(limits);
    expect(window.burstBytes).toBe(window.limitBytes / 2);
  });

  it("lets a turn of its own process out at once, and marks it once, on a path that is faster", () => {
    const turnMs = 20;
    const turnBytes = 400_000;
    const window = new SendWindow(limits, { ms: turnMs, takePhase: () => 0 });
    window.confirmed(window.takeMark(0, true)!, 0.2);
    let marks: number[] = [];
    let sent = 0;
    for (let turn = 1; turn < 60; turn += 1) {
      const now = turn * turnMs;
      // All that was written in a turn was confirmed meanwhile, and is heard of behind it.
      for (const id of marks) window.confirmed(id, now);
      marks = [];
      for (sent = 0; sent < turnBytes && sent < window.burstBytes && window.open; sent += pieceBytes) {
        window.sent(pieceBytes);
        const id = window.takeMark(now);
        if (id !== undefined) marks.push(id);
      }
      if (sent >= window.burstBytes) window.cut();
      const last = window.takeMark(now);
      if (last !== undefined) marks.push(last);
    }
    expect(sent).toBeGreaterThanOrEqual(turnBytes);
    expect(marks.length).toBeLessThanOrEqual(2);
  });

  it("is marked in another turn than those that are sent the same", () => {
    const turnTime = new TurnTime();
    const windows = Array.from({ length: 100 }, () => new SendWindow(limits, turnTime));
    const marked: number[] = [];
    for (let turn = 0; turn < 320; turn += 1) {
      let marks = 0;
      for (const window of windows) {
        window.sent(200);
        const id = window.takeMark(turn);
        if (id === undefined) continue;
        window.confirmed(id, turn + 0.5);
        marks += 1;
      }
      marked.push(marks);
    }
    expect(marked.reduce((sum, marks) => sum + marks)).toBeGreaterThan(300);
    expect(Math.max(...marked)).toBeLessThan(5);
  });

  it("ignores confirmations that it did not ask for, and those that come twice", () => {
    const window = new SendWindow(limits);
    window.sent(500);
    const id = window.takeMark(0, true)!;
    window.confirmed(id + 1, 5);
    expect(window.unconfirmedBytes).toBe(500);
    window.confirmed(id, 5);
    window.sent(300);
    window.confirmed(id, 6);
    expect(window.unconfirmedBytes).toBe(300);
  });

  it("is never negative, and within its bounds, whatever is confirmed when", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("send" as const), bytes: fc.integer({ min: 1, max: 300_000 }) }),
      fc.record({ kind: fc.constant("confirm" as const), index: fc.nat(20) }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const window = new SendWindow(limits);
        const marks: number[] = [];
        let now = 0;
        for (const one of steps) {
          if (one.kind === "send" && window.open) {
            window.sent(one.bytes);
            const id = window.takeMark(now);
            if (id !== undefined) marks.push(id);
          } else if (one.kind === "confirm" && marks.length > 0)
            window.confirmed(marks[one.index % marks.length]!, now);
          else if (one.kind === "wait") now += one.ms;
          expect(window.unconfirmedBytes).toBeGreaterThanOrEqual(0);
          expect(window.limitBytes).toBeGreaterThanOrEqual(limits.floorBytes);
          expect(window.limitBytes).toBeLessThanOrEqual(limits.ceilingBytes);
          if (!window.open) {
            const id = window.takeMark(now);
            if (id !== undefined) marks.push(id);
            expect(window.waitingSince).toBeDefined();
          }
        }
      }),
    );
  });
});
