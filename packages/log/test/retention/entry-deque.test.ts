import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mustTrim } from "@hawser/log";
import { EntryDeque } from "../../src/retention/entry-deque.ts";

interface Item {
  readonly offset: number;
  readonly size: number;
}

describe("EntryDeque", () => {
  it("reads and trims like a plain array, with holes between the offsets", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), gap: fc.integer({ min: 1, max: 4 }), size: fc.nat(9) }),
      fc.record({ kind: fc.constant("shift" as const) }),
      fc.record({
        kind: fc.constant("read" as const),
        at: fc.nat(150),
        maxCount: fc.integer({ min: 1, max: 6 }),
        maxBytes: fc.integer({ min: 1, max: 30 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const deque = new EntryDeque<Item>(({ size }) => size);
        const model: Item[] = [];
        let offset = 0;
        for (const given of steps) {
          if (given.kind === "push") {
            offset += given.gap;
            deque.push({ offset, size: given.size }, offset * 10);
            model.push({ offset, size: given.size });
          } else if (given.kind === "shift") {
            expect(deque.shift()).toEqual(model.shift());
          } else {
            const above = model.filter((item) => item.offset > given.at);
            const wanted = page(above, given.maxCount, given.maxBytes);
            expect(deque.forward(given.at, given)).toEqual({ entries: wanted, more: wanted.length < above.length });
            const below = model.filter((item) => item.offset <= given.at).toReversed();
            const back = page(below, given.maxCount, given.maxBytes);
            expect(deque.backward(given.at, given)).toEqual({
              entries: back.toReversed(),
              more: back.length < below.length,
            });
          }
          expect([deque.count, deque.bytes]).toEqual([model.length, model.reduce((sum, { size }) => sum + size, 0)]);
          expect(deque.oldest).toEqual(model[0]);
          expect(deque.oldestMoment).toBe((model[0]?.offset ?? 0) * 10);
        }
      }),
    );
  });

  it("gives up the memory of what was trimmed and goes on", () => {
    const deque = new EntryDeque<Item>(({ size }) => size);
    for (let offset = 1; offset <= 10_000; offset += 1) {
      deque.push({ offset, size: 1 }, offset);
      if (deque.count > 100) deque.shift();
    }
    expect([deque.count, deque.bytes, deque.oldest?.offset]).toEqual([100, 100, 9_901]);
    expect(deque.forward(9_950, { maxCount: 1, maxBytes: 1 }).entries).toEqual([{ offset: 9_951, size: 1 }]);
  });
});

describe("mustTrim", () => {
  const policy = { durability: "memory", retainCount: 3, retainBytes: 10, retainAgeMs: 100, deduplicateMs: 0 } as const;

  it.each([
    { count: 3, bytes: 10, age: 99, trims: false, why: "all at its limit" },
    { count: 4, bytes: 4, age: 0, trims: true, why: "one entry past retainCount" },
    { count: 2, bytes: 11, age: 0, trims: true, why: "one byte past retainBytes" },
    { count: 1, bytes: 11, age: 0, trims: false, why: "the newest entry, whatever its size" },
    { count: 1, bytes: 1, age: 100, trims: true, why: "retainAgeMs" },
    { count: 0, bytes: 0, age: 1_000, trims: false, why: "nothing there" },
  ])("says $trims for $why", ({ count, bytes, age, trims }) => {
    expect(mustTrim(policy, { count, bytes }, age)).toBe(trims);
  });
});

function page(items: readonly Item[], maxCount: number, maxBytes: number): readonly Item[] {
  const taken: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (taken.length === maxCount || bytes >= maxBytes) break;
    taken.push(item);
    bytes += item.size;
  }
  return taken.length === 0 ? items.slice(0, 1) : taken;
}
