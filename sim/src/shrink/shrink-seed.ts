import type { Action } from "../plan/action.ts";
import type { NumberSet } from "../plan/number-set.ts";
import { drawSeed, runSeed } from "../run/run-seed.ts";
import type { Failure, RunOptions } from "../run/run-seed.ts";
import { minimize } from "./minimize.ts";

/** A failing seed with as little in it as was found to be enough. */
export interface Shrunk {
  readonly without: NumberSet;
  readonly failure: Failure;
  readonly kept: readonly Action[];
  readonly runs: number;
}

/** What a seed is worth, in runs and in seconds of this machine. */
const maxRuns = 800;
const maxSeconds = 60;

/**
 * Leaves out clients, work and faults of a failing seed for as long as the same checker still finds something; whole kinds
 * first, since most have nothing to do with it. `undefined`: the seed does not fail.
 */
export async function shrinkSeed(seed: number, run: () => RunOptions = () => ({})): Promise<Shrunk | undefined> {
  const { plan } = drawSeed(seed);
  const numbersOf = (kept: readonly Action[]): NumberSet => {
    const left = new Set(kept.map(({ number }) => number));
    return new Set(plan.map(({ number }) => number).filter((number) => !left.has(number)));
  };
  const until = process.hrtime.bigint() + BigInt(maxSeconds) * 1_000_000_000n;
  const mayTry = (): boolean => runs < maxRuns && process.hrtime.bigint() < until;
  let runs = 0;
  let last: Failure | undefined;
  const failureOf = async (kept: readonly Action[]): Promise<Failure | undefined> => {
    runs += 1;
    return (await runSeed(seed, { ...run(), without: numbersOf(kept) })).failure;
  };
  const wanted = await failureOf(plan);
  if (wanted === undefined) return undefined;
  last = wanted;
  const fails = async (kept: readonly Action[]): Promise<boolean> => {
    const failure = await failureOf(kept);
    if (failure?.checker !== wanted.checker) return false;
    last = failure;
    return true;
  };
  let kept = plan;
  for (const kind of new Set(plan.map((action) => action.kind))) {
    const rest = kept.filter((action) => action.kind !== kind);
    if (kind !== "client starts" && mayTry() && (await fails(rest))) kept = rest;
  }
  kept = await minimize(kept, fails, mayTry);
  return { without: numbersOf(kept), failure: last, kept, runs };
}
