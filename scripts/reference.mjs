// Whether the reference says what the code says: limits, policies, error codes, metrics, the command's help, links.
// With --write it puts the command's help into docs/reference/command.md, and what each log can do into
// docs/reference/logs.md.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { memoryLog } from "../packages/log/dist/index.js";
import { anonymous, createServer, defaultLimits, silentLogger } from "../packages/server/dist/index.js";
import { defaultChannelPolicy } from "../packages/server/dist/policy/channel-options.js";

const faults = [];

checkLimits();
checkPolicies();
checkErrorCodes();
await checkMetrics();
checkHelp();
await checkLogs();
checkLinks();

for (const fault of faults) console.error(fault);
console.log(
  faults.length === 0 ? "reference: the tables say what the code says" : `reference: ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

function checkLimits() {
  const rows = tableOf("docs/reference/limits.md");
  compare(
    "docs/reference/limits.md",
    rows,
    new Map(Object.entries(defaultLimits).map(([name, value]) => [name, String(value)])),
  );
}

/** What each log can do, by its own manifest: a table that is generated. */
async function checkLogs() {
  const document = "docs/reference/logs.md";
  /** @type {[string, string, (adapter: any) => any][]} */
  const logs = [
    ["memoryLog()", "log", ({ memoryLog }) => memoryLog()],
    ["lmdbLog({ path })", "log-lmdb", ({ lmdbLog }) => lmdbLog({ path: "unused" })],
    ["redisLog()", "log-redis", ({ redisLog }) => redisLog?.()],
    ["natsLog()", "log-nats", ({ natsLog }) => natsLog?.()],
    ["natsLog({ flush })", "log-nats", ({ natsLog }) => natsLog?.({ flush: "declared" })],
    ["kafkaLog()", "log-kafka", ({ kafkaLog }) => kafkaLog?.()],
    ["rabbitmqLog()", "log-rabbitmq", ({ rabbitmqLog }) => rabbitmqLog?.()],
  ];
  const lines = [
    "| | channels may ask for | held to the numbers of publishers | history | ephemeral channels |",
    "| --- | --- | --- | --- | --- |",
  ];
  for (const [call, name, make] of logs) {
    const log = make(await import(`../packages/${name}/dist/index.js`));
    if (log === undefined) continue;
    const { durabilities, deduplicates, history, ephemeral } = log.capabilities;
    const cells = [durabilities.map((level) => `\`${level}\``).join(", "), yes(deduplicates), `\`${history}\``];
    lines.push(`| \`${call}\` | ${cells.join(" | ")} | ${yes(ephemeral)} |`);
  }
  const [begin, end] = ["<!-- generated: what each log can do -->\n", "\n<!-- end -->"];
  const text = read(document);
  const [before = "", after = ""] = text.split(begin);
  const [shown = "", ...rest] = after.split(end);
  if (shown === lines.join("\n")) return;
  if (process.argv.includes("--write")) {
    writeFileSync(document, [before, begin, lines.join("\n"), end, rest.join(end)].join(""));
  } else faults.push(`${document}: not what the logs say; run node scripts/reference.mjs --write`);
}

function yes(truth) {
  return truth ? "yes" : "no";
}

/** The defaults of a channel's policy. */
function checkPolicies() {
  const rows = tableOf("docs/reference/configuration.md");
  const documented = { retainCount: "retention.count", retainBytes: "retention.bytes", retainAgeMs: "retention.ageMs" };
  for (const [name, value] of Object.entries(defaultChannelPolicy)) {
    const shown = rows.get(documented[name] ?? name);
    const expected = typeof value === "string" ? `\`${value}\`` : String(value);
    if (shown !== expected)
      faults.push(`docs/reference/configuration.md: ${name} is ${expected} in the code, ${shown ?? "missing"} here`);
  }
}

/** Every code of the type `ErrorCode` has a row, and every row is a code. */
function checkErrorCodes() {
  const union = /export type ErrorCode =([\s\S]*?);/.exec(read("packages/protocol/src/errors.ts"))?.[1] ?? "";
  const codes = new Set([...union.matchAll(/\| "([a-z-]+)"/g)].map((match) => match[1]));
  const rows = new Set(
    [...tableOf("docs/reference/errors.md").keys()].filter((name) => name.includes("-") || codes.has(name)),
  );
  for (const code of codes) if (!rows.has(code)) faults.push(`docs/reference/errors.md: ${code} is missing`);
  for (const row of rows) if (!codes.has(row)) faults.push(`docs/reference/errors.md: ${row} is not a code`);
}

/** Every metric that the documents name exists. */
async function checkMetrics() {
  const server = createServer({ log: memoryLog(), authenticate: anonymous(), logger: silentLogger, port: 0 });
  await server.listen();
  const exposed = await (await fetch(new URL("/metrics", server.url.replace("ws:", "http:")))).text();
  await server.close();
  const names = new Set([...exposed.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]));
  const text = read("docs/operating/health-and-metrics.md");
  for (const [, name] of text.matchAll(/`(hawser_[a-z_]+)/g)) {
    if (!names.has(name)) faults.push(`docs/operating/health-and-metrics.md: there is no metric ${name}`);
  }
}

/** The reference of the command is what the command prints. */
function checkHelp() {
  const document = "docs/reference/command.md";
  const marker = "<!-- help -->\n";
  const text = read(document);
  const overview = help();
  const commands = [...overview.matchAll(/^ {2}([a-z]+) {2,}\S/gm)]
    .map((match) => match[1])
    .filter((name) => name !== "hawser");
  const pages = commands.map((name) => `\n## \`hawser ${name}\`\n\n\`\`\`text\n${help(name)}\`\`\`\n`);
  const expected = `${text.slice(0, text.indexOf(marker) + marker.length)}\n\`\`\`text\n${overview}\`\`\`\n${pages.join("")}`;
  if (process.argv.includes("--write")) writeFileSync(path(document), expected);
  else if (text !== expected)
    faults.push(`${document}: not what \`hawser help\` prints; run node scripts/reference.mjs --write`);
}

function help(...args) {
  const result = spawnSync(process.execPath, [path("packages/hawser/bin/hawser.js"), "help", ...args], {
    encoding: "utf8",
  });
  if (result.status !== 0) faults.push(`hawser help ${args.join(" ")}: ${result.stderr}`);
  return `${result.stdout.trimEnd()}\n`;
}

/** Links between documents lead somewhere. */
function checkLinks() {
  const documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
  for (const entry of readdirSync(path("docs"), { recursive: true }).map(String)) {
    if (entry.endsWith(".md")) documents.push(`docs/${entry}`);
  }
  for (const document of documents) {
    for (const [, target] of read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const url = new URL(target, new URL(`../${document}`, import.meta.url));
      if (!exists(url)) faults.push(`${document}: the link ${target} leads nowhere`);
    }
  }
}

/** The first two cells of each row whose first cell is a name in backticks. */
function tableOf(document) {
  const rows = [...read(document).matchAll(/^\| `([\w.-]+)` \| ([^|]*?) \|/gm)];
  return new Map(rows.map((match) => [match[1], match[2].trim()]));
}

function compare(document, rows, expected) {
  for (const [name, value] of expected) {
    const shown = rows.get(name);
    if (shown !== value) faults.push(`${document}: ${name} is ${value} in the code, ${shown ?? "missing"} here`);
  }
  for (const name of rows.keys()) if (!expected.has(name)) faults.push(`${document}: ${name} is not in the code`);
}

function read(file) {
  return readFileSync(path(file), "utf8");
}

function path(file) {
  return fileURLToPath(new URL(`../${file}`, import.meta.url));
}

function exists(url) {
  try {
    readdirSync(url);
    return true;
  } catch (error) {
    return error.code === "ENOTDIR";
  }
}
