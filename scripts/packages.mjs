// Whether what would be published is whole: publint reads the manifests, attw resolves the types as consumers do.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = join(root, "node_modules", ".bin");
let failed = 0;

for (const folder of readdirSync(join(root, "packages"))) {
  const path = join(root, "packages", folder);
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  if (manifest.private === true) continue;
  run(manifest.name, "publint", [path, "--strict", "--level", "warning"]);
  run(manifest.name, "attw", ["--pack", path, "--profile", "esm-only", "--no-color", "--no-emoji"]);
}
if (failed === 0) console.log("packages: each would install and resolve");
process.exitCode = failed === 0 ? 0 : 1;

function run(name, tool, args) {
  const result = spawnSync(join(binaries, tool), args, { cwd: root, encoding: "utf8" });
  if (result.status === 0) return;
  failed += 1;
  console.error(`${name}: ${tool} failed\n${result.stdout}${result.stderr}`);
}
