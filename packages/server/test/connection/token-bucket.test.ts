import { expect, it } from "vitest";
import { TokenBucket } from "../../src/connection/token-bucket.ts";

it("gives its burst at once, then its rate", () => {
  const bucket = new TokenBucket(8, 3, 0);
  expect([1, 2, 3].map(() => bucket.take(1, 0))).toEqual([0, 0, 0]);
  expect(bucket.take(1, 0)).toBe(125);
  expect(bucket.take(1, 124)).toBe(1);
  expect(bucket.take(1, 125)).toBe(0);
  expect([1, 2, 3].map(() => bucket.take(1, 10_000))).toEqual([0, 0, 0]);
  expect(bucket.take(1, 10_000)).toBe(125);
});

it("says how long to rest when more was spent than there was", () => {
  const bucket = new TokenBucket(8, 3, 0);
  expect(bucket.spend(3, 0)).toBe(0);
  expect(bucket.spend(5, 0)).toBe(625);
  expect(bucket.take(1, 625)).toBe(125);
  expect(bucket.take(1, 750)).toBe(0);
});

it("does not suffer from a clock that goes back", () => {
  const bucket = new TokenBucket(10, 1, 1_000);
  expect(bucket.take(1, 1_000)).toBe(0);
  expect(bucket.take(1, 0)).toBe(100);
});
