import { formatNumbers } from "../plan/number-set.ts";
import type { Failure } from "../run/run-seed.ts";
import type { Shrunk } from "../shrink/shrink-seed.ts";

/** What failed, and the command that repeats it. */
export function describeFailure(seed: number, { checker, message }: Failure): string {
  return `seed ${seed} fails (${checker}): ${message}\n  replay: npm run sim -- --seed ${seed} --trace`;
}

/** What is left of a failing seed, and the command that repeats that. */
export function describeShrunk(seed: number, shrunk: Shrunk, mutant: string | undefined): string {
  const { failure, kept, runs, without } = shrunk;
  const wrong = mutant === undefined ? "" : ` --mutant ${mutant}`;
  const rows = kept.map(({ number, atMs, kind }) => `    #${number} at ${(atMs / 1000).toFixed(3)} s: ${kind}`);
  return [
    `seed ${seed} fails with ${kept.length} actions, found in ${runs} runs (${failure.checker}): ${failure.message}`,
    ...rows,
    `  replay: npm run sim -- --seed ${seed}${wrong} --trace --without ${formatNumbers(without)}`,
  ].join("\n");
}
