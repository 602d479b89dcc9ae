// Compiles the packages, then bundles the page that the command serves.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

run(join(root, "node_modules", ".bin", "tsc"), ["-b"], root);
const page = join(root, "packages", "console");
if (existsSync(join(page, "build.mjs"))) run(process.execPath, ["build.mjs"], page);

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
