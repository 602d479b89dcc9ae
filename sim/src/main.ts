import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArguments, usage } from "./arguments.ts";
import { runManyCommand } from "./commands/many.ts";
import { runOneCommand } from "./commands/one.ts";

const parsed = parseArguments(process.argv.slice(2));
const worker = fileURLToPath(new URL("run/worker.js", import.meta.url));

switch (parsed.kind) {
  case "help":
    console.log(usage);
    break;
  case "wrong":
    console.error(`${parsed.message}\n\n${usage}`);
    process.exitCode = 2;
    break;
  case "one":
    process.exitCode = await runOneCommand(parsed);
    break;
  case "many":
    process.exitCode = await runManyCommand({ ...parsed, worker, workers: parsed.workers ?? availableParallelism() });
    break;
  case "mutants": {
    // What bundles them is not there where only the simulator is.
    const { runMutantsCommand } = await import("./commands/mutants.ts");
    const workers = parsed.workers ?? availableParallelism();
    process.exitCode = await runMutantsCommand({ ...parsed, worker, workers });
    break;
  }
}
