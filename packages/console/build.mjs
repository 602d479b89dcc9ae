/**
 * Builds the page into `dist/public`: one script for the page and one for its shared worker, one style sheet, and what lies in `public/`.
 * Needs the built `@hawser/client` (`tsc -b`). With `--watch` it builds again whenever a source changes.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = new URL("./", import.meta.url);
const output = new URL("dist/public/", here);

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
await cp(new URL("public/", here), output, { recursive: true });

const options = {
  entryPoints: [
    { in: fileURLToPath(new URL("src/main.ts", here)), out: "app" },
    { in: fileURLToPath(new URL("src/shared-worker.ts", here)), out: "shared-worker" },
    { in: fileURLToPath(new URL("style/app.css", here)), out: "app" },
  ],
  outdir: fileURLToPath(output),
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome105", "firefox110", "safari16"],
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) await (await context(options)).watch();
else await build(options);
