import { outsideMutation } from "../mutants/outside-mutants.ts";
import type { NumberSet } from "../plan/number-set.ts";
import { runSeed } from "../run/run-seed.ts";
import { Summary } from "../run/summary.ts";
import { shrinkSeed } from "../shrink/shrink-seed.ts";
import { describeFailure, describeShrunk } from "./describe.ts";

export interface OneOptions {
  readonly seed: number;
  readonly trace: boolean;
  readonly hash: boolean;
  readonly shrink: boolean;
  readonly without: NumberSet;
  readonly mutant: string | undefined;
}

/** `--seed S`. Returns the exit code. */
export async function runOneCommand(options: OneOptions): Promise<number> {
  const { seed, trace, hash, shrink, without, mutant } = options;
  const outside = outsideMutation(mutant);
  if (mutant !== undefined && outside === undefined) return runMutated(mutant);
  if (shrink) {
    const shrunk = await shrinkSeed(seed, () => ({ mutation: outsideMutation(mutant) }));
    if (shrunk === undefined) console.log(`seed ${seed} does not fail`);
    else console.log(describeShrunk(seed, shrunk, mutant));
    return shrunk === undefined ? 0 : 1;
  }
  const write = trace ? (line: string): void => console.log(line) : undefined;
  const result = await runSeed(seed, { write, without, mutation: outside });
  if (hash) console.log(`${seed} ${result.hash}`);
  else {
    const summary = new Summary();
    summary.add(result);
    console.log(`${summary.toString()}\ntrace ${result.hash}`);
  }
  if (result.failure === undefined) return 0;
  console.error(describeFailure(seed, result.failure));
  return 1;
}

/** The same command, of a simulator whose product has the fault. */
async function runMutated(mutant: string): Promise<number> {
  const { runWithMutant } = await import("./mutants.ts");
  return runWithMutant(mutant, process.argv.slice(2));
}
