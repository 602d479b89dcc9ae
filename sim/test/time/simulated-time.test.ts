import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/random/random-stream.ts";
import { Process } from "../../src/time/process.ts";
import { SimulatedTime } from "../../src/time/simulated-time.ts";

describe("simulated time", () => {
  it("lets things happen by their time, then by the order in which they were planned, and what is soon first", async () => {
    const time = new SimulatedTime();
    const seen: string[] = [];
    time.after(20, () => seen.push("at 20"));
    time.after(10, () => {
      seen.push("at 10");
      time.after(0, () => seen.push("at 10, planned later"));
      time.soon(() => seen.push("soon"));
      time.soon(() => seen.push("soon, second"));
    });
    time.after(10, () => seen.push("at 10, second"));
    time.after(15, () => seen.push("never")).cancel();
    await time.run(100);
    expect(seen).toEqual(["at 10", "soon", "soon, second", "at 10, second", "at 10, planned later", "at 20"]);
    expect(time.now).toBe(100);
  });

  it("drains the microtasks of an event before the next one, however deep they go", async () => {
    const time = new SimulatedTime();
    const seen: string[] = [];
    time.after(1, () => {
      void (async () => {
        for (let depth = 0; depth < 50; depth += 1) await Promise.resolve();
        seen.push("promise");
      })();
    });
    time.after(1, () => seen.push("event"));
    await time.run(2);
    expect(seen).toEqual(["promise", "event"]);
  });

  it("ends with what an event throws, and with a loop that never ends", async () => {
    const time = new SimulatedTime();
    time.after(1, () => {
      throw new Error("broken");
    });
    await expect(time.run(2)).rejects.toThrow("broken");
    const still = new SimulatedTime();
    const again = (): void => still.soon(again);
    again();
    await expect(still.run(1)).rejects.toThrow("time stands still");
  });
});

describe("a process", () => {
  const made = (): { time: SimulatedTime; process: Process; seen: string[] } => {
    const time = new SimulatedTime();
    return { time, process: new Process("p", time, new RandomStream(1)), seen: [] };
  };

  it("hears nothing any more when it is dead", async () => {
    const { time, process, seen } = made();
    process.ports.timers.after(5, () => seen.push("timer"));
    process.ports.timers.soon(() => seen.push("soon"));
    process.kill();
    await time.run(10);
    expect(seen).toEqual([]);
  });

  it("hears everything in its order when it wakes, and what comes meanwhile behind that", async () => {
    const { time, process, seen } = made();
    process.sleep();
    process.run(() => seen.push("first"));
    process.run(() => {
      seen.push("second");
      process.run(() => seen.push("fourth"));
    });
    process.run(() => seen.push("third"));
    await time.run(1);
    expect(seen).toEqual([]);
    process.wake();
    await time.run(2);
    expect(seen).toEqual(["first", "second", "third", "fourth"]);
  });

  it("can step its wall clock, and not its monotonic one", () => {
    const { process } = made();
    const before = process.ports.clock.now();
    process.stepClock(-5_000);
    expect(process.ports.clock.now()).toBe(before - 5_000);
    expect(process.ports.clock.monotonic()).toBe(0);
    process.straightenClock();
    expect(process.ports.clock.now()).toBe(before);
  });
});
