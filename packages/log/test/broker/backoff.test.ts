import { describe, expect, it } from "vitest";
import { Backoff } from "@hawser/log/broker";
import { SimulatedWorld } from "../support/simulated-world.ts";

function setup() {
  const world = new SimulatedWorld();
  const backoff = new Backoff({ minBackoffMs: 100, maxBackoffMs: 1_000 }, world);
  const pauseMs = async (): Promise<number> => {
    const since = world.clock.monotonic();
    await world.drive(backoff.pause());
    return world.clock.monotonic() - since;
  };
  return { backoff, pauseMs };
}

describe("the pauses between tries", () => {
  it("lie between half of a bound and the bound, which doubles up to maxBackoffMs", async () => {
    const { backoff, pauseMs } = setup();
    for (const bound of [100, 200, 400, 800, 1_000, 1_000]) {
      backoff.failed();
      const pause = await pauseMs();
      expect(pause).toBeGreaterThanOrEqual(bound / 2);
      expect(pause).toBeLessThanOrEqual(bound);
    }
  });

  it("count what fails together once, and begin anew after a success", async () => {
    const { backoff, pauseMs } = setup();
    backoff.failed();
    backoff.failed();
    expect(backoff.isDue).toBe(false);
    expect(await pauseMs()).toBeLessThanOrEqual(100);
    expect(backoff.isDue).toBe(true);
    backoff.failed();
    backoff.succeeded();
    expect(await pauseMs()).toBe(0);
    backoff.failed();
    expect(await pauseMs()).toBeLessThanOrEqual(100);
  });
});
