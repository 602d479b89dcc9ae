import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { atMost } from "../result.ts";
import type { Benchmark } from "../result.ts";

/** What an application weighs with one of them, in bytes. */
interface Weight {
  readonly gzipBytes: number;
  readonly brotliBytes: number;
  readonly minifiedBytes: number;
}

/** What a page imports to connect, to subscribe to channels, to publish and to call. */
const imports = {
  hawser: `export { createClient } from "@hawser/client";`,
  "hawser, with all that it exports": `export * from "@hawser/client";`,
  "socket.io-client": `export { io } from "socket.io-client";`,
  centrifuge: `export { Centrifuge } from "centrifuge";`,
  phoenix: `export { Socket } from "phoenix";`,
} as const;

const peers = ["socket.io-client", "centrifuge", "phoenix"] as const;
const aimBytes = 14_000;

/** What each client library adds to a page that imports what such a page needs, and nothing else. It needs no seconds. */
export const bundle: Benchmark = async () => {
  const figures: Record<string, Weight> = {};
  for (const [name, code] of Object.entries(imports)) figures[name] = await weigh(code);
  const own = figures["hawser"]!.gzipBytes;
  const ratios = Object.fromEntries(peers.map((peer) => [peer, own / figures[peer]!.gzipBytes]));
  const aims = [atMost("gzip bytes of a session with channels, publish and calls", aimBytes, own)];
  return { bench: "bundle", figures, ratios, aims };
};

async function weigh(code: string): Promise<Weight> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL("../..", import.meta.url)), loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const minified = outputFiles[0]!.contents;
  return {
    gzipBytes: gzipSync(minified, { level: 9 }).byteLength,
    brotliBytes: brotliCompressSync(minified).byteLength,
    minifiedBytes: minified.byteLength,
  };
}
