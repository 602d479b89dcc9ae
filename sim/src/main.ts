import { runSeed } from "./run-seed.ts";
import { Summary } from "./summary.ts";
import { parseArguments, usage } from "./arguments.ts";

const parsed = parseArguments(process.argv.slice(2));

if (parsed.kind === "help") {
  console.log(usage);
} else if (parsed.kind === "wrong") {
  console.error(`${parsed.message}\n\n${usage}`);
  process.exitCode = 2;
} else if (parsed.kind === "one") {
  const result = await runSeed(parsed.seed, parsed.trace ? { write: (line) => console.log(line) } : {});
  const summary = new Summary();
  summary.add(result);
  console.log(summary.toString());
  console.log(`trace ${result.hash}`);
  if (result.violation !== undefined) fail(parsed.seed, result.violation);
} else {
  // Most errors of a run are part of it, and a replay has their stacks.
  Error.stackTraceLimit = 0;
  const summary = new Summary();
  for (let seed = parsed.first; seed < parsed.first + parsed.seeds; seed += 1) {
    const result = await runSeed(seed);
    summary.add(result);
    if (result.violation !== undefined) fail(seed, result.violation);
  }
  console.log(summary.toString());
}

function fail(seed: number, violation: Error): void {
  process.exitCode = 1;
  const text = violation.name === "Violation" ? violation.message : violation.stack;
  console.error(`seed ${seed} fails: ${text}\n  replay: npm run sim -- --seed ${seed} --trace`);
}
