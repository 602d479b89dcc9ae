import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser, withoutBrowser } from "../browser/chat.ts";
import { serveExample } from "./example-process.ts";

describe.skipIf(withoutBrowser)("npm run example -- trading-screen", () => {
  let example: Awaited<ReturnType<typeof serveExample>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    [example, browser] = await Promise.all([serveExample("trading-screen"), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await example?.stop();
  });

  it("misses no quote over a cut, five seconds offline and five of standing still, and fills each order once", async () => {
    const page = await (await browser.context()).newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    await page.goto(example.address);
    await state(page, "connected");
    await page.waitForFunction(() => document.querySelectorAll("[data-tick]").length === 6);

    await page.locator("[data-symbol=EURUSD] .price").first().click();
    await filled(page, 1);

    await page.getByRole("button", { name: "Cut" }).click();
    await page.waitForFunction(() => document.querySelector("[data-figure=resumes]")?.textContent !== "0");

    await page.getByRole("button", { name: "Offline" }).click();
    await state(page, "offline");
    await page.locator("[data-symbol=XAUUSD] .price").last().click();
    expect(await page.locator(".blotter [data-state=asked]").count()).toBe(1);
    await state(page, "connected");
    await filled(page, 2);
    await page.locator(".tape .lost").first().waitFor();

    await page.getByRole("button", { name: "Slow tab" }).click();
    await state(page, "not reading");
    const before = await tick(page, "USDJPY");
    await state(page, "connected");
    await page.waitForFunction(
      (past) => Number(document.querySelector<HTMLElement>("[data-symbol=USDJPY]")?.dataset["tick"]) > past + 20,
      before,
    );
    await figuresAreFresh(page);
    expect(await page.locator(`[data-figure="quotes missed"]`).textContent()).toBe("0");

    await page.reload();
    await filled(page, 2);
    expect(await page.locator(".blotter li").count()).toBe(2);
    expect(faults).toEqual([]);
  });
});

async function state(page: Page, text: string): Promise<void> {
  await page.locator(".state", { hasText: new RegExp(`^${text}$`) }).waitFor();
}

async function filled(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll(".blotter [data-state=filled]").length >= wanted,
    count,
  );
}

async function tick(page: Page, symbol: string): Promise<number> {
  return Number(await page.locator(`[data-symbol=${symbol}]`).getAttribute("data-tick"));
}

/** The bar is painted four times a second: waits for what is counted now to stand there. */
async function figuresAreFresh(page: Page): Promise<void> {
  const messages = await page.locator("[data-figure=messages]").textContent();
  await page.waitForFunction(
    (shown) => document.querySelector("[data-figure=messages]")?.textContent !== shown,
    messages,
  );
}
