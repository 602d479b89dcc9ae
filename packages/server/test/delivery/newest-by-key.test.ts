import type { Entry } from "@hawser/log";
import { messageCost } from "@hawser/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NewestByKey } from "../../src/delivery/newest-by-key.ts";

const entry = (offset: number, key: string, bytes = 10): Entry => ({
  offset,
  time: 0,
  payload: { kind: "bytes", data: new Uint8Array(bytes) },
  key,
  publisher: "",
});
const each = messageCost(entry(1, "").payload);

const indexOf = (keys: string, maxCost = 1_000_000): NewestByKey => {
  const index = new NewestByKey(0, maxCost);
  const entries = [...keys].map((key, at) => entry(at + 1, key === "-" ? "" : key));
  index.append(entries, { from: 0, to: entries.length });
  return index;
};

const offsetsOf = ({ entries }: { readonly entries: readonly Entry[] }): number[] =>
  entries.map(({ offset }) => offset);

describe("an index of newest entries", () => {
  it("gives of each key the newest, and all without a key, in their order [SUB-17]", () => {
    const run = indexOf("ab-a-cb").take(0, 1_000_000);
    expect(run).toMatchObject({ from: 0, to: 7, conflated: true });
    expect(offsetsOf(run)).toEqual([3, 4, 5, 6, 7]);
  });

  it("marks only a run of which something is left out [SUB-17]", () => {
    const index = indexOf("aab");
    expect(index.take(0, 1_000_000).conflated).toBe(true);
    expect(index.take(1, 1_000_000).conflated).toBeUndefined();
    expect(offsetsOf(index.take(2, 1_000_000))).toEqual([3]);
  });

  it("cuts a run at its cost, at one entry at least, and goes on from there", () => {
    const index = indexOf("xabcx");
    const first = index.take(0, 2 * each);
    expect([first.to, offsetsOf(first)]).toEqual([3, [2, 3]]);
    const second = index.take(3, 1);
    expect([second.to, offsetsOf(second)]).toEqual([4, [4]]);
    expect(index.take(4, 1)).toMatchObject({ from: 4, to: 5 });
  });

  it("remembers what was left out when its place is cleared away", () => {
    const index = indexOf("ab" + "a".repeat(500) + "c");
    expect(index.take(2, 1_000_000)).toMatchObject({ conflated: true, to: 503 });
    expect(offsetsOf(index.take(1, 1_000_000))).toEqual([2, 502, 503]);
    expect(index.take(502, 1_000_000).conflated).toBeUndefined();
  });

  it("lets the oldest go above its bound, and the keys that are used no more with them", () => {
    const index = new NewestByKey(0, 3 * each);
    for (let offset = 1; offset <= 10; offset += 1)
      index.append([entry(offset, `key ${offset}`)], { from: offset - 1, to: offset });
    expect([index.from, index.cost]).toEqual([7, 3 * each]);
    const page = { from: 0, to: 10, entries: [entry(1, "key 1"), entry(8, "key 8")] };
    expect(index.conflate(page)).toBe(page);
  });

  it("leaves out of a page of the log what is not the newest in it, or here [SUB-17]", () => {
    const index = indexOf("dbbbd");
    const page = { from: 0, to: 4, entries: ["a", "b", "a", ""].map((key, at) => entry(at + 1, key)) };
    const run = index.conflate(page);
    expect(run).toMatchObject({ from: 0, to: 4, conflated: true });
    expect(offsetsOf(run)).toEqual([3, 4]);
  });

  it("leaves out only what has a newer one, whatever comes, and wherever a cursor takes from [SUB-17]", () => {
    const growth = fc.array(
      fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), key: fc.constantFrom("", "a", "b", "c", "d") }), {
        maxLength: 40,
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(growth, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), (batches, taken, held) => {
        const index = new NewestByKey(0, held * each);
        const all: Entry[] = [];
        let to = 0;
        let cost = 0;
        let cursor = 0;
        const got: number[] = [];
        for (const batch of batches) {
          const from = to;
          const entries = batch.map(({ gap, key }) => entry((to += gap), key));
          all.push(...entries);
          cost += index.append(entries, { from, to });
          expect(index.cost).toBe(cost);
          expect(cost).toBeLessThanOrEqual(held * each);
          if (cursor >= to) continue;
          if (cursor < index.from) cursor = index.from;
          if (cursor >= to) continue;
          const run = index.take(cursor, taken * each);
          const own = offsetsOf(run);
          for (const offset of own) expect(offset > cursor && offset <= run.to).toBe(true);
          const behind = all.filter(({ offset }) => offset > cursor && offset <= run.to);
          for (const { offset, key } of behind.filter((one) => !own.includes(one.offset))) {
            expect(run.conflated).toBe(true);
            expect(key).not.toBe("");
            expect(all.some((newer) => newer.key === key && newer.offset > offset)).toBe(true);
          }
          if (run.conflated) expect(own.length).toBeLessThan(behind.length);
          got.push(...own);
          cursor = run.to;
        }
        expect(got).toEqual(got.toSorted((a, b) => a - b));
      }),
    );
  });
});
