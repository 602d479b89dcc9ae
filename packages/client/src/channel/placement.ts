import { refuseOption } from "../option-invalid.ts";

/**
 * Over which of the session's connections a channel goes. `any`: one, and another when that one is lost, slow or to be
 * left. `mirrored`: two at once, on different nodes if there are such; the first copy of each message counts. `{ lane }`:
 * one of those that were opened for this lane, or any when none of them stands; what is published goes by its lane:
 * "interactive" ahead of others, "bulk" behind them.
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
  if (placement === "any" || placement === "mirrored") return { copies: placement === "any" ? 1 : 2, lane: "" };
  if (typeof placement === "object" && typeof placement?.lane === "string") return { copies: 1, lane: placement.lane };
  refuseOption("placement", '"any", "mirrored" or { lane: "name" }');
}
