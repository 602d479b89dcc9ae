import { describe, expect, it } from "vitest";
import { partitionOf } from "@hawser/log/broker";

describe("the partition of a channel", () => {
  it("is the FNV-1a hash of its name modulo the number of partitions", () => {
    // The hashes are those of the reference vectors of FNV-1a: 0xe40c292c of "a", 0xbf9cf968 of "foobar".
    expect(partitionOf("a", 1_000)).toBe(0xe40c292c % 1_000);
    expect(partitionOf("foobar", 1_000)).toBe(0xbf9cf968 % 1_000);
    expect(partitionOf("foobar", 1)).toBe(0);
  });

  it("spreads channels evenly", () => {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let index = 0; index < 8_000; index += 1) counts[partitionOf(`room.${index}`, 8)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });
});
