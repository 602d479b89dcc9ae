import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/random/random-stream.ts";

const draw = (stream: RandomStream, count: number): number[] => Array.from({ length: count }, () => stream.uint32());

describe("a stream of random numbers", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(draw(new RandomStream(7), 20)).toEqual(draw(new RandomStream(7), 20));
    expect(draw(new RandomStream(7), 20)).not.toEqual(draw(new RandomStream(8), 20));
  });

  it("splits by purpose, whatever was drawn before", () => {
    const used = new RandomStream(7);
    draw(used, 100);
    expect(draw(used.split("network"), 20)).toEqual(draw(new RandomStream(7).split("network"), 20));
    expect(draw(used.split("network"), 20)).not.toEqual(draw(used.split("log"), 20));
  });

  it("spreads over its range", () => {
    const stream = new RandomStream(1);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 10_000; index += 1) counts[stream.integer(0, 9)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
