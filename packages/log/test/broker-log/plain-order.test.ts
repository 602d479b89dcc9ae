import { describe, expect, it } from "vitest";
import { plain } from "@hawser/log/conformance";
import { PlainOrder } from "../../src/broker-log/plain-order.ts";

function numbers(order: PlainOrder, ...channels: string[]) {
  return channels.map((channel) => {
    const { sequence, previous } = order.number(plain(channel, "x"));
    return [sequence, previous];
  });
}

describe("the numbers of appends without a producer", () => {
  it("rise over all channels and chain those of each", () => {
    expect(numbers(new PlainOrder("node", 9), "a", "b", "a", "b", "a")).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 2],
      [5, 3],
    ]);
  });

  it("remember as many channels as they may, and forget the one that was quiet longest past that (maxPlainChannels)", () => {
    expect(numbers(new PlainOrder("node", 2), "a", "b", "a", "c", "a", "b")).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 0],
      [5, 3],
      [6, 0],
    ]);
  });
});
