import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CreditWindow } from "../../src/channel/credit-window.ts";

describe("the credit of a grant", () => {
  it("starts with the window less what is unread [SUB-10]", () => {
    expect(new CreditWindow(100, 0).granted).toBe(100);
    expect(new CreditWindow(100, 30).granted).toBe(70);
  });

  it("is told anew when half a window was read, not before [SUB-10]", () => {
    const window = new CreditWindow(100, 0);
    window.arrive(100);
    expect(window.take(51)).toBeUndefined();
    expect(window.take(50)).toBe(150);
    expect(window.take(50)).toBeUndefined();
  });

  it("counts what was dropped as read, and what another grant brought as unread [SUB-10]", () => {
    const window = new CreditWindow(100, 0);
    window.arrive(60);
    expect(window.take(60)).toBeUndefined();
    expect(window.take(0)).toBe(160);
  });

  it("never lets more than a window and a message wait, and never stalls a reader [SUB-10]", () => {
    const cost = fc.integer({ min: 33, max: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.record({ cost, reads: fc.nat(3) }), { maxLength: 100, size: "max" }),
        (size, steps) => {
          const window = new CreditWindow(size, 0);
          let credit = window.granted;
          let sent = 0;
          const unread: number[] = [];
          const waiting = (): number => unread.reduce((sum, one) => sum + one, 0);
          const read = (): void => {
            unread.shift();
            credit = window.take(waiting()) ?? credit;
          };
          for (const step of steps) {
            if (sent < credit) {
              sent += step.cost;
              window.arrive(step.cost);
              unread.push(step.cost);
            }
            expect(waiting()).toBeLessThan(size + 200);
            for (let count = 0; count < step.reads; count += 1) read();
          }
          while (unread.length > 0) read();
          expect(sent).toBeLessThan(credit);
        },
      ),
    );
  });
});
