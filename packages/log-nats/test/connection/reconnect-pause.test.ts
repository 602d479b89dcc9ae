import { describe, expect, it } from "vitest";
import { ReconnectPause } from "../../src/connection/reconnect-pause.ts";

function pauseOf(draw: number) {
  let now = 1_000;
  const clock = { now: () => 0, monotonic: () => now };
  const random = { number: () => draw, bytes: () => new Uint8Array() };
  const pause = new ReconnectPause(2_000, { clock, random });
  return { pause, after: (ms: number) => ((now += ms), pause.ms) };
}

describe("the pause before a connection is tried again", () => {
  it("grows with the time that it has been lost, up to its limit", () => {
    const { pause, after } = pauseOf(0.5);
    expect(pause.ms).toBe(0);
    pause.began();
    expect(after(10)).toBe(50);
    expect(after(990)).toBe(500);
    expect(after(60_000)).toBe(1_500);
    pause.ended();
    expect(pause.ms).toBe(0);
  });

  it("is drawn, so that nodes do not come back in step", () => {
    const [short, long] = [pauseOf(0), pauseOf(0.999)];
    for (const { pause } of [short, long]) pause.began();
    expect([short.after(1_000), long.after(1_000)].map(Math.round)).toEqual([250, 750]);
    expect([short.after(60_000), long.after(60_000)].map(Math.round)).toEqual([1_000, 1_999]);
  });
});
