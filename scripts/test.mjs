// Builds, checks and tests, and ends with one summary. `npm test` runs it whole; `npm run check` with `--check`,
// which leaves out what needs a built server, sockets and a browser.
//
// The last line of standard output is "N passed, N failed", with ", N skipped" where something was. A gate (lint,
// format, ...) counts like one test. With CI=true a skipped test is a failure: nothing may go untested unseen.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, ".tmp", "reports");
const checkOnly = process.argv.includes("--check");
const node = process.execPath;

/** What the tests run; that the tests themselves compile is a gate of its own. */
const products = ["packages/hawser", "packages/console", "sim", "bench", "examples"];

/** What tests work with beside Chromium. */
const programs = [
  "haproxy",
  "nginx",
  "mosquitto",
  "ip",
  "nats-server",
  "rabbitmq-server",
  "redis-server",
  "curl",
  "python3",
  "php",
];

const gates = [
  { name: "types", command: [bin("tsc"), "-b"] },
  { name: "arrows", command: [node, "scripts/arrows.mjs"] },
  { name: "lint", command: [bin("oxlint")] },
  { name: "format", command: [bin("oxfmt"), "--check"] },
  { name: "dead code", command: [bin("knip"), "--no-progress", "--treat-config-hints-as-errors"] },
  { name: "packages", command: [node, "scripts/packages.mjs"] },
  { name: "requirements", command: [node, "scripts/requirements.mjs"] },
  { name: "size", command: [node, "scripts/size.mjs"] },
  { name: "reference", command: [node, "scripts/reference.mjs"] },
  { name: "snippets", command: [node, "scripts/snippets.mjs"] },
];

/** Gates whose output is worth reading when they pass. */
const shown = new Set([
  ...programs,
  "kafka",
  "size",
  "snippets",
  "requirements",
  "simulator",
  "virtual sockets",
  "mutants",
  "chromium",
  "newer node",
]);

/** One row per part: `{ name, passed, failed, skipped, seconds, notes }`. */
const rows = [];

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

if (gate("build", [node, "scripts/build.mjs", ...products]) !== undefined) {
  for (const { name, command } of gates) gate(name, command);
  const newer = checkOnly ? undefined : gate("newer node", [node, "scripts/ensure-newer-node.mjs"]);
  const runtimes = environmentOf("NEWER_NODE", /^newer node: (.+)$/m.exec(newer ?? "")?.[1]);
  await vitest("unit", runtimes);
  // Seeds that nobody has run before; what they are is printed. Then deliberate faults, which have to be found.
  if (!checkOnly) {
    gate("simulator", [node, "sim/dist/main.js", "--fresh", "--seeds", "1400", "--kept"]);
    gate("mutants", [node, "sim/dist/main.js", "--mutants", "--remembered", "--seeds", "300"]);
  }
  if (!checkOnly) {
    for (const program of programs) gate(program, [node, "scripts/ensure-program.mjs", program]);
    gate("kafka", [node, "scripts/ensure-kafka.mjs"]);
    const found = gate("chromium", [node, "scripts/ensure-program.mjs", "chromium"]);
    const chromium = /^chromium: (.+)$/m.exec(found ?? "")?.[1];
    await Promise.all([
      vitest("e2e", { ...runtimes, ...environmentOf("CHROMIUM", chromium) }),
      // What it prints comes in one piece, behind or within what the other one prints.
      vitest("logs", {}, "pipe"),
    ]);
  }
}
summarise();

function environmentOf(name, value) {
  return value === undefined ? {} : { [name]: value };
}

/** Runs one command, and returns what it printed, or `undefined` when it failed. */
function gate(name, [command, ...args]) {
  const started = process.hrtime.bigint();
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const passed = result.status === 0;
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim();
  const seconds = secondsSince(started);
  console.log(`${passed ? "ok  " : "FAIL"} ${name} (${seconds.toFixed(1)} s)`);
  if (!passed) console.log(indent(output));
  else if (shown.has(name)) console.log(indent(output));
  rows.push({ name, passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, seconds, notes: [] });
  return passed ? output : undefined;
}

/**
 * Runs one project of vitest with its own reporter on the terminal, and counts from its JSON report.
 *
 * @param output "pipe" prints what it says when it has ended.
 */
async function vitest(project, environment = {}, output = "inherit") {
  const started = process.hrtime.bigint();
  const file = join(reports, `${project}.json`);
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const run = spawn(bin("vitest"), args, {
    cwd: root,
    stdio: ["ignore", output, output],
    env: { ...process.env, ...environment },
  });
  const printed = [];
  for (const stream of [run.stdout, run.stderr]) stream?.on("data", (piece) => printed.push(piece));
  const [status, signal] = await once(run, "close");
  process.stdout.write(Buffer.concat(printed));
  const row = { name: project, passed: 0, failed: 0, skipped: 0, seconds: secondsSince(started), notes: [] };
  const report = readReport(file);
  for (const suite of report?.testResults ?? []) {
    for (const test of suite.assertionResults) {
      if (test.status === "passed") row.passed += 1;
      else if (test.status === "failed") fail(row, test.fullName);
      else {
        row.skipped += 1;
        row.notes.push(`skipped: ${test.fullName}`);
      }
    }
    // A file that cannot be loaded has no tests to fail.
    if (suite.status === "failed" && suite.assertionResults.every((test) => test.status !== "failed"))
      fail(row, suite.name);
  }
  if (status !== 0 && row.failed === 0) fail(row, `vitest ended with status ${status ?? signal}`);
  if (report !== undefined && row.passed + row.failed === 0) fail(row, "no test ran");
  rows.push(row);
}

function summarise() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  console.log("\nSummary");
  for (const row of rows) {
    console.log(
      `  ${row.name.padEnd(14)} ${String(row.passed).padStart(6)} passed ${String(row.failed).padStart(4)} failed ` +
        `${String(row.skipped).padStart(4)} skipped ${row.seconds.toFixed(1).padStart(8)} s`,
    );
    for (const key of ["passed", "failed", "skipped"]) total[key] += row[key];
  }
  for (const row of rows) for (const note of row.notes) console.log(`  ${row.name}: ${note}`);
  const skipFails = process.env.CI === "true" && total.skipped > 0;
  if (skipFails) console.log("  CI=true: a skipped test counts as a failure");
  process.exitCode = total.failed > 0 || skipFails ? 1 : 0;
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
}

function fail(row, name) {
  row.failed += 1;
  row.notes.push(`failed: ${name}`);
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function bin(name) {
  return join(root, "node_modules", ".bin", name);
}

function indent(text) {
  return text.replaceAll(/^/gm, "     ");
}

function secondsSince(started) {
  return Number(process.hrtime.bigint() - started) / 1e9;
}
