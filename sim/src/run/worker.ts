import { outsideMutation } from "../mutants/outside-mutants.ts";
import { runSeed } from "./run-seed.ts";
import type { SeedResult } from "./run-seed.ts";

/** What a worker is told to run. */
export interface Order {
  readonly first: number;
  readonly count: number;
  /** A fault from outside; one in the product is in the worker's own code. */
  readonly mutant?: string | undefined;
  /** The rest is not run once a seed fails. */
  readonly stopAtFailure: boolean;
}

/** What a worker tells: each seed, in order, then that it has none left. */
export type Report = { readonly kind: "seed"; readonly result: SeedResult } | { readonly kind: "idle" };

// Most errors of a run are part of it, and a replay has their stacks.
Error.stackTraceLimit = 0;

process.on("message", (order: Order) => void carryOut(order));
// Whoever gave the orders is gone.
process.on("disconnect", () => process.exit());
tell({ kind: "idle" });

async function carryOut({ first, count, mutant, stopAtFailure }: Order): Promise<void> {
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSeed(seed, { mutation: outsideMutation(mutant) });
    tell({ kind: "seed", result });
    if (stopAtFailure && result.failure !== undefined) break;
  }
  tell({ kind: "idle" });
}

function tell(report: Report): void {
  process.send?.(report);
}
