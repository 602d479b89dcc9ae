// Whether each normative sentence of spec/protocol.md is proved by a test. An identifier, bold at the head of a list item
// or a row as in **SUB-4**, has to stand in the name of a test in brackets, as in [SUB-4]; a test may cite none that is
// not stated.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const specification = readFileSync(join(root, "spec", "protocol.md"), "utf8");

const stated = new Set();
const faults = [];
for (const [, id] of specification.matchAll(/^(?:- |\| )\*\*([A-Z]+-\d+)\*\*/gm)) {
  if (stated.has(id)) faults.push(`${id} is stated twice in spec/protocol.md`);
  stated.add(id);
}

/** From an identifier to the files that cite it. */
const citations = new Map();
for (const file of testFiles()) {
  for (const [, id] of readFileSync(file, "utf8").matchAll(/\[([A-Z]+-\d+)\]/g)) {
    citations.set(id, (citations.get(id) ?? new Set()).add(relative(root, file)));
  }
}

for (const id of stated) if (!citations.has(id)) faults.push(`${id} is cited by no test`);
for (const [id, files] of citations) {
  if (!stated.has(id)) faults.push(`${id} is cited, but not stated in spec/protocol.md: ${[...files].join(", ")}`);
}

const cited = [...stated].filter((id) => citations.has(id)).length;
console.log(`requirements: ${cited} of ${stated.size} are cited by tests`);
for (const fault of faults) console.error(`requirements: ${fault}`);
process.exitCode = faults.length === 0 && stated.size > 0 ? 0 : 1;

function testFiles() {
  const folders = ["packages", "sim", "bench", "test"].map((folder) => join(root, folder));
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !file.includes("node_modules")),
  );
}
