import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { allMutants, productMutants } from "../mutants/all-mutants.ts";
import { huntAll } from "../mutants/hunt-all.ts";
import { buildProgram, repositoryRoot } from "../mutants/mutated-program.ts";
import { readRemembered, writeRemembered } from "../mutants/remembered.ts";

export interface MutantsOptions {
  readonly ids: readonly string[];
  readonly seeds: number;
  readonly first: number;
  readonly workers: number;
  readonly remembered: boolean;
  readonly remember: boolean;
  readonly worker: string;
}

/** `--mutants`. Returns the exit code. */
export async function runMutantsCommand(options: MutantsOptions): Promise<number> {
  const { ids, seeds, first, workers, worker } = options;
  const unknown = ids.find((id) => !allMutants.some((mutant) => mutant.id === id));
  if (unknown !== undefined) {
    console.error(`There is no mutant ${unknown}. There are: ${allMutants.map(({ id }) => id).join(", ")}`);
    return 2;
  }
  const mutants = allMutants.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const known = readRemembered();
  let missed = 0;
  await huntAll({
    mutants,
    remembered: options.remembered ? known : new Map(),
    first,
    count: seeds,
    workers,
    worker,
    onHunted: ({ mutant, found, seeds: run }) => {
      if (found === undefined) missed += 1;
      else known.set(mutant.id, found.seed);
      if (options.remember) writeRemembered(known);
      const outcome =
        found === undefined
          ? `NOT FOUND in ${run} seeds`
          : `seed ${found.seed}, the ${ordinal(run)}, by ${found.failure.checker}`;
      console.log(`${mutant.id.padEnd(34)} ${outcome.padEnd(40)} ${mutant.sentence}`);
      if (found !== undefined) console.log(`${" ".repeat(35)}${found.failure.message.split("\n")[0]!.slice(0, 160)}`);
    },
  });
  console.log(`${mutants.length - missed} of ${mutants.length} mutants found`);
  return missed > 0 ? 1 : 0;
}

/** Runs a command of the simulator with a fault in its product. Returns the exit code. */
export async function runWithMutant(id: string, words: readonly string[]): Promise<number> {
  const mutant = productMutants.find((one) => one.id === id);
  if (mutant === undefined) {
    console.error(`There is no mutant ${id}. There are: ${allMutants.map((one) => one.id).join(", ")}`);
    return 2;
  }
  const { main } = await buildProgram(join(repositoryRoot, ".tmp", "mutants", id), mutant);
  const rest = words.filter((word, index) => word !== "--mutant" && words[index - 1] !== "--mutant");
  const { status } = spawnSync(process.execPath, [main, ...rest], { stdio: "inherit" });
  return status ?? 1;
}

function ordinal(count: number): string {
  const ending = count % 100 > 10 && count % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th");
  return `${count}${ending}`;
}
