import type { Head } from "@hawser/log";
import type { Interval, Position, ResetReason } from "@hawser/protocol";

/** Where a cursor is set, and what the subscriber has to be told. */
export type Start =
  | {
      readonly kind: "start";
      readonly offset: number;
      readonly reset: ResetReason;
      readonly lost: Interval | undefined;
    }
  /** The log is older than what the client saw: another node, or this one later, may know more (POS-10). */
  | { readonly kind: "ahead-of-epoch" };

/** Resolves a position against a log (section 4 of the specification, POS-3 to POS-10). */
export function resolvePosition(head: Head, position: Position): Start {
  const { epoch, offset } = position;
  if (epoch === 0 || epoch === head.epoch) {
    return offset > head.end ? restart(head, "ahead") : clampToFloor(head, offset, "");
  }
  if (epoch > head.epoch) return { kind: "ahead-of-epoch" };
  const known = head.lineage.findIndex((begun) => begun.epoch === epoch);
  const next = head.lineage[known + 1];
  // An epoch that this log did not go through is another log's, or that of a copy that was put away again: what its
  // offsets mean cannot be known, though they may look alike.
  if (known === -1 || next === undefined) return restart(head, "unknown");
  return offset > next.start ? clampToFloor(head, next.start, "truncated") : clampToFloor(head, offset, "");
}

/** Nothing that the client has can be compared with this log, so that all of the log is new to it. */
function restart(head: Head, reset: ResetReason): Start {
  return { kind: "start", offset: head.floor, reset, lost: undefined };
}

function clampToFloor(head: Head, offset: number, reset: ResetReason): Start {
  if (offset >= head.floor) return { kind: "start", offset, reset, lost: undefined };
  const lost = { from: offset, to: head.floor };
  return { kind: "start", offset: head.floor, reset: reset === "" ? "trimmed" : reset, lost };
}
