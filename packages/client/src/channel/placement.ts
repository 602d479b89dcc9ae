import { HawserError } from "@hawser/protocol";

/**
 * Over which of the session's connections a channel goes. `any`: one, and another when that one is lost, slow or to be
 * left. `mirrored`: two at once, on different nodes if there are such; the first copy of each message counts. `{ lane }`:
 * one of those that were opened for this lane, or any when none of them stands.
 */
export type Placement = "any" | "mirrored" | { readonly lane: string };

/** How many copies there are, and of which lane. */
export interface PlacementPlan {
  readonly copies: number;
  /** "": none in particular. */
  readonly lane: string;
}

/** @throws HawserError `option-invalid` */
export function planOf(placement: Placement): PlacementPlan {
  if (placement === "any") return { copies: 1, lane: "" };
  if (placement === "mirrored") return { copies: 2, lane: "" };
  if (typeof placement === "object" && typeof placement?.lane === "string") return { copies: 1, lane: placement.lane };
  throw new HawserError("option-invalid", '`placement` is "any", "mirrored" or { lane: "name" }');
}
