import { expect, it } from "vitest";
import { sparkPoints } from "../../src/view/sparkline.ts";

it("draws the newest value at the right, and the greatest at the top", () => {
  const points = sparkPoints([1, 4, 2], 60);
  expect(points.map(([x]) => x)).toEqual(points.map(([x]) => x).toSorted((one, other) => one - other));
  expect(points.at(-1)?.[0]).toBe(236);
  expect(Math.min(...points.map(([, y]) => y))).toBe(points[1]?.[1]);
  for (const [, y] of points) expect(y).toBeGreaterThanOrEqual(0);
});
