// Whether what would be published is whole: publint reads the manifests, attw resolves the types as consumers do.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = join(root, "node_modules", ".bin");
let failed = 0;

const waiting = readdirSync(join(root, "packages")).flatMap((folder) => {
  const path = join(root, "packages", folder);
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  if (manifest.private === true) return [];
  return [
    { name: manifest.name, tool: "publint", args: [path, "--strict", "--level", "warning"] },
    { name: manifest.name, tool: "attw", args: ["--pack", path, "--profile", "esm-only", "--no-color", "--no-emoji"] },
  ];
});

await Promise.all(Array.from({ length: availableParallelism() }, work));
if (failed === 0) console.log("packages: each would install and resolve");
process.exitCode = failed === 0 ? 0 : 1;

async function work() {
  for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await run(task);
}

function run({ name, tool, args }) {
  return new Promise((resolve) => {
    execFile(join(binaries, tool), args, { cwd: root, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error !== null) {
        failed += 1;
        console.error(`${name}: ${tool} failed\n${stdout}${stderr}`);
      }
      resolve();
    });
  });
}
