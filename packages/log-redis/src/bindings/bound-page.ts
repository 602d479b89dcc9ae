import type { Page } from "@hawser/log";
import type { ScriptAnswer } from "../script/script-caller.ts";
import { boundEntries } from "./bindings.ts";
import type { BoundStream } from "./bindings.ts";

/** Reads what `bound-read` answers to a read after, or through, this offset. */
export function boundPageOf(
  { epoch, results }: ScriptAnswer,
  bound: BoundStream,
  direction: "forward" | "backward",
  limit: number,
): Page {
  const [endText, floorText, , , moreMark, found] = results as [Buffer, Buffer, Buffer, Buffer, Buffer, unknown[]];
  const end = Number(endText);
  const floor = Number(floorText);
  const isForward = direction === "forward";
  const raw = found as [Buffer, Buffer[]][];
  const entries = boundEntries(bound, isForward ? raw : raw.toReversed()).filter(({ offset }) => offset > floor);
  const more = String(moreMark) === "1" && entries.length > 0;
  if (isForward) {
    const from = Math.max(limit, floor);
    return { epoch, floor, interval: { from, to: more ? entries.at(-1)!.offset : Math.max(end, from) }, entries, more };
  }
  const to = Math.max(Math.min(limit, end), floor);
  return { epoch, floor, interval: { from: more ? entries[0]!.offset - 1 : floor, to }, entries, more };
}
