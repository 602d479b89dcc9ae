import { existsSync } from "node:fs";
import { expect } from "vitest";
import { chromium } from "playwright-core";
import type { BrowserContext, Page } from "playwright-core";

/** Chromium where Debian's package puts it, or where `CHROMIUM` says. */
const chromiumPath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Browser tests are skipped where there is no browser; in CI that is a failure. */
export const withoutBrowser = !existsSync(chromiumPath) && !process.env["CI"];

/** How long a page may take for what a test waits for: generous, since machines differ. */
const patienceMs = 60_000;

/** Starts a browser with an empty profile; every context of it is a person of its own. */
export async function openBrowser(): Promise<{
  context: () => Promise<BrowserContext>;
  killSharedWorkers: () => Promise<void>;
  close: () => Promise<void>;
}> {
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const context = async (): Promise<BrowserContext> => {
    const made = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    made.setDefaultTimeout(patienceMs);
    return made;
  };
  const killSharedWorkers = async (): Promise<void> => {
    const devtools = await browser.newBrowserCDPSession();
    const { targetInfos } = await devtools.send("Target.getTargets", { filter: [{ type: "shared_worker" }] });
    expect(targetInfos).not.toEqual([]);
    for (const { targetId } of targetInfos) await devtools.send("Target.closeTarget", { targetId });
  };
  return { context, killSharedWorkers, close: () => browser.close() };
}

/** One person's page of the chat: what a person sees and does. */
export class Chat {
  readonly page: Page;
  /** What the page's script threw, or the browser refused. */
  readonly faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      // A connection that fails is what these tests are about.
      if (
        message.type() === "error" &&
        !/WebSocket connection to|ERR_CONNECTION|Failed to load resource/.test(message.text())
      ) {
        this.faults.push(message.text());
      }
    });
  }

  /** Opens the page as a new visitor, and enters under a name. */
  static async enter(context: BrowserContext, address: string, name: string): Promise<Chat> {
    const chat = new Chat(await context.newPage());
    await chat.page.goto(address);
    await chat.page.getByTestId("name").fill(name);
    await chat.page.getByTestId("enter").click();
    await chat.state("Connected");
    return chat;
  }

  /** Opens the page in one more tab of a visitor whose name it knows. */
  static async reopen(context: BrowserContext, address: string): Promise<Chat> {
    const chat = new Chat(await context.newPage());
    await chat.page.goto(address);
    await chat.state("Connected");
    return chat;
  }

  async say(text: string): Promise<void> {
    await this.page.getByTestId("composer").fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits until the connection panel says so. */
  async state(state: string): Promise<void> {
    await this.page.locator(`[data-testid="panel-state"]`, { hasText: new RegExp(`^${state}$`) }).waitFor();
  }

  /** Every text in the open room, from the first to the last. */
  texts(): Promise<string[]> {
    return this.page.getByTestId("message-text").allTextContents();
  }

  /** Resolves when a text stands in the room as often as said. */
  async shows(text: string): Promise<void> {
    await this.page.getByTestId("message-text").filter({ hasText: text }).first().waitFor();
  }

  /** Resolves when every message in the room has its place in the log, or has failed. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll<HTMLElement>("[data-testid=message]")];
      return (
        rows.length > 0 &&
        rows.every(
          (row) => row.dataset["offset"] !== undefined || ["rejected", "unknown"].includes(row.dataset["state"] ?? ""),
        )
      );
    });
  }

  /** Resolves when the room shows so many messages. */
  async count(count: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => document.querySelectorAll("[data-testid=message]").length >= wanted,
      count,
    );
  }

  async figure(name: string): Promise<number> {
    return Number((await this.page.getByTestId(`figure-${name}`).textContent())?.replace(/\D/g, ""));
  }
}
