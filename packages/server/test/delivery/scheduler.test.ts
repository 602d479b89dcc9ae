import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lanes } from "../../src/delivery/lane.ts";
import { quantumBytes } from "../../src/delivery/round.ts";
import { Scheduler } from "../../src/delivery/scheduler.ts";
import { MadeSource, takeFrom } from "./made-source.ts";

const scheduled = (...sources: MadeSource[]): { scheduler: Scheduler; sources: MadeSource[] } => {
  const scheduler = new Scheduler();
  for (const source of sources) scheduler.add(source);
  return { scheduler, sources };
};

const many = (count: number, bytes: number): number[] => Array.from({ length: count }, () => bytes);

describe("the scheduler", () => {
  it("serves the more urgent lane first, whatever came first [FLOW-6]", () => {
    const { scheduler, sources } = scheduled(
      new MadeSource("bulk", "bulk", [10, 10]),
      new MadeSource("normal", "normal", [10]),
      new MadeSource("interactive", "interactive", [10, 10]),
    );
    const names: string[] = [];
    for (let at = 0; at < 5; at += 1) names.push(takeFrom(scheduler, sources)!.name);
    expect(names).toEqual(["interactive", "interactive", "normal", "bulk", "bulk"]);
    expect([scheduler.take(0), scheduler.empty]).toEqual([undefined, true]);
  });

  it("lets what becomes urgent overtake at the next piece [FLOW-6]", () => {
    const { scheduler, sources } = scheduled(new MadeSource("bulk", "bulk", many(5, 16_000)));
    takeFrom(scheduler, sources);
    const urgent = new MadeSource("urgent", "interactive", [100]);
    scheduler.add(urgent);
    expect(takeFrom(scheduler, [...sources, urgent])).toBe(urgent);
    expect(takeFrom(scheduler, [...sources, urgent])?.name).toBe("bulk");
  });

  it("gives a lane that waits its eighth of what goes ahead of it [FLOW-6]", () => {
    const { scheduler, sources } = scheduled(
      new MadeSource("interactive", "interactive", many(10_000, 1_000)),
      new MadeSource("bulk", "bulk", many(10_000, 1_000)),
    );
    for (let at = 0; at < 9_000; at += 1) scheduler.take(0);
    const [interactive, bulk] = sources.map(({ sentBytes }) => sentBytes);
    expect(bulk! / interactive!).toBeGreaterThan(0.12);
    expect(bulk! / interactive!).toBeLessThanOrEqual(0.125);
  });

  it("forgets all when it is cleared", () => {
    const { scheduler } = scheduled(new MadeSource("a", "bulk", [1]), new MadeSource("b", "interactive", [1]));
    scheduler.clear();
    expect([scheduler.empty, scheduler.take(0)]).toEqual([true, undefined]);
  });

  it("keeps the order of lanes while nothing waits for too much, and no lane waits for more than its bound [FLOW-6]", () => {
    const source = fc.record({
      lane: fc.constantFrom(...lanes),
      bytes: fc.integer({ min: 1, max: 70_000 }),
      count: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(source, { minLength: 1, maxLength: 8 }), (kinds) => {
        const { scheduler, sources } = scheduled(
          ...kinds.map(({ lane, bytes, count }, at) => new MadeSource(String(at), lane, many(count, bytes))),
        );
        const largest = Math.max(...kinds.map(({ bytes }) => bytes));
        const bound = 8 * Math.max(quantumBytes, largest) + 2 * largest;
        const aheadOf = new Map(lanes.map((lane) => [lane, 0]));
        let urgentBytes = 0;
        let overtakenBytes = 0;
        for (;;) {
          const waits = lanes.filter((lane) => sources.some((one) => one.lane === lane && one.pieces.length > 0));
          const taken = takeFrom(scheduler, sources);
          if (taken === undefined) break;
          const bytes = kinds[Number(taken.name)]!.bytes;
          // What less urgent lanes send ahead of their betters is their share of what went ahead of them.
          if (taken.lane === waits[0]) urgentBytes += waits.length > 1 ? bytes : 0;
          else overtakenBytes += bytes;
          expect(overtakenBytes).toBeLessThanOrEqual((urgentBytes + overtakenBytes) / 4 + 2 * largest);
          for (const lane of waits) {
            const urgent = lanes.indexOf(taken.lane) < lanes.indexOf(lane);
            aheadOf.set(lane, lane === taken.lane ? 0 : aheadOf.get(lane)! + (urgent ? bytes : 0));
            expect(aheadOf.get(lane)).toBeLessThanOrEqual(bound);
          }
        }
        expect(sources.every(({ pieces }) => pieces.length === 0)).toBe(true);
      }),
    );
  });
});
