// Finds a Chromium for the tests of the page, and installs Debian's when none is there and this process may.
// Prints the path, which the tests get as CHROMIUM, or says loudly what will be skipped.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const path = find() ?? install();
if (path === undefined) {
  console.error("********************************************************************************");
  console.error("No Chromium was found and none could be installed: tests of the page are SKIPPED.");
  console.error("Install one (`apt-get install chromium`), or name it in CHROMIUM.");
  console.error("********************************************************************************");
  process.exitCode = process.env.CI === "true" ? 1 : 0;
} else {
  console.log(`chromium: ${path}`);
}

function find() {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== "") return isExecutable(named) ? named : undefined;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) if (isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

function install() {
  const mayInstall = process.platform === "linux" && process.getuid?.() === 0 && has("apt-get");
  if (!mayInstall) return undefined;
  console.log("chromium: none found, installing Debian's package");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
  ]) {
    const result = spawnSync("apt-get", args, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
    if (result.status !== 0) return undefined;
  }
  return find();
}

function has(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
