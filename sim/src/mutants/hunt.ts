import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Failure, SeedResult } from "../run/run-seed.ts";
import { WorkerProcess } from "../run/worker-process.ts";
import type { Mutant } from "./mutant.ts";
import { buildProgram, repositoryRoot } from "./mutated-program.ts";

/** What became of one mutant. */
export interface Hunted {
  readonly mutant: Mutant;
  /** `undefined`: no seed of those that were run has found it. */
  readonly found: { readonly seed: number; readonly failure: Failure } | undefined;
  /** How many seeds were run. */
  readonly seeds: number;
}

export interface HuntOptions {
  readonly mutant: Mutant;
  /** Run first: one that found it before. */
  readonly remembered: number | undefined;
  readonly first: number;
  readonly count: number;
  /** The simulator as it is, for faults from outside. */
  readonly worker: string;
}

/** Runs seeds of a simulator with one deliberate fault until one of them fails. */
export async function hunt({ mutant, remembered, first, count, worker }: HuntOptions): Promise<Hunted> {
  if (mutant.kind === "outside") return runUntilFound(mutant, worker, remembered, first, count);
  const folder = join(repositoryRoot, ".tmp", "mutants", mutant.id);
  const program = await buildProgram(folder, mutant);
  try {
    return await runUntilFound(mutant, program.worker, remembered, first, count);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runUntilFound(
  mutant: Mutant,
  file: string,
  remembered: number | undefined,
  first: number,
  count: number,
): Promise<Hunted> {
  return new Promise((resolve, reject) => {
    let seeds = 0;
    const orders = [...(remembered === undefined ? [] : [{ first: remembered, count: 1 }]), { first, count }];
    const end = (worker: WorkerProcess, found: Hunted["found"]): void => {
      worker.stop();
      resolve({ mutant, found, seeds });
    };
    const worker = new WorkerProcess(file, {
      onSeed: ({ seed, failure }: SeedResult) => {
        seeds += 1;
        if (failure !== undefined) end(worker, { seed, failure });
      },
      onIdle: (idle) => {
        const order = orders.shift();
        if (order === undefined) return end(idle, undefined);
        idle.run({ ...order, mutant: mutant.id, stopAtFailure: true });
      },
      onDied: (how) => reject(new Error(`${mutant.id}: ${how}`)),
    });
  });
}
