// Feeds mutated messages to both decoders as they were built, in both directions:
//   npm run fuzz -- --count 1000000 --seed 7
// Exits with 1 and prints the input as hex when something untyped is thrown, a byte outside of the input is seen, or
// more comes out than the input backs.
import { build } from "esbuild";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
const count = numberOf("count", values.count ?? "1000000");
const seed = numberOf("seed", values.seed ?? String(Date.now() % 1_000_000));

// The fuzzer is TypeScript and lies with the tests; the decoders stay outside of the bundle, as they were built.
const folder = new URL("../packages/protocol/test/", import.meta.url);
const outfile = join(root, ".tmp", "fuzz.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("fuzz/fuzz.ts", folder))],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  define: { "import.meta.url": JSON.stringify(new URL("support/vectors.ts", folder).href) },
  logLevel: "error",
});
const { fuzz } = await import(pathToFileURL(outfile).href);

const report = fuzz(count, seed);
console.log(`inputs ${report.inputs}  seed ${report.seed}`);
for (const [outcome, times] of Object.entries(report.outcomes)) console.log(`  ${outcome} ${times}`);
console.log(`exceptions ${report.failures.length}`);
for (const { subprotocol, side, hex, reason } of report.failures) {
  console.error(`${subprotocol}, sent by a ${side}: ${reason}\n  ${hex}`);
}
process.exitCode = report.failures.length === 0 ? 0 : 1;

function numberOf(name, text) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} has to be a whole number, not "${text}"`);
  process.exit(2);
}
