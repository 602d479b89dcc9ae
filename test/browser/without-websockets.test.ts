import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Cleanup, serve } from "../command/hawser-process.ts";
import { HttpProxy } from "../support/http-proxy.ts";
import type { HttpProxyOptions } from "../support/http-proxy.ts";
import { Chat, openBrowser, withoutBrowser } from "./chat.ts";

describe.skipIf(withoutBrowser)("the chat page where WebSockets do not get through", () => {
  const cleanup = new Cleanup();
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(() => cleanup.run());
  afterAll(() => browser.close());

  it.each<readonly [string, HttpProxyOptions, string]>([
    ["an HTTP stream where the handshake is answered as a plain request", { upgrades: "strip" }, "http-stream"],
    ["an HTTP stream where WebSockets open and bring nothing", { upgrades: "swallow" }, "http-stream"],
    ["long polls where answers are held back as well", { upgrades: "strip", buffers: true }, "http-polling"],
  ])("goes on by %s, once and in order, and shows it", async (_, options, transport) => {
    const { server, page, url } = await serve(["--port", "0", "--memory"]);
    cleanup.process(server);
    const proxy = await HttpProxy.to([Number(new URL(url).port)], options);
    cleanup.add(() => proxy.close());
    const enter = async (address: string, name: string): Promise<Chat> => {
      const context = await browser.context();
      cleanup.add(() => context.close());
      return Chat.enter(context, address, name);
    };
    const [ann, bob] = [await enter(proxy.url.replace(/^ws(.*)\/hawser$/, "http$1/"), "ann"), await enter(page, "bob")];
    const expected: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const [writer, reader] = index % 2 === 0 ? [ann, bob] : [bob, ann];
      const text = `message ${index}`;
      expected.push(text);
      await writer.say(text);
      await reader.shows(text);
      if (index === 9) proxy.cut();
    }
    for (const chat of [ann, bob]) {
      await chat.settled();
      expect(await chat.texts()).toEqual(expected);
      expect(chat.faults).toEqual([]);
    }
    expect(await ann.page.locator(`[data-testid=connection][data-transport=${transport}]`).count()).toBeGreaterThan(0);
    expect(await bob.page.locator("[data-testid=connection][data-transport=http-stream]").count()).toBe(0);
  });
});
