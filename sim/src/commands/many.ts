import { randomInt } from "node:crypto";
import { keptSeeds } from "../run/kept-seeds.ts";
import { runSeed } from "../run/run-seed.ts";
import { runSeeds } from "../run/run-seeds.ts";
import type { SeedResult } from "../run/run-seed.ts";
import { Summary } from "../run/summary.ts";
import { shrinkSeed } from "../shrink/shrink-seed.ts";
import { describeFailure, describeShrunk } from "./describe.ts";

export interface ManyOptions {
  readonly seeds: number;
  readonly first: number | undefined;
  readonly workers: number;
  readonly hash: boolean;
  /** Those that failed once too. */
  readonly kept: boolean;
  /** The worker's program. */
  readonly worker: string;
}

/** Seeds are drawn below this; each run of that many is a new one. */
const freshSeeds = 2 ** 31;
/** Failing seeds that are made small; of more of them a few will do. */
const maxShrunk = 3;

/** `--seeds N`. Returns the exit code. */
export async function runManyCommand({ seeds, first, workers, hash, kept, worker }: ManyOptions): Promise<number> {
  const begun = process.hrtime.bigint();
  const from = first ?? randomInt(freshSeeds);
  const summary = new Summary();
  const failed: SeedResult[] = [];
  const onSeed = (result: SeedResult): void => {
    summary.add(result);
    if (hash) console.log(`${result.seed} ${result.hash}`);
    if (result.failure === undefined) return;
    failed.push(result);
    console.error(describeFailure(result.seed, result.failure));
  };
  if (kept) {
    console.log(`${keptSeeds.length} kept seeds`);
    for (const { seed } of keptSeeds) onSeed(await runSeed(seed));
  }
  console.log(`seeds ${from} to ${from + seeds - 1}`);
  await runSeeds({ worker, workers, first: from, count: seeds, onSeed });
  for (const { seed } of failed.slice(0, maxShrunk)) {
    const shrunk = await shrinkSeed(seed);
    if (shrunk !== undefined) console.error(describeShrunk(seed, shrunk, undefined));
  }
  console.log(summary.toString());
  // The one figure that is not the same each time.
  console.error(`in ${(Number(process.hrtime.bigint() - begun) / 1e9).toFixed(1)} s, with ${workers} workers`);
  return failed.length > 0 ? 1 : 0;
}
