import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, withoutBrowser } from "../browser/chat.ts";
import { payloadOf, placeOf, StallScene } from "../support/stall-scene.ts";
// For the type of `window.stallPage`.
import type {} from "../support/stall.page.ts";

const MiB = 1024 * 1024;
const messageBytes = 64 * 1024;
const publishedBytes = 200 * MiB;
const count = publishedBytes / messageBytes;
const mostRise = 64 * MiB;
const windowBytes = 256 * 1024;
/** Everything that is published goes to everybody. */
const channels = 1;
const timeout = 900_000;

let browser: Awaited<ReturnType<typeof openBrowser>>;
let scene: StallScene;
let site: Server;

beforeAll(async () => {
  if (withoutBrowser) return;
  const entry = fileURLToPath(new URL("../support/stall.page.ts", import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  const script = outputFiles[0]!.text;
  site = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>stall</title><script type="module">${script}</script>`);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  scene = await StallScene.open({ readers: 499, channels });
  browser = await openBrowser();
});

afterAll(async () => {
  if (withoutBrowser) return;
  await browser.close();
  await scene.close();
  site.close();
});

async function openPage(): Promise<Page> {
  const page = await (await browser.context()).newPage();
  page.setDefaultTimeout(timeout);
  const query = new URLSearchParams({
    server: scene.server.url,
    channels: JSON.stringify(scene.channels),
    windowBytes: `${windowBytes}`,
  });
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/?${query.toString()}`);
  await page.waitForFunction(() => window.stallPage?.connected());
  return page;
}

/** What the loops must have got, by channel, of the messages up to `last`. */
function expected(last: number): string[][] {
  const all: string[][] = scene.channels.map(() => []);
  for (let number = 1; number <= last; number += 1) {
    const { channel, offset } = placeOf(number, channels);
    all[channel]!.push(`${offset} ${createHash("sha256").update(payloadOf(number)).digest("hex")}`);
  }
  return all;
}

it.skipIf(withoutBrowser)(
  "holds nothing in memory for a page whose loop stands still among 500, and it misses nothing",
  { timeout },
  async () => {
    const page = await openPage();
    const before = await scene.warmUp();
    await page.evaluate((all) => window.stallPage.received(all), scene.published);

    await page.evaluate(() => window.stallPage.stall());
    const read = await page.evaluate(() => window.stallPage.statistics());
    await scene.publish(count);
    expect(scene.mostBytes - before).toBeLessThan(mostRise);
    const stalled = await page.evaluate(() => window.stallPage.statistics());
    const bufferedBytes = stalled.bytesIn - read.bytesIn;
    // Of each subscription one message is with the loop's body; a window and one message wait, with what frames them.
    expect(bufferedBytes).toBeLessThan(channels * (messageBytes + windowBytes + messageBytes + 2048));
    expect(stalled.messagesIn).toBeGreaterThan(read.messagesIn);

    await page.evaluate(() => window.stallPage.go());
    await page.evaluate((all) => window.stallPage.received(all), scene.published);
    await scene.sample();
    expect(scene.mostBytes - before).toBeLessThan(mostRise);
    const { connects, resumes, gaps, duplicatesDropped, lost } = await page.evaluate(() =>
      window.stallPage.statistics(),
    );
    const figures = {
      publishedMiB: publishedBytes / MiB,
      channels,
      deliveriesToOthers: scene.deliveries,
      memoryBeforeMiB: Math.round(before / MiB),
      memoryAtMostMiB: Math.round(scene.mostBytes / MiB),
      bufferedInPageKiB: Math.round(bufferedBytes / 1024),
      page: { connects, resumes, gaps, duplicatesDropped, lost },
    };
    console.log(`a page whose loop stands still: ${JSON.stringify(figures)}`);
    expect(await page.evaluate(() => window.stallPage.told)).toEqual([]);
    expect(connects).toBe(1);
    const got = await page.evaluate(() => window.stallPage.messages());
    for (const [index, messages] of expected(scene.published).entries()) expect(got[index]).toEqual(messages);
  },
);
