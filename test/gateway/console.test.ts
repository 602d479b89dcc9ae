import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { Chat, openBrowser, withoutBrowser } from "../browser/chat.ts";
import { Cleanup } from "../command/hawser-process.ts";
import { GatewayProcess, PlainClient } from "./gateway-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.skipIf(withoutBrowser)("the console page of a gateway", () => {
  it("shows pools and targets, their state and their sockets, as they change", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    cleanup.add(() => new Promise((resolve) => server.close(resolve)));
    const key = "k".repeat(32);
    const targets = [{ name: "one", url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }];
    const gateway = await GatewayProcess.start(cleanup, {
      pools: { quotes: { targets } },
      routes: [{ path: "/quotes", pool: "quotes" }],
      api: { keys: [{ name: "operator", key }] },
    });
    const browser = await openBrowser();
    cleanup.add(() => browser.close());
    const chat = await Chat.enter(
      await browser.context(),
      new URL("/", gateway.url.replace("ws:", "http:")).href,
      "ann",
    );
    const target = chat.page.getByTestId("target");
    await expect.poll(() => target.textContent()).toContain("quotes · one0 sockets");
    const client = await PlainClient.open(gateway.plain("/quotes"));
    await expect.poll(() => target.textContent(), { timeout: 10_000 }).toContain("1 socket");
    await gateway.ask("POST", "pools/quotes/targets/one/drain", key, { withinMs: 60_000 });
    await expect.poll(() => target.textContent(), { timeout: 10_000 }).toContain("draining");
    const picture = process.env["HAWSER_PICTURE"];
    if (picture !== undefined) await chat.page.screenshot({ path: picture });
    expect(chat.faults).toEqual([]);
    client.socket.terminate();
  });
});
