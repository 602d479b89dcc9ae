// Which package may import which, and what no source file may hold. Fails with one line per fault.
//
// The arrows point from the parts that know least to those that know most: `protocol` knows nobody, `hawser`
// composes everything. A package that is not in the table may not be imported by another one at all.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The packages that each package may import, by folder name. */
const arrows = {
  protocol: [],
  client: ["protocol"],
  log: ["protocol"],
  "log-kafka": ["protocol", "log"],
  "log-lmdb": ["protocol", "log"],
  "log-nats": ["protocol", "log"],
  "log-rabbitmq": ["protocol", "log"],
  "log-redis": ["protocol", "log"],
  "log-server": ["protocol", "log"],
  server: ["protocol", "log"],
  gateway: ["protocol", "server"],
  console: ["client"],
  hawser: [
    "protocol",
    "client",
    "log",
    "log-kafka",
    "log-lmdb",
    "log-nats",
    "log-rabbitmq",
    "log-redis",
    "log-server",
    "server",
    "gateway",
    "console",
  ],
};

/** Packages that run in a browser: no import but of the packages above, neither from npm nor from Node. */
const browser = new Set(["protocol", "client", "console"]);

/** Packages whose modules hold no state: a module-level `let` would be shared by all clients and nodes of a process. */
const stateless = new Set([
  "protocol",
  "client",
  "log",
  "log-kafka",
  "log-lmdb",
  "log-nats",
  "log-rabbitmq",
  "log-redis",
  "log-server",
  "server",
  "gateway",
]);

const faults = [];

for (const [name, allowed] of Object.entries(arrows)) {
  const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const target = packageOf(dependency);
    if (target !== undefined && !allowed.includes(target))
      fault(`packages/${name}/package.json`, 0, `depends on ${dependency}`);
  }
  for (const file of sourcesOf(join(root, "packages", name, "src"))) checkFile(name, allowed, file);
}
// The examples are read by people who will write the same: they use what a user has, and nothing else.
for (const file of sourcesOf(join(root, "examples")))
  checkFile("examples", ["protocol", "client", "log", "log-lmdb", "server", "gateway"], file);
checkAcyclic();

for (const line of faults) console.error(line);
console.log(faults.length === 0 ? "arrows: every import follows them" : `arrows: ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

function checkFile(name, allowed, file) {
  const text = readFileSync(file, "utf8");
  const path = relative(root, file);
  for (const { specifier, index } of importsOf(text)) {
    const line = lineOf(text, index);
    if (specifier.startsWith(".")) {
      if (!specifier.endsWith(".ts")) fault(path, line, `relative import without .ts: ${specifier}`);
      continue;
    }
    const target = packageOf(specifier);
    if (target === undefined) {
      // What is for other runtimes lies in a folder and a subpath export of its own.
      const forNode = path.startsWith(`packages/${name}/src/node/`) && specifier.startsWith("node:");
      if (browser.has(name) && !forNode) fault(path, line, `${name} runs in browsers and may not import ${specifier}`);
    } else if (target === name) {
      fault(path, line, `a package imports its own files by relative paths, not ${specifier}`);
    } else if (!allowed.includes(target)) {
      fault(path, line, `${name} may not import ${specifier}`);
    }
  }
  for (const match of text.matchAll(/^export \*/gm))
    fault(path, lineOf(text, match.index), "`export *`: list the names");
  if (!stateless.has(name)) return;
  for (const match of text.matchAll(/^(?:export )?(?:let|var) /gm)) {
    fault(path, lineOf(text, match.index), "module-level mutable state");
  }
}

/** The table itself must have no cycle, or an order of building would not exist. */
function checkAcyclic() {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) fault("scripts/arrows.mjs", 0, `cycle: ${[...path, name].join(" -> ")}`);
    else if (!done.has(name)) {
      for (const target of arrows[name]) visit(target, [...path, name]);
      done.add(name);
    }
  };
  for (const name of Object.keys(arrows)) visit(name, []);
}

function* importsOf(text) {
  const pattern = /^\s*(?:import|export)\b[^"';]*?(?:\bfrom\s*)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  for (const match of text.matchAll(pattern)) {
    const statement = match[0].trimStart();
    if (statement.startsWith("export") && !/\bfrom\s*"/.test(statement)) continue;
    yield { specifier: match[1] ?? match[2], index: match.index + match[0].length - 1 };
  }
}

function packageOf(specifier) {
  const match = /^@hawser\/([^/]+)/.exec(specifier);
  if (match !== null) return match[1];
  return /^hawser(\/|$)/.test(specifier) ? "hawser" : undefined;
}

function* sourcesOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("/dist"))
      yield join(entry.parentPath, entry.name);
  }
}

function lineOf(text, index) {
  return text.slice(0, index).split("\n").length;
}

function fault(path, line, message) {
  faults.push(`${path}:${line}: ${message}`);
}
