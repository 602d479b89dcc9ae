import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantumBytes, Round } from "../../src/delivery/round.ts";
import { MadeSource, takeFrom } from "./made-source.ts";

const filled = (round: Round, ...sources: MadeSource[]): MadeSource[] => {
  for (const source of sources) round.add(source);
  return sources;
};

const order = (round: Round, sources: readonly MadeSource[]): string => {
  let names = "";
  for (let taken = takeFrom(round, sources); taken !== undefined; taken = takeFrom(round, sources)) names += taken.name;
  return names;
};

describe("a round", () => {
  it("serves one source after the other, each for a quantum", () => {
    const round = new Round();
    const half = quantumBytes / 2;
    const sources = filled(
      round,
      new MadeSource("a", "normal", [half, half, half]),
      new MadeSource("b", "normal", [quantumBytes, quantumBytes]),
      new MadeSource("c", "normal", [1]),
    );
    expect(order(round, sources)).toBe("aabcab");
    expect(round.empty).toBe(true);
  });

  it("lets a source that sent a large piece sit out turns until that is paid", () => {
    const round = new Round();
    const sources = filled(
      round,
      new MadeSource("a", "normal", [3 * quantumBytes, 1]),
      new MadeSource(
        "b",
        "normal",
        Array.from({ length: 6 }, () => quantumBytes),
      ),
    );
    expect(order(round, sources)).toBe("abbbabbb");
  });

  it("takes a source once, however often it is woken, and again when it has something anew", () => {
    const round = new Round();
    const [source] = filled(round, new MadeSource("a", "normal", [5]));
    round.add(source!);
    expect(order(round, [source!])).toBe("a");
    source!.pieces.push(5);
    expect(round.take(0)).toBeUndefined();
    round.add(source!);
    expect(order(round, [source!])).toBe("a");
  });

  it("does not lose a source that is woken while another one makes its piece", () => {
    const round = new Round();
    const late = new MadeSource("b", "normal", [7]);
    const waking = new (class extends MadeSource {
      override next(): Uint8Array | undefined {
        round.add(late);
        return super.next();
      }
    })("a", "normal", []);
    filled(round, waking);
    expect(round.take(0)?.byteLength).toBe(7);
    expect([round.take(0), round.empty]).toEqual([undefined, true]);
  });

  it("forgets all when it is cleared", () => {
    const round = new Round();
    const sources = filled(round, new MadeSource("a", "normal", [1]), new MadeSource("b", "normal", [1]));
    round.clear();
    expect([round.empty, round.take(0)]).toEqual([true, undefined]);
    filled(round, ...sources);
    expect(order(round, sources)).toBe("ab");
  });

  it("gives sources that always have something the same bytes, but for two pieces and a quantum", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (kinds, takes) => {
        const round = new Round();
        const sources = kinds.map((kind, index) => {
          const pieces = Array.from({ length: 1_000 }, (_, at) => kind[at % kind.length]!);
          return new MadeSource(String(index), "normal", pieces);
        });
        filled(round, ...sources);
        for (let taken = 0; taken < takes; taken += 1) round.take(0);
        const sent = sources.map(({ sentBytes }) => sentBytes);
        const largest = Math.max(...kinds.flat());
        expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(2 * largest + quantumBytes);
      }),
    );
  });
});
