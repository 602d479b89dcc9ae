import { describe, expect, it } from "vitest";
import { fetchAgain } from "../../src/broker-log/fetch-again.ts";
import { SimulatedWorld } from "../support/simulated-world.ts";

function setup(failures: number, isWanted = () => true) {
  const world = new SimulatedWorld();
  const asked: number[] = [];
  const broker = {
    produce: async () => {},
    fetch: async () => {
      asked.push(world.clock.monotonic());
      if (asked.length <= failures) throw new Error("no answer");
      return { records: [], start: 1, end: 0 };
    },
  };
  const times = { minBackoffMs: 100, maxBackoffMs: 400, readTimeoutMs: 1_000 };
  const answer = world.drive(
    fetchAgain({ clock: world.clock, timers: world.timers, broker, isWanted, ...times }, 1, 10),
  );
  return { answer, asked };
}

describe("a fetch that has to be answered", () => {
  it("is made again after pauses that double up to maxBackoffMs", async () => {
    const { answer, asked } = setup(3);
    expect(await answer).toEqual({ records: [], start: 1, end: 0 });
    expect(asked).toEqual([0, 100, 300, 700]);
  });

  it("is given up when no other try would begin in time", async () => {
    const { answer, asked } = setup(4);
    await expect(answer).rejects.toThrow("no answer");
    expect(asked).toEqual([0, 100, 300, 700]);
  });

  it("is given up when nobody wants it any more", async () => {
    const { answer, asked } = setup(1, () => false);
    await expect(answer).rejects.toThrow("no answer");
    expect(asked).toEqual([0]);
  });
});
