import type { Mutant, ProductMutant } from "./mutant.ts";
import { outsideMutants } from "./outside-mutants.ts";
import { connectingMutants } from "./product/connecting.ts";
import { deliveringMutants } from "./product/delivering.ts";
import { logMutants } from "./product/log.ts";
import { presenceMutants } from "./product/presence.ts";
import { publishingMutants } from "./product/publishing.ts";
import { receivingMutants } from "./product/receiving.ts";
import { servingMutants } from "./product/serving.ts";
import { socketMutants } from "./product/sockets.ts";

/** Those in the product's own code. */
export const productMutants: readonly ProductMutant[] = [
  ...receivingMutants,
  ...publishingMutants,
  ...deliveringMutants,
  ...servingMutants,
  ...connectingMutants,
  ...presenceMutants,
  ...logMutants,
  ...socketMutants,
];

export const allMutants: readonly Mutant[] = [...productMutants, ...outsideMutants];
