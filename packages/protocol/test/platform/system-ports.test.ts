import { afterEach, describe, expect, it, vi } from "vitest";
import { systemPorts } from "@hawser/protocol";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("systemPorts", () => {
  it("shows the time of the platform, and one that never goes back", () => {
    const { clock } = systemPorts();
    vi.useFakeTimers({ now: 1_767_225_600_000 });
    expect(clock.now()).toBe(1_767_225_600_000);
    const before = clock.monotonic();
    vi.setSystemTime(0);
    expect(clock.now()).toBe(0);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(before);
  });

  it("calls back once after the delay, and not when it was cancelled", () => {
    vi.useFakeTimers();
    const { timers } = systemPorts();
    const calls: string[] = [];
    timers.after(100, () => calls.push("kept"));
    const timer = timers.after(100, () => calls.push("cancelled"));
    timer.cancel();
    vi.advanceTimersByTime(99);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(calls).toEqual(["kept"]);
    timer.cancel();
  });

  it("waits for longer than a platform's timer can", () => {
    vi.useFakeTimers();
    const { timers } = systemPorts();
    const callback = vi.fn<() => void>();
    timers.after(2 ** 31 + 5000, callback);
    const cancelled = timers.after(2 ** 31 + 5000, callback);
    vi.advanceTimersByTime(2 ** 31 + 4999);
    expect(callback).not.toHaveBeenCalled();
    cancelled.cancel();
    vi.advanceTimersByTime(10_000);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it.each(["setImmediate", "MessageChannel"])(
    "calls back soon, in order, after the current turn (%s)",
    async (means) => {
      if (means === "MessageChannel") vi.stubGlobal("setImmediate", undefined);
      const { timers } = systemPorts();
      const calls: number[] = [];
      const both = new Promise<void>((resolve) => {
        timers.soon(() => calls.push(1));
        timers.soon(() => {
          calls.push(2);
          resolve();
        });
      });
      await Promise.resolve();
      expect(calls).toEqual([]);
      await both;
      expect(calls).toEqual([1, 2]);
    },
  );

  it("draws bytes for identities, and numbers from 0 to 1", () => {
    const { random } = systemPorts();
    expect(random.bytes(16)).toHaveLength(16);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
    expect(random.bytes(65_536)).toHaveLength(65_536);
    expect(() => random.bytes(65_537)).toThrow("65,536 bytes");
    const number = random.number();
    expect(number).toBeGreaterThanOrEqual(0);
    expect(number).toBeLessThan(1);
  });
});
