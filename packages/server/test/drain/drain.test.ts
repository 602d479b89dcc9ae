import { describe, expect, it } from "vitest";
import { drainPlan } from "../../src/drain/drain-options.ts";
import type { DrainOptions } from "../../src/drain/drain-options.ts";
import { Drain } from "../../src/drain/drain.ts";
import type { Movable } from "../../src/drain/drain.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

/** A connection that keeps when it was told what, and ends when it is dismissed. */
class TestConnection implements Movable {
  toldAt: number | undefined;
  deadlineMs: number | undefined;
  endpoints: readonly string[] = [];
  dismissedAt: number | undefined;
  /** It takes so little of what it is sent that being told to move is too much. */
  overrun = false;
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  move(deadlineMs: number, endpoints: readonly string[]): boolean {
    this.toldAt = this.#scene.ports.monotonic();
    this.deadlineMs = deadlineMs;
    this.endpoints = endpoints;
    if (this.overrun) this.leave();
    return true;
  }

  dismiss(): void {
    this.dismissedAt = this.#scene.ports.monotonic();
    this.leave();
  }

  leave(): void {
    this.#scene.drain.forget(this);
  }
}

class Scene {
  readonly ports = new SimulatedPorts();
  readonly connections: TestConnection[];
  readonly drain: Drain<TestConnection>;
  readonly events: string[] = [];
  ends = 0;

  constructor(count: number, options: DrainOptions) {
    this.connections = Array.from({ length: count }, () => new TestConnection(this));
    this.drain = new Drain(
      {
        clock: this.ports,
        timers: this.ports,
        connections: this.connections,
        onMove: (event) => this.events.push(event),
        onDone: () => (this.ends += 1),
      },
      drainPlan(options),
    );
    this.drain.start();
  }

  get done(): boolean {
    return this.ends > 0;
  }

  get toldAt(): (number | undefined)[] {
    return this.connections.map(({ toldAt }) => toldAt);
  }
}

describe("a drain", () => {
  it("tells connections evenly over its time less the last deadline, and is over at its end", async () => {
    const scene = new Scene(4, { overMs: 5_000, deadlineMs: 1_000 });
    await scene.ports.advance(4_000);
    expect(scene.toldAt).toEqual([0, 1_000, 2_000, 3_000]);
    expect(scene.connections.map(({ dismissedAt }) => dismissedAt)).toEqual([1_000, 2_000, 3_000, 4_000]);
    expect(scene.drain.progress).toEqual({ total: 4, told: 4, moved: 0, closed: 4, remaining: 0, done: true });
    expect(scene.done).toBe(true);
    expect(scene.ports.pending).toBe(0);
  });

  it("tells each client a deadline of its own, and the addresses begun at another one", async () => {
    const endpoints = ["wss://a", "wss://b", "wss://c"];
    const scene = new Scene(4, { overMs: 400, deadlineMs: 100, endpoints });
    await scene.ports.advance(300);
    expect(scene.connections.map((one) => one.endpoints)).toEqual([
      ["wss://a", "wss://b", "wss://c"],
      ["wss://b", "wss://c", "wss://a"],
      ["wss://c", "wss://a", "wss://b"],
      ["wss://a", "wss://b", "wss://c"],
    ]);
    expect(scene.connections.map(({ deadlineMs }) => deadlineMs)).toEqual([100, 100, 100, 100]);
  });

  it("is over as soon as the last one has left", async () => {
    const scene = new Scene(2, { overMs: 3_000 });
    scene.connections[0]!.leave();
    await scene.ports.advance(1);
    expect(scene.done).toBe(false);
    scene.connections[1]!.leave();
    expect(scene.done).toBe(true);
    expect(scene.drain.progress).toEqual({ total: 2, told: 1, moved: 2, closed: 0, remaining: 0, done: true });
    expect(scene.events).toEqual(["told", "moved", "moved"]);
    expect(scene.ports.pending).toBe(0);
  });

  it("gives the time of those who leave untold to the others", async () => {
    const scene = new Scene(5, { overMs: 5_000, deadlineMs: 1_000 });
    await scene.ports.advance(1);
    scene.connections[1]!.leave();
    scene.connections[2]!.leave();
    await scene.ports.advance(4_000);
    // At 800 the second is due, and two wait for the 3,200 that are left.
    expect(scene.toldAt).toEqual([0, undefined, undefined, 800, 2_400]);
  });

  it("tells nobody faster than its rate, and takes longer for it", async () => {
    const scene = new Scene(30, { overMs: 10, deadlineMs: 10, maxMovesPerSecond: 10 });
    await scene.ports.advance(1_000);
    expect(scene.toldAt.filter((at) => at !== undefined)).toHaveLength(11);
    await scene.ports.advance(2_000);
    expect(scene.toldAt.at(-1)).toBe(2_900);
    expect(scene.done).toBe(true);
  });

  it("tells everybody within a millisecond when it has no time and its rate allows it", async () => {
    const scene = new Scene(50, { overMs: 0, maxMovesPerSecond: 1_000_000 });
    await scene.ports.advance(1);
    expect(scene.toldAt.every((at) => at !== undefined && at <= 1)).toBe(true);
  });

  it("makes up for a tenth of a second at most after the process stood still", async () => {
    const scene = new Scene(1_000, { overMs: 10_000, deadlineMs: 0 });
    scene.ports.stall(5_000);
    await scene.ports.advance(0);
    expect(scene.drain.progress.told).toBeLessThan(25);
    await scene.ports.advance(5_001);
    expect(scene.drain.progress).toMatchObject({ told: 1_000, done: true });
  });

  it("takes another plan for those who wait, and gives those who were told no more than it", async () => {
    const scene = new Scene(4, { overMs: 100_000, deadlineMs: 60_000 });
    await scene.ports.advance(10_000);
    expect(scene.toldAt).toEqual([0, 10_000, undefined, undefined]);
    scene.drain.replan(drainPlan({ overMs: 3_000, deadlineMs: 1_000 }));
    await scene.ports.advance(3_000);
    expect(scene.toldAt).toEqual([0, 10_000, 10_000, 11_000]);
    expect(scene.connections.map(({ dismissedAt }) => dismissedAt)).toEqual([11_000, 11_000, 11_000, 12_000]);
    expect(scene.done).toBe(true);
  });

  it("is over when telling the last one ends it", async () => {
    const scene = new Scene(2, { overMs: 3_000, deadlineMs: 1_000 });
    scene.connections[1]!.overrun = true;
    await scene.ports.advance(3_000);
    expect(scene.drain.progress).toMatchObject({ total: 2, moved: 1, closed: 1, remaining: 0, done: true });
    expect(scene.ends).toBe(1);
    expect(scene.ports.pending).toBe(0);
  });

  it("is over once, whoever comes and goes behind it", async () => {
    const scene = new Scene(1, {});
    const late = new TestConnection(scene);
    late.leave();
    expect(scene.ends).toBe(0);
    scene.connections[0]!.leave();
    late.leave();
    expect(scene.ends).toBe(1);
    expect(scene.drain.progress.moved).toBe(1);
  });

  it("of nobody is over at once", () => {
    expect(new Scene(0, {})).toMatchObject({ done: true });
  });
});

describe("drainPlan", () => {
  it("gives 30 s, of which the last connection has 10, and 1,000 moves a second", () => {
    expect(drainPlan()).toEqual({ overMs: 30_000, deadlineMs: 10_000, maxMovesPerSecond: 1_000, endpoints: [] });
    expect(drainPlan({ overMs: 9_000 }).deadlineMs).toBe(3_000);
  });

  it.each([
    ["overMs", { overMs: -1 }],
    ["overMs", { overMs: 2 ** 31 }],
    ["overMs", { overMs: Number.NaN }],
    ["deadlineMs", { overMs: 10, deadlineMs: 11 }],
    ["maxMovesPerSecond", { maxMovesPerSecond: 0 }],
    ["endpoints", { endpoints: ["b.example.org"] }],
    ["endpoints", { endpoints: ["wss://ann:secret@b.example.org"] }],
    ["endpoints", { endpoints: Array.from({ length: 33 }, (_, index) => `wss://n${index}`) }],
    ["endpoints", { endpoints: [`wss://${"b".repeat(2_043)}`] }],
    ["slowly", { slowly: true } as DrainOptions],
  ])("refuses a wrong %s", (name, options) => {
    expect(() => drainPlan(options)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(name) }),
    );
  });

  it("takes 32 addresses, each of 2,048 characters", () => {
    const endpoints = Array.from({ length: 32 }, (_, index) => `wss://n${index}/`.padEnd(2_048, "p"));
    expect(drainPlan({ overMs: 2 ** 31 - 1, endpoints }).endpoints).toEqual(endpoints);
  });
});
