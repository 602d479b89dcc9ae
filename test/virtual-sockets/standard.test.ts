import { virtualWebSocket } from "@hawser/client";
import type { SocketData } from "@hawser/client";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openBrowser, withoutBrowser } from "../browser/chat.ts";
import { connect } from "../support/clients.ts";
import { gatewayNode } from "./scene.ts";
import { StandardUpstream } from "./standard-upstream.ts";
import { runSuite, standardSuite } from "./standard-suite.ts";

type Report = Awaited<ReturnType<typeof runSuite>>;

function expectGood(report: Report): void {
  expect(report.map(({ name }) => name)).toEqual(standardSuite.map(({ name }) => name));
  expect(report.filter(({ fault }) => fault !== undefined)).toEqual([]);
}

async function upstreamAndGateway(): Promise<{ upstream: StandardUpstream; gateway: string }> {
  const upstream = await StandardUpstream.start();
  onTestFinished(() => upstream.close());
  const server = await gatewayNode({ app: upstream.url }, onTestFinished);
  return { upstream, gateway: server.url };
}

describe("the suite of the WebSocket standard", () => {
  it("is passed by virtual sockets in Node", async () => {
    const { upstream, gateway } = await upstreamAndGateway();
    const client = connect(gateway, "ann");
    onTestFinished(() => client.close());
    const Virtual = virtualWebSocket(client, {
      resolve: ({ pathname, search }) => ({ upstream: "app", path: pathname + search }),
    });
    expectGood(await runSuite({ WebSocket: Virtual, url: upstream.url }));
  });

  it("is not passed by a class with a fault", async () => {
    const { upstream, gateway } = await upstreamAndGateway();
    const client = connect(gateway, "ann");
    onTestFinished(() => client.close());
    const Virtual = virtualWebSocket(client, {
      resolve: ({ pathname, search }) => ({ upstream: "app", path: pathname + search }),
    });
    const faulty = [
      class extends Virtual {
        override get bufferedAmount(): number {
          return 0;
        }
      },
      class extends Virtual {
        override close(): void {
          super.close();
        }
      },
      class extends Virtual {
        override send(data: SocketData): void {
          super.send(typeof data === "string" ? data || " " : data);
        }
      },
      class extends Virtual {
        override dispatchEvent(event: Event): boolean {
          return event.type === "error" || super.dispatchEvent(event);
        }
      },
    ];
    for (const Faulty of faulty) {
      const report = await runSuite({ WebSocket: Faulty, url: upstream.url }, 2_000);
      const faults = report.filter(({ fault }) => fault !== undefined);
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.length).toBeLessThan(standardSuite.length);
    }
  });

  describe.skipIf(withoutBrowser)("in Chromium", () => {
    let browser: Awaited<ReturnType<typeof openBrowser>>;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(() => browser.close());

    it.each(["the browser's own class", "virtual sockets"])("is passed by %s", async (kind) => {
      const { upstream, gateway } = await upstreamAndGateway();
      const { outputFiles } = await build({
        entryPoints: [new URL("./standard.page.ts", import.meta.url).pathname],
        bundle: true,
        format: "iife",
        platform: "browser",
        write: false,
      });
      const context = await browser.context();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(upstream.url.replace("ws:", "http:"));
      await page.addScriptTag({ content: outputFiles[0]!.text });
      const report = await page.evaluate(
        ([url, node]) => globalThis.runStandard(url!, node),
        [upstream.url, kind === "virtual sockets" ? gateway : undefined],
      );
      expectGood(report);
    });
  });
});
