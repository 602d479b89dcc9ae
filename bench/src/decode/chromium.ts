import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import type { Case } from "./scene.ts";
import { socketIoClientPath } from "./socket-io-client-path.ts";

/** Where Debian's package puts it, or where `CHROMIUM` says. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** A page of Chromium with both clients in it, minified as they travel. */
export class ChromiumPage {
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  /** `undefined` where there is no Chromium. */
  static async open(): Promise<ChromiumPage | undefined> {
    if (!existsSync(executablePath)) return undefined;
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      const page = await browser.newPage();
      await page.addScriptTag({ content: await bundle() });
      await page.addScriptTag({ path: socketIoClientPath });
      return new ChromiumPage(browser, page);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  measure(of: Case, durationMs: number): Promise<number> {
    return this.#page.evaluate(([one, ms]) => (globalThis as unknown as Globals).measure(one, ms), [
      of,
      durationMs,
    ] as const);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

interface Globals {
  measure(of: Case, durationMs: number): Promise<number>;
}

async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL("page.js", import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    minify: true,
    write: false,
  });
  return outputFiles[0]!.text;
}
