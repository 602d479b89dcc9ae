import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Where the page's sources lie, as seen from the compiled file. */
const sources = new URL("../../trading-screen/page/", import.meta.url);

interface PageFile {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Bundles the page, and returns what answers requests for it and says whether it did. */
export async function pageFiles(): Promise<(request: IncomingMessage, response: ServerResponse) => boolean> {
  const bundled = await build({
    entryPoints: [fileURLToPath(new URL("main.ts", sources))],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  const files = new Map<string, PageFile>([
    ["/", { type: "text/html; charset=utf-8", body: await readFile(new URL("index.html", sources)) }],
    ["/page.css", { type: "text/css; charset=utf-8", body: await readFile(new URL("page.css", sources)) }],
    [
      "/page.js",
      { type: "text/javascript; charset=utf-8", body: bundled.outputFiles[0]?.contents ?? new Uint8Array() },
    ],
  ]);
  return (request, response) => {
    const file = files.get(request.url ?? "");
    if (file === undefined || request.method !== "GET") return false;
    response.writeHead(200, { "content-type": file.type, "cache-control": "no-cache" }).end(file.body);
    return true;
  };
}
