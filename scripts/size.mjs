// What the browser client weighs in a bundle, minified and compressed with gzip. Fails above the budget.
import { build } from "esbuild";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

/** See docs/decisions/0005: a change that needs more says there why. */
const budgetBytes = 22_300;
const root = fileURLToPath(new URL("..", import.meta.url));

/** Each line is what an application would import; only the first is held to the budget. */
const bundles = [
  { name: "a session: connections, channels, publish, calls", code: `export { createClient } from "@hawser/client";` },
  { name: "everything that the package exports", code: `export * from "@hawser/client";` },
];

let over = false;
for (const [index, { name, code }] of bundles.entries()) {
  const result = await build({
    stdin: { contents: code, resolveDir: root, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const minified = result.outputFiles[0].contents;
  const bytes = gzipSync(minified, { level: 9 }).byteLength;
  const limit = index === 0 ? ` of ${(budgetBytes / 1000).toFixed(1)} kB` : "";
  console.log(
    `size: ${(bytes / 1000).toFixed(1)} kB${limit} (gzip; ${(minified.byteLength / 1000).toFixed(1)} kB minified): ${name}`,
  );
  if (index === 0 && bytes > budgetBytes) over = true;
}
if (over) console.error(`size: the client is above its budget of ${budgetBytes} bytes`);
process.exitCode = over ? 1 : 0;
