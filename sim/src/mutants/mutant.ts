import type { Mutation } from "../world/world.ts";

interface Named {
  /** How the command line names it. */
  readonly id: string;
  /** What is wrong. */
  readonly sentence: string;
}

/** A deliberate fault in what travels, in what the log answers, or in who may what: made outside the product. */
export interface OutsideMutant extends Named {
  readonly kind: "outside";
  /** Made anew for each world. */
  readonly make: () => Mutation;
}

/** A deliberate fault in the product's own code, as a change of its text. */
export interface ProductMutant extends Named {
  readonly kind: "product";
  /** From the repository's root. */
  readonly file: string;
  /** Stands there exactly once; when it no longer does, the mutant has to follow the code. */
  readonly find: string;
  readonly replace: string;
}

/** The product with it breaks a promise, which the simulator has to find. */
export type Mutant = OutsideMutant | ProductMutant;
