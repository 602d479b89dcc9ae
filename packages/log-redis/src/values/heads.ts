import type { EpochStart, Head } from "@hawser/log";

/** What the script knows of one channel. */
export interface ChannelRecord {
  readonly end: number;
  readonly floor: number;
  /** `epoch:start ...`: where each epoch began in which something was appended, oldest first. */
  readonly starts: string;
}

/** Reads what `heads` answers for the channel with this index. */
export function channelRecordAt(results: readonly unknown[], index: number): ChannelRecord {
  return {
    end: Number(results[index * 3]),
    floor: Number(results[index * 3 + 1]),
    starts: String(results[index * 3 + 2]),
  };
}

/**
 * The head of a channel.
 *
 * @param epochs all that the log knows, oldest first: in those that the channel has no start of, nothing was appended to it.
 */
export function headOf({ end, floor, starts }: ChannelRecord, epochs: readonly number[]): Head {
  return { epoch: epochs.at(-1)!, floor, end, lineage: lineageOf(starts, epochs, end) };
}

function lineageOf(starts: string, epochs: readonly number[], end: number): EpochStart[] {
  const known = new Map<number, number>();
  for (const pair of starts.split(" ")) {
    const [epoch, start] = pair.split(":");
    if (start !== undefined) known.set(Number(epoch), Number(start));
  }
  const oldest = Math.min(...known.keys());
  const lineage: EpochStart[] = [];
  // From the newest: one without a start began where the next one did.
  let next = end;
  for (const epoch of epochs.toReversed()) {
    // Older starts were forgotten, so that where those epochs began is not known.
    if (epoch < oldest && known.size > 0 && next !== 0) break;
    next = known.get(epoch) ?? next;
    lineage.unshift({ epoch, start: next });
  }
  return lineage;
}
