import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Cleanup } from "../command/hawser-process.ts";
import { openBrowser, withoutBrowser } from "./chat.ts";

/** Run in the page: publishes texts over one WebSocket, and gives what its subscription got of them. */
async function publishAndRead({ url, texts }: { url: string; texts: string[] }): Promise<{
  extensions: string;
  got: string[];
  closed: number;
}> {
  const webSocket = new WebSocket(url, "hawser.v1.json");
  const say = (frame: object): void => webSocket.send(JSON.stringify(frame));
  const got: string[] = [];
  webSocket.onopen = () => {
    say({ type: "connect", token: "" });
    say({ type: "subscribe", id: 1, channel: "news" });
  };
  const { extensions } = await new Promise<WebSocket>((resolve, reject) => {
    webSocket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    webSocket.onmessage = ({ data }) => {
      for (const line of (data as string).trim().split("\n")) {
        const frame = JSON.parse(line) as { type: string; messages?: { text: string }[] };
        if (frame.type === "subscribed")
          for (const [index, text] of texts.entries()) say({ type: "publish", id: 2 + index, channel: "news", text });
        if (frame.type === "batch") got.push(...(frame.messages ?? []).map(({ text }) => text));
        if (got.length >= texts.length) resolve(webSocket);
      }
    };
  });
  const closed = new Promise<number>((resolve) => (webSocket.onclose = ({ code }) => resolve(code)));
  webSocket.close(1000);
  return { extensions, got, closed: await closed };
}

describe.skipIf(withoutBrowser)("Chromium and a server that compresses", () => {
  const cleanup = new Cleanup();
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(() => cleanup.run());
  afterAll(() => browser.close());

  it("send each other messages of any size, and read what was sent [WIRE-13]", async () => {
    const server = createServer({
      log: memoryLog(),
      authenticate: anonymous(),
      port: 0,
      host: "127.0.0.1",
      logger: silentLogger,
      compression: true,
      onRequest: (_, response) => {
        response.setHeader("content-type", "text/html").end("<!doctype html><title>compression</title>");
        return true;
      },
    });
    cleanup.add(() => server.close());
    await server.listen();
    const context = await browser.context();
    cleanup.add(() => context.close());
    const page = await context.newPage();
    const home = new URL("/", server.url.replace("ws", "http")).href;
    await page.goto(home);
    const texts = [0, 1, 50, 300, 4_000, 19_000].map((count) => "häwser 🚢 ".repeat(count));
    const { extensions, got, closed } = await page.evaluate(publishAndRead, { url: server.url, texts });
    expect(got).toEqual(texts);
    expect(extensions).toContain("permessage-deflate");
    expect(extensions).toContain("server_no_context_takeover");
    expect(closed).toBe(1000);
    const metrics = await (await fetch(new URL("/metrics", home))).text();
    const total = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, "m").exec(metrics)?.[1]);
    expect(total("hawser_deflate_out_bytes_total")).toBeGreaterThan(0);
    expect(total("hawser_deflate_out_bytes_total")).toBeLessThan(total("hawser_deflate_in_bytes_total") / 10);
  });
});
