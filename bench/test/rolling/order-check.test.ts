import { describe, expect, it } from "vitest";
import { distributionOf } from "../../src/rolling/distribution.ts";
import { OrderCheck } from "../../src/rolling/order-check.ts";

const check = (...received: readonly (readonly [publisher: number, number: number])[]): OrderCheck => {
  const made = new OrderCheck();
  for (const [publisher, number] of received) made.receive(publisher, number);
  return made;
};

describe("the check of a subscriber", () => {
  it("finds nothing when the numbers of each publisher come in their order", () => {
    const subscriber = check([1, 0], [2, 0], [2, 1], [1, 1]);
    expect(
      subscriber.faults(
        new Map([
          [1, 2],
          [2, 2],
        ]),
      ),
    ).toEqual({ lost: 0, doubled: 0, disordered: 0 });
    expect(subscriber.received).toBe(4);
  });

  it("counts what did not come, from publishers that were never heard too", () => {
    expect(
      check([1, 0], [1, 2]).faults(
        new Map([
          [1, 4],
          [3, 2],
        ]),
      ).lost,
    ).toBe(4);
  });

  it("counts what came twice, and what came late", () => {
    const subscriber = check([1, 0], [1, 2], [1, 1], [1, 2]);
    expect(subscriber.faults(new Map([[1, 3]]))).toEqual({ lost: 0, doubled: 1, disordered: 1 });
    expect(subscriber.received).toBe(3);
  });
});

describe("a distribution", () => {
  it("gives the values at its ranks", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(distributionOf(values)).toEqual({ p50: 50, p90: 90, p99: 99, max: 100 });
    expect(distributionOf([7])).toEqual({ p50: 7, p90: 7, p99: 7, max: 7 });
    expect(distributionOf([])).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
  });
});
