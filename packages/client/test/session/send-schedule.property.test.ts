import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SendSchedule } from "../../src/session/send-schedule.ts";

interface Item {
  readonly lane?: string;
  readonly flow: string;
  readonly bytes: number;
  readonly number: number;
}

const quantumBytes = 16_384;
const maxBytes = 50_000;
const laneNames = ["interactive", "normal", "bulk"] as const;
const bytes = fc.integer({ min: 1, max: maxBytes });
const lane = fc.constantFrom(...laneNames);
const flow = fc.constantFrom("a", "b", "c");

/** Serves once. */
function served(schedule: SendSchedule<Item>): Item | undefined {
  let item: Item | undefined;
  schedule.serve((one) => {
    item = one;
    return one.bytes;
  });
  return item;
}

describe("what is sent next", () => {
  it("is everything that was added, once, and each flow of a lane in its order", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), lane, flow, bytes }),
      fc.constant({ kind: "serve" as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const schedule = new SendSchedule<Item>();
        const added: Item[] = [];
        const sent: Item[] = [];
        for (const one of steps) {
          if (one.kind === "add") {
            added.push({ lane: one.lane, flow: one.flow, bytes: one.bytes, number: added.length });
            schedule.add(added.at(-1)!);
          } else {
            const item = served(schedule);
            if (item !== undefined) sent.push(item);
          }
        }
        expect([...schedule]).toHaveLength(added.length - sent.length);
        for (let item = served(schedule); item !== undefined; item = served(schedule)) sent.push(item);
        expect(schedule.isEmpty).toBe(true);
        const keyOf = (item: Item): string => `${item.lane} ${item.flow}`;
        for (const key of new Set(added.map(keyOf))) {
          const inOrder = added.filter((item) => keyOf(item) === key);
          expect(sent.filter((item) => keyOf(item) === key)).toEqual(inOrder);
        }
      }),
    );
  });

  it("is shared among the flows of a lane by bytes, however large their items are", () => {
    const sizes = fc.array(bytes, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(sizes, lane, fc.integer({ min: 1, max: 300 }), (sizeOf, in_, turns) => {
        const schedule = new SendSchedule<Item>();
        const sent = sizeOf.map(() => 0);
        const add = (index: number): void =>
          schedule.add({ lane: in_, flow: `${index}`, bytes: sizeOf[index]!, number: index });
        for (const index of sizeOf.keys()) add(index);
        for (let turn = 0; turn < turns; turn++) {
          schedule.serve(({ number }) => {
            // Always one more, as a channel with much to publish asks for its next turn when it has had one.
            add(number);
            sent[number]! += sizeOf[number]!;
            return sizeOf[number]!;
          });
        }
        expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(2 * (quantumBytes + maxBytes));
      }),
    );
  });

  it("is the most urgent there is, unless a lane that waits is owed its eighth", () => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 200 }), bytes, (urgent, large) => {
        const schedule = new SendSchedule<Item>();
        schedule.add({ lane: "bulk", flow: "b", bytes: large, number: -1 });
        let ahead = 0;
        let most = 0;
        let waited = 0;
        for (const [number, size] of urgent.entries()) {
          schedule.add({ lane: "interactive", flow: "a", bytes: size, number });
          const item = served(schedule)!;
          if (item.number >= 0) {
            ahead += item.bytes;
            most = Math.max(most, item.bytes);
            waited += item.bytes;
          } else {
            // Not before the share that it is owed has grown to something.
            expect(waited).toBeGreaterThan(8 * quantumBytes);
            return;
          }
        }
        // Nor does it wait for longer than that.
        expect(ahead).toBeLessThanOrEqual(8 * quantumBytes + most);
      }),
    );
  });

  it("comes in an eighth of the bytes at least from a lane that always waits", () => {
    fc.assert(
      fc.property(bytes, bytes, fc.constantFrom("interactive", "normal"), (size, large, above) => {
        const schedule = new SendSchedule<Item>();
        const sent = { above: 0, bulk: 0 };
        const add = (name: string): void =>
          schedule.add({ lane: name, flow: "a", bytes: name === "bulk" ? large : size, number: 0 });
        add(above);
        add("bulk");
        for (let turn = 0; turn < 2_000; turn++) {
          schedule.serve((item) => {
            add(item.lane!);
            sent[item.lane === "bulk" ? "bulk" : "above"] += item.bytes;
            return item.bytes;
          });
        }
        expect(sent.bulk).toBeGreaterThanOrEqual(sent.above / 8 - quantumBytes - size);
        expect(sent.bulk).toBeLessThanOrEqual(sent.above / 8 + large);
      }),
    );
  });

  it("takes a lane of another name for a normal one, and what has none for the most urgent", () => {
    const schedule = new SendSchedule<Item>();
    schedule.add({ lane: "orders", flow: "a", bytes: 1, number: 1 });
    schedule.add({ lane: "bulk", flow: "b", bytes: 1, number: 3 });
    schedule.add({ lane: "normal", flow: "c", bytes: 1, number: 2 });
    schedule.add({ flow: "d", bytes: 1, number: 0 });
    expect([0, 1, 2, 3].map(() => served(schedule)?.number)).toEqual([0, 1, 2, 3]);
    expect(served(schedule)).toBeUndefined();
  });
});
