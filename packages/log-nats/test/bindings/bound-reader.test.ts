import { afterEach, describe, expect, it } from "vitest";
import { nats } from "../support/fake-nats.ts";
import type { FakeNats } from "../support/fake-nats.ts";

let fake: FakeNats;
afterEach(() => fake.close());

/** Follows a subject, and notes what is told. */
async function following(told: string[], subject = "a") {
  return fake.reader.follow(subject, subject, {
    onEntries: (entries, { from, to }) => told.push(`(${from},${to}] ${entries.map(({ offset }) => offset).join(" ")}`),
    onFloor: (floor) => told.push(`floor ${floor}`),
    onEpoch: ({ end }) => told.push(`epoch at ${end}`),
  });
}

describe("the reader of a binding", () => {
  it("gives what is written between the head of the first channel and where it begins itself", async () => {
    fake = nats();
    fake.write("a");
    fake.hold();
    const told: string[] = [];
    const follow = following(told);
    await fake.turn();
    // Where both are asked for at once, a head has its two answers before the reader has its own.
    fake.answerOldest();
    await fake.turn();
    fake.answerNewest();
    await fake.turn();
    fake.write("a");
    fake.release();
    const { head } = await follow;
    fake.write("a");
    await fake.turn();
    const given = told.flatMap((text) => text.split("] ")[1]!.split(" ").map(Number));
    expect(given).toEqual(Array.from({ length: fake.end - head.end }, (_, index) => head.end + 1 + index));
    expect(told[0]).toContain(`(${head.end},`);
  });

  it("goes on with a channel whose last follower leaves while another one is about to follow it", async () => {
    fake = nats();
    const first = await following([]);
    fake.hold();
    const told: string[] = [];
    const follow = following(told);
    await fake.turn();
    first.close();
    fake.release();
    const { head } = await follow;
    await fake.turn();
    fake.write("a");
    await fake.turn();
    expect(told.filter((text) => text.startsWith("("))).toEqual([`(${head.end},${fake.end}] ${fake.end}`]);
  });

  it("tells all channels of another stream, though the first try to ask for their heads fails", async () => {
    fake = nats();
    for (let count = 0; count < 5; count += 1) fake.write("a");
    const told: string[] = [];
    await following(told);
    fake.failHeads = 1;
    fake.recreate();
    await expect.poll(() => told).toContain("epoch at 0");
    fake.write("a");
    await expect.poll(() => told.at(-1)).toBe("(0,1] 1");
  });

  it("lets a channel be followed whose stream is trimmed above all that it gave, by what others write", async () => {
    fake = nats();
    const other = await following([], "a");
    for (let count = 0; count < 5; count += 1) fake.write("not bound");
    fake.trim(4);
    const told: string[] = [];
    const { head } = await following(told, "b");
    expect(head).toMatchObject({ floor: 3, end: 3 });
    fake.write("b");
    await fake.turn();
    expect(told).toEqual([`(3,${fake.end}] ${fake.end}`]);
    other.close();
  });
});
