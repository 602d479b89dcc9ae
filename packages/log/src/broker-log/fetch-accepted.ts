import { HawserError } from "@hawser/protocol";
import type { Entry } from "../log.ts";
import type { Broker, Fetched } from "../prefix/broker.ts";
import { entryOf } from "./channel-view.ts";
import type { AcceptedRecord } from "./channel-view.ts";

/** Records in one fetch at most. */
const maxFetch = 1_000;

/**
 * Fetches the entries of accepted records, in their order. What it finds is held against what was accepted; `undefined` when
 * it is not the same any more, because the log was trimmed or went back.
 *
 * @param onTrimmed called with the oldest offset that is left, when that is why.
 * @throws HawserError `log-unavailable` when the broker does not answer.
 */
export async function fetchAccepted(
  broker: Broker,
  wanted: readonly AcceptedRecord[],
  onTrimmed: (start: number) => void,
): Promise<readonly Entry[] | undefined> {
  const entries: Entry[] = [];
  while (entries.length < wanted.length) {
    const from = wanted[entries.length]!.offset;
    const { records, start } = await fetchFrom(broker, from);
    if (start > from) {
      onTrimmed(start);
      return undefined;
    }
    const before = entries.length;
    for (const placed of records) {
      const next = wanted[entries.length];
      if (next === undefined || placed.offset < next.offset) continue;
      const { record } = placed;
      if (placed.offset !== next.offset || record.kind !== "append" || record.id !== next.id) return undefined;
      entries.push(entryOf(placed, record));
    }
    if (entries.length === before) return undefined;
  }
  return entries;
}

/** The log does not answer; the same may be asked again. */
export function unavailable(message: string, cause?: unknown): HawserError {
  return new HawserError("log-unavailable", message, { retry: true, cause });
}

async function fetchFrom(broker: Broker, offset: number): Promise<Fetched> {
  try {
    return await broker.fetch(offset, maxFetch, 0);
  } catch (error) {
    throw unavailable("the broker did not answer", error);
  }
}
