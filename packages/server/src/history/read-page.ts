import type { Head, Log, Page } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import type { Position } from "@hawser/protocol";
import { resolvePosition } from "../delivery/start.ts";
import type { NodeLimits } from "../node-options.ts";

/** Which page of a channel's history is asked for. */
export interface PageRequest {
  /** Where it begins; `undefined`: at the oldest message, backward at the newest. */
  readonly position: Position | undefined;
  /** Messages at most; 0: as many as the default says. */
  readonly limit: number;
  /** The messages up to the position, in place of those behind it. */
  readonly backward: boolean;
}

export type PageLimits = Pick<NodeLimits, "maxHistoryPage" | "defaultHistoryPage" | "maxHistoryBytes">;

/**
 * Reads a page of a channel's history.
 *
 * @throws HawserError `epoch-unknown` for a position that is none of this log (HIS-3); `log-unavailable`.
 */
export async function readPage(log: Log, name: string, request: PageRequest, limits: PageLimits): Promise<Page> {
  const maxCount = request.limit === 0 ? limits.defaultHistoryPage : Math.min(request.limit, limits.maxHistoryPage);
  const head = await log.head(name);
  const at = request.position === undefined ? undefined : offsetOf(request.position, request.backward, head);
  const options = { maxCount, maxBytes: limits.maxHistoryBytes };
  return request.backward ? log.readBackward(name, at ?? head.end, options) : log.read(name, at ?? head.floor, options);
}

/** The offset in the current epoch of a position (HIS-3). */
function offsetOf(position: Position, backward: boolean, head: Head): number {
  // Backward, a position above the end stands for the end.
  const asked = backward ? { ...position, offset: Math.min(position.offset, head.end) } : position;
  const start = resolvePosition({ ...head, floor: 0 }, asked);
  if (start.kind === "ahead-of-epoch" || start.reset === "unknown" || start.reset === "ahead") {
    throw new HawserError("epoch-unknown", `Position ${position.epoch}/${position.offset} is not one of this log.`);
  }
  return start.offset;
}
