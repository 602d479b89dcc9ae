/**
 * A priority class of what a connection is sent: `interactive` goes ahead of `normal`, and that ahead of `bulk`
 * (FLOW-6 of the specification).
 */
export type Lane = "interactive" | "normal" | "bulk";

/** All lanes, the most urgent first. */
export const lanes: readonly Lane[] = ["interactive", "normal", "bulk"];

/** Cost of one block of a channel in the lanes that nothing has to wait behind for long. */
export const maxBlockCost = 65_536;

/** Cost of one block of the lane `bulk`: what is urgent waits behind one of them at most, beside what is under way. */
const maxBulkBlockCost = 16_384;

/** Payload cost of one block at most, but for a single message above it. */
export function blockCostOf(lane: Lane): number {
  return lane === "bulk" ? maxBulkBlockCost : maxBlockCost;
}
