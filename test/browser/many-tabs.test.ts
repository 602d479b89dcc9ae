import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BrowserContext } from "playwright-core";
import { Cleanup, serve } from "../command/hawser-process.ts";
import { Chat, openBrowser, withoutBrowser } from "./chat.ts";

describe.skipIf(withoutBrowser)("four tabs of one person", () => {
  const cleanup = new Cleanup();
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(() => cleanup.run());
  afterAll(() => browser.close());

  const start = async (): ReturnType<typeof serve> => {
    const started = await serve(["--port", "0", "--memory"]);
    cleanup.process(started.server);
    return started;
  };

  /** Opens the page in a tab after the other; the first one is asked for a name, which the others know from it. */
  const openTabs = async (context: BrowserContext, address: string): Promise<Chat[]> => {
    const tabs = [await Chat.enter(context, address, "ann")];
    while (tabs.length < 4) tabs.push(await Chat.reopen(context, address));
    return tabs;
  };

  const context = async (): Promise<BrowserContext> => {
    const made = await browser.context();
    cleanup.add(() => made.close());
    return made;
  };

  const withoutWorkers = async (): Promise<BrowserContext> => {
    const made = await context();
    await made.addInitScript(() => void Reflect.deleteProperty(globalThis, "SharedWorker"));
    return made;
  };

  /** What the server's metrics say. */
  const counts = async (page: string): Promise<{ readonly sockets: number; readonly streams: number }> => {
    const text = await (await fetch(new URL("/metrics", page))).text();
    const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
    return { sockets: value("hawser_shared_connections"), streams: value("hawser_connections") };
  };

  /** Each tab says something in turn, and each sees all of it, once and in the same order. */
  const talk = async (tabs: readonly Chat[], rounds: number, expected: string[]): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      for (const tab of tabs) {
        expected.push(`message ${expected.length}`);
        await tab.say(expected.at(-1)!);
      }
    }
    for (const tab of tabs) {
      await tab.shows(expected.at(-1)!);
      await tab.settled();
    }
  };

  const expectWhole = async (tabs: readonly Chat[], expected: readonly string[]): Promise<void> => {
    for (const tab of tabs) {
      await expect
        .poll(async () => (await tab.texts()).toSorted(), { timeout: 30_000 })
        .toEqual([...expected].toSorted());
      // They write at the same time, so that the order is the log's: the same for all.
      expect(await tab.texts()).toEqual(await tabs[0]!.texts());
      expect([await tab.figure("lost"), await tab.figure("gaps")]).toEqual([0, 0]);
      expect(tab.faults).toEqual([]);
    }
  };

  it.each([
    ["a shared worker", context],
    ["no shared worker", withoutWorkers],
  ])("have one connection with %s, and each gets every message once", async (_name, make) => {
    const { page } = await start();
    const tabs = await openTabs(await make(), `${page}?connections=1`);
    await expect.poll(() => counts(page)).toEqual({ sockets: 1, streams: 4 });
    const expected: string[] = [];
    await talk(tabs, 5, expected);
    await expectWhole(tabs, expected);
    await tabs[0]!.page.close();
    await expect.poll(async () => (await counts(page)).streams).toBe(3);
    await talk(tabs.slice(1), 2, expected);
    await expectWhole(tabs.slice(1), expected);
    await expect.poll(() => counts(page)).toEqual({ sockets: 1, streams: 3 });
  });

  it("have two connections where each has two, all of them shared", async () => {
    const { page } = await start();
    const tabs = await openTabs(await context(), page);
    await expect.poll(() => counts(page)).toEqual({ sockets: 2, streams: 8 });
    const expected: string[] = [];
    await talk(tabs, 3, expected);
    await expectWhole(tabs, expected);
  });

  it.each([
    ["is closed", (tab: Chat) => tab.page.close()],
    ["crashes", (tab: Chat) => crash(tab)],
  ])("go on through another tab when the one that holds their connection %s", async (_name, end) => {
    const { page } = await start();
    const [host, ...others] = await openTabs(await withoutWorkers(), `${page}?connections=1`);
    const expected: string[] = [];
    await talk([host!, ...others], 2, expected);
    // What they say while the connection is handed over is neither lost nor doubled.
    const talking = talk(others, 10, expected);
    await others[0]!.shows("message 15");
    await end(host!);
    await talking;
    await expectWhole(others, expected);
    await expect.poll(() => counts(page)).toEqual({ sockets: 1, streams: 3 });
    for (const other of others) await expect.poll(() => other.figure("resumes"), { timeout: 10_000 }).toBe(1);
  });

  it("go on without a tab that crashes beside the shared worker, whose stream ends", async () => {
    const { page } = await start();
    const tabs = await openTabs(await context(), `${page}?connections=1`);
    const expected: string[] = [];
    await talk(tabs, 2, expected);
    // The worker lives in the process of the tab that was first.
    await crash(tabs[3]!);
    const others = tabs.slice(0, 3);
    await expect.poll(() => counts(page)).toEqual({ sockets: 1, streams: 3 });
    await talk(others, 3, expected);
    await expectWhole(others, expected);
    for (const other of others) expect(await other.figure("resumes")).toBe(0);
  });

  it("go on while one of them is frozen, which misses nothing when it wakes", async () => {
    const { page } = await start();
    const tabs = await openTabs(await context(), `${page}?connections=1`);
    const expected: string[] = [];
    await talk(tabs, 1, expected);
    const devtools = await tabs[3]!.page.context().newCDPSession(tabs[3]!.page);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await talk(tabs.slice(0, 3), 10, expected);
    await expectWhole(tabs.slice(0, 3), expected);
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await expectWhole(tabs, expected);
  });

  it("go on through a new shared worker when theirs is killed", async () => {
    const { page } = await start();
    const tabs = await openTabs(await context(), `${page}?connections=1`);
    const expected: string[] = [];
    await talk(tabs, 2, expected);
    const talking = talk(tabs, 10, expected);
    await tabs[0]!.shows("message 15");
    await browser.killSharedWorkers();
    await talking;
    await expectWhole(tabs, expected);
    await expect.poll(() => counts(page)).toEqual({ sockets: 1, streams: 4 });
  });
});

/** Ends the process of a tab, as a fault in the browser does. */
async function crash(tab: Chat): Promise<void> {
  const crashed = tab.page.waitForEvent("crash");
  const devtools = await tab.page.context().newCDPSession(tab.page);
  void devtools.send("Page.crash").catch(() => {});
  await crashed;
}
