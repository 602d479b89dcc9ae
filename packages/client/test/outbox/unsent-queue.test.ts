import { describe, expect, it } from "vitest";
import { UnsentQueue } from "../../src/outbox/unsent-queue.ts";

function queueOf(...held: number[]) {
  const items = held.map((holds, index) => ({ name: "abcdef"[index]!, held: holds }));
  const queue = new UnsentQueue<(typeof items)[number]>();
  for (const item of items) queue.add(item);
  return { queue, items, names: () => [...queue].map(({ name }) => name).join("") };
}

describe("a queue of what was never sent", () => {
  it("gives out what nothing holds, in order, and nothing past what is held", () => {
    const { queue, items, names } = queueOf(0, 0, 1, 0);
    expect(queue.ready).toBe(2);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([items[0], items[1], undefined]);
    expect(queue.head).toBeUndefined();
    expect(names()).toBe("cd");
  });

  it("goes on past an item when the last thing that holds it lets go", () => {
    const { queue, items } = queueOf(2, 0);
    items[0]!.held = 1;
    queue.refresh();
    expect(queue.ready).toBe(0);
    items[0]!.held = 0;
    queue.refresh();
    expect(queue.ready).toBe(2);
  });

  it("goes on past an item that is taken out", () => {
    const { queue, items, names } = queueOf(0, 1, 0, 0);
    expect(queue.remove(items[1]!)).toBe(true);
    expect(queue.ready).toBe(3);
    expect(queue.remove(items[1]!)).toBe(false);
    expect(names()).toBe("acd");
    queue.remove(items[0]!);
    expect([queue.ready, queue.size]).toEqual([2, 2]);
  });

  it("tells what is ahead of an item, and nothing of one that is not there", () => {
    const { queue, items } = queueOf(0, 1, 0);
    expect(queue.ahead(items[2]!)).toEqual([items[0], items[1]]);
    queue.remove(items[2]!);
    expect(queue.ahead(items[2]!)).toEqual([]);
  });

  it("is empty when all were taken out", () => {
    const { queue, items } = queueOf(0, 1);
    expect(queue.clear()).toEqual(items);
    expect([queue.ready, queue.size]).toEqual([0, 0]);
  });
});
