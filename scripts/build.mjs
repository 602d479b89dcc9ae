// Compiles the packages, then bundles the page that the command serves. With arguments: only those projects, and what
// they need.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = "packages/console";
const projects = process.argv.slice(2);

run(join(root, "node_modules", ".bin", "tsc"), ["-b", ...projects], root);
if (projects.length === 0 || projects.includes(page)) run(process.execPath, ["build.mjs"], join(root, page));

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
