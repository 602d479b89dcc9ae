import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeliveryRate } from "../../src/delivery/delivery-rate.ts";

describe("a rate of deliveries", () => {
  it("allows at once what a tenth of a second brings, and at least one message [SUB-18]", () => {
    expect(new DeliveryRate(50, 0).available(1_000)).toBe(5);
    expect(new DeliveryRate(2, 0).available(1_000)).toBe(1);
  });

  it("says when as much may be sent as ever", () => {
    const rate = new DeliveryRate(50, 0);
    rate.spend(5);
    expect([rate.available(0), rate.waitMs(0)]).toEqual([0, 100]);
    expect([rate.available(60), rate.waitMs(60)]).toEqual([3, 40]);
    expect([rate.available(100), rate.waitMs(100)]).toEqual([5, 0]);
  });

  it("lets no more through than the rate and one burst, and all of that to one who comes when he is told [SUB-18]", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), (perSecond) => {
        const rate = new DeliveryRate(perSecond, 0);
        let sent = 0;
        let now = 0;
        while (now < 5_000) {
          const count = rate.available(now);
          expect(count).toBeGreaterThan(0);
          rate.spend(count);
          sent += count;
          now += rate.waitMs(now);
        }
        expect(sent).toBeLessThanOrEqual((perSecond * now) / 1_000 + Math.max(1, perSecond / 10));
        expect(sent).toBeGreaterThan(perSecond * 5 * 0.9 - 2);
      }),
    );
  });
});
