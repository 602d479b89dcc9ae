import { expect, it } from "vitest";
import type { Entry, Page, ReadOptions } from "@hawser/log";
import { joinPages } from "../../src/remote/join-pages.ts";
import { range } from "../support/shared-world.ts";

const entry = (offset: number): Entry => ({
  offset,
  time: 0,
  payload: { kind: "bytes", data: new Uint8Array(10) },
  key: "",
  publisher: "",
});

function page(from: number, to: number, more: boolean, epoch = 1, floor = 0): Page {
  return { epoch, floor, interval: { from, to }, entries: range(from + 1, to).map(entry), more };
}

/** Joins the given pages, and says what was asked for each. */
async function joined(
  options: ReadOptions,
  backward: boolean,
  pages: Page[],
): Promise<{ page: Page; asked: ReadOptions[] }> {
  const asked: ReadOptions[] = [];
  const given = pages.values();
  const whole = await joinPages(options, backward, async (_page, left) => {
    asked.push(left);
    return given.next().value!;
  });
  return { page: whole, asked };
}

const wide: ReadOptions = { maxCount: 1_000, maxBytes: Infinity };

it("joins pages until nothing more is there, in either direction", async () => {
  const forward = await joined(wide, false, [page(2, 5, true), page(5, 9, false)]);
  expect(forward.page).toEqual(page(2, 9, false));
  const backward = await joined(wide, true, [page(5, 9, true), page(2, 5, false, 1, 2)]);
  expect(backward.page).toEqual(page(2, 9, false, 1, 2));
});

it("asks only for what is left of the count and the bytes, and stops when nothing is", async () => {
  const { page: whole, asked } = await joined({ maxCount: 6, maxBytes: 55 }, false, [
    page(0, 3, true),
    page(3, 6, true),
  ]);
  expect(asked).toEqual([
    { maxCount: 6, maxBytes: 55 },
    { maxCount: 3, maxBytes: 25 },
  ]);
  expect(whole).toEqual(page(0, 6, true));
});

it.each([
  ["the epoch changed", page(5, 9, false, 2)],
  ["the log was trimmed past it", page(7, 9, false, 1, 7)],
])("ends with what came before when %s between two pages", async (_what, second) => {
  const { page: whole } = await joined(wide, false, [page(2, 5, true), second]);
  expect(whole).toEqual(page(2, 5, true));
});

it("ends with what came before when the log was trimmed between two pages read backward", async () => {
  const { page: whole } = await joined(wide, true, [page(5, 9, true), page(4, 4, false, 1, 4)]);
  expect(whole).toEqual(page(5, 9, true));
});

it("keeps the floor of its first page, above which all its entries stand", async () => {
  const { page: whole } = await joined(wide, false, [page(2, 5, true), page(5, 9, false, 1, 4)]);
  expect(whole).toEqual(page(2, 9, false, 1, 0));
});
