import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Cleanup, serve } from "../command/hawser-process.ts";
import { HttpProxy } from "../support/http-proxy.ts";
import { Chat, openBrowser, withoutBrowser } from "./chat.ts";

describe.skipIf(withoutBrowser)("the page where WebSockets are blocked", () => {
  const cleanup = new Cleanup();
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(() => cleanup.run());
  afterAll(() => browser.close());

  it.each(["strip", "swallow"] as const)("goes on over HTTP, once and in order (%s)", async (upgrades) => {
    const { server, url, page } = await serve(["--port", "0", "--memory"]);
    cleanup.process(server);
    const proxy = await HttpProxy.to([Number(new URL(url).port)], { upgrades });
    cleanup.add(() => proxy.close());
    const [behind, beside] = [await browser.context(), await browser.context()];
    for (const context of [behind, beside]) cleanup.add(() => context.close());
    const [ann, bob] = await Promise.all([
      Chat.enter(behind, new URL("/", proxy.url.replace("ws:", "http:")).href, "ann"),
      Chat.enter(beside, page, "bob"),
    ]);
    const kinds = (chat: Chat): Promise<(string | null)[]> =>
      chat.page
        .getByTestId("connection")
        .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset["transport"] ?? null));
    await expect.poll(() => kinds(ann), { timeout: 30_000 }).toEqual(["http-stream", "http-stream"]);
    expect(new Set(await kinds(bob))).toEqual(new Set(["shared-websocket"]));
    const expected: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const [writer, reader] = index % 2 === 0 ? [ann, bob] : [bob, ann];
      expected.push(`message ${index}`);
      await writer.say(expected.at(-1)!);
      await reader.shows(expected.at(-1)!);
      if (index === 5) await ann.page.getByTestId("cut").click();
    }
    for (const chat of [ann, bob]) {
      await chat.settled();
      expect(await chat.texts()).toEqual(expected);
      expect([await chat.figure("lost"), await chat.figure("gaps")]).toEqual([0, 0]);
      expect(chat.faults).toEqual([]);
    }
  });
});
