import type { Hunted } from "./hunt.ts";
import { hunt } from "./hunt.ts";
import type { Mutant } from "./mutant.ts";

export interface HuntAllOptions {
  readonly mutants: readonly Mutant[];
  /** By id, the seed to begin with. */
  readonly remembered: ReadonlyMap<string, number>;
  readonly first: number;
  readonly count: number;
  readonly workers: number;
  readonly worker: string;
  /** In the order of the mutants. */
  readonly onHunted: (hunted: Hunted) => void;
}

/** Hunts mutants side by side, each in a process of its own. */
export async function huntAll(options: HuntAllOptions): Promise<void> {
  const { mutants, remembered, onHunted, workers, ...rest } = options;
  const done: (Hunted | undefined)[] = [];
  let next = 0;
  let told = 0;
  const take = async (): Promise<void> => {
    for (let at = next++; at < mutants.length; at = next++) {
      const mutant = mutants[at]!;
      done[at] = await hunt({ ...rest, mutant, remembered: remembered.get(mutant.id) });
      for (let hunted = done[told]; hunted !== undefined; hunted = done[told]) {
        told += 1;
        onHunted(hunted);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, mutants.length) }, take));
}
