// Type-checks every TypeScript block of the documents against the packages as they are built, so that no document
// shows what does not compile; and those of doc comments that import what they use, such as a whole configuration.
//
// A block stands alone. What it takes for granted is declared in an HTML comment right before it, which the page does
// not show:
//
//     <!-- snippet
//     declare const client: import("@hawser/client").Client;
//     -->
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = join(root, ".tmp", "snippets");
const block = /(?:<!-- snippet\n(?<setup>[\s\S]*?)-->\n+)?^```ts\n(?<code>[\s\S]*?)^```$/gm;

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });

/** A block of a doc comment, each line behind its asterisk. */
const commentBlock = /^ *\* ```ts\n(?<code>(?: *\*.*\n)*?) *\* ```$/gm;

/** Where each written file came from, to report errors by the document's own lines. */
const origins = new Map();
for (const document of documents()) {
  const text = readFileSync(join(root, document), "utf8");
  let count = 0;
  for (const match of text.matchAll(block)) {
    count += 1;
    const { setup = "", code } = match.groups;
    const name = `${document.replace(/\.md$/, "").replaceAll(/[^a-zA-Z0-9]+/g, "-")}-${count}.ts`;
    const start = text.slice(0, match.index + match[0].lastIndexOf("```ts\n")).split("\n").length;
    writeFileSync(join(output, name), `${setup}${code}\nexport {};\n`);
    origins.set(name, { document, offset: start - setup.split("\n").length + 1 });
  }
}
for (const source of sources()) {
  const text = readFileSync(join(root, source), "utf8");
  for (const match of text.matchAll(commentBlock)) {
    const code = match.groups.code.replaceAll(/^ *\* ?/gm, "");
    if (!/^import /m.test(code)) continue;
    const start = text.slice(0, match.index).split("\n").length;
    const name = `${source.replaceAll(/[^a-zA-Z0-9]+/g, "-")}-${start}.ts`;
    writeFileSync(join(output, name), `${code}\nexport {};\n`);
    origins.set(name, { document: source, offset: start });
  }
}
writeFileSync(
  join(output, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      target: "esnext",
      lib: ["esnext", "dom", "dom.iterable"],
      types: ["node"],
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
    },
    include: ["*.ts"],
  }),
);

const tsc = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", output, "--pretty", "false"], {
  cwd: root,
  encoding: "utf8",
});
for (const line of `${tsc.stdout}${tsc.stderr}`.split("\n").filter(Boolean)) {
  const match = /^(?<file>[^(]+)\((?<line>\d+),(?<column>\d+)\): (?<message>.*)$/.exec(line);
  const origin = match === null ? undefined : origins.get(basename(match.groups.file));
  if (origin === undefined) console.error(line);
  else console.error(`${origin.document}:${Number(match.groups.line) + origin.offset}: ${match.groups.message}`);
}
if (tsc.status === 0) console.log(`snippets: ${origins.size} blocks compile`);
process.exitCode = tsc.status === 0 ? 0 : 1;

function documents() {
  const found = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
  for (const folder of ["docs", "packages", "examples", "spec"]) {
    if (!existsSync(join(root, folder))) continue;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
      const path = relative(root, join(entry.parentPath, entry.name));
      if (entry.isFile() && path.endsWith(".md") && !path.includes("node_modules")) found.push(path);
    }
  }
  return found;
}

function sources() {
  return readdirSync(join(root, "packages"), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => /^packages\/[^/]+\/src\//.test(path));
}
