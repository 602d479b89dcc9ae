import { describe, expect, it } from "vitest";
import { Bottleneck } from "../../src/lanes/bottleneck.ts";

const path = (): Bottleneck => new Bottleneck({ bytesPerSecond: 1_000_000, queueBytes: 3_000, delayMs: 25 });

describe("a bottleneck", () => {
  it("sends one packet after the other at its rate, and delays each", () => {
    const link = path();
    expect([link.offer(1_000, 0), link.offer(1_000, 0), link.offer(500, 10)]).toEqual([26, 27, 35.5]);
  });

  it("drops what its queue does not hold, and goes on when there is room", () => {
    const link = path();
    for (let packet = 0; packet < 3; packet += 1) expect(link.offer(1_000, 0)).toBe(26 + packet);
    expect([link.offer(1_000, 0), link.dropped]).toEqual([undefined, 1]);
    expect([link.offer(1_000, 1), link.dropped, link.longestQueueBytes]).toEqual([29, 1, 3_000]);
  });

  it("sends a packet that is larger than its queue when nothing is ahead of it", () => {
    expect(path().offer(10_000, 0)).toBe(35);
  });
});
