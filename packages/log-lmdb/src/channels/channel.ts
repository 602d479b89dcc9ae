import { ChannelFeed } from "@hawser/log";
import type { EpochStart, Head, LogPolicy } from "@hawser/log";
import type { BlockSizes } from "../records/block-record.ts";
import type { ChannelState } from "../records/channel-record.ts";

/** A durable channel in memory: what was committed of it, and who follows it. */
export class Channel {
  readonly name: string;
  readonly policy: LogPolicy;
  readonly feed: ChannelFeed;
  /** As the last commit that was waited for left it; `undefined`: it never had an entry. */
  state: ChannelState | undefined;
  /** The block that was trimmed last, which is looked up only once: a block in the store does not change. */
  oldestBlock: BlockSizes | undefined;

  constructor(
    name: string,
    policy: LogPolicy,
    state: ChannelState | undefined,
    onFollowerError: (error: unknown) => void,
  ) {
    this.name = name;
    this.policy = policy;
    this.state = state;
    this.feed = new ChannelFeed(onFollowerError);
  }

  /** @param runs the epochs of the log's runs, this one's last. */
  head(runs: readonly number[]): Head {
    const { end, floor, lineage } = this.state ?? { end: 0, floor: 0, lineage: [] };
    return { epoch: runs.at(-1)!, end, floor, lineage: completeLineage(lineage, runs, end) };
  }
}

/**
 * A channel's lineage with the runs in which nothing was appended to it, which are not written down with the channel:
 * each began where the next one did.
 */
function completeLineage(lineage: readonly EpochStart[], runs: readonly number[], end: number): readonly EpochStart[] {
  const first = lineage[0];
  const written = new Set(lineage.map(({ epoch }) => epoch));
  // Before a lineage that was cut short it is not known where a run began.
  const empty = runs.filter(
    (epoch) => !written.has(epoch) && (first === undefined || first.start === 0 || epoch > first.epoch),
  );
  const starts = empty.map((epoch) => ({ epoch, start: lineage.find((begun) => begun.epoch > epoch)?.start ?? end }));
  return [...lineage, ...starts].toSorted((a, b) => a.epoch - b.epoch);
}

/** The epoch in which an entry was appended; `undefined` when the lineage does not reach back to it. */
export function epochOf(lineage: readonly EpochStart[], offset: number): number | undefined {
  return lineage.findLast(({ start }) => start < offset)?.epoch;
}
