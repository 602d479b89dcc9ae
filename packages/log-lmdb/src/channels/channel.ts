import { ChannelFeed } from "@hawser/log";
import type { EpochStart, Head, LogPolicy } from "@hawser/log";
import type { ChannelState } from "../records/channel-record.ts";

/** A durable channel in memory: what was committed of it, and who follows it. */
export class Channel {
  readonly name: string;
  readonly policy: LogPolicy;
  readonly feed: ChannelFeed;
  /** As the last commit that was waited for left it; `undefined`: it never had an entry. */
  state: ChannelState | undefined;

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

  /**
   * @param epoch that of this run. Before the channel's first entry of this run it begins at the channel's end, without
   * being written down.
   */
  head(epoch: number): Head {
    const { end, floor, lineage } = this.state ?? { end: 0, floor: 0, lineage: [] };
    return {
      epoch,
      end,
      floor,
      lineage: lineage.at(-1)?.epoch === epoch ? lineage : [...lineage, { epoch, start: end }],
    };
  }
}

/** The epoch in which an entry was appended; `undefined` when the lineage does not reach back to it. */
export function epochOf(lineage: readonly EpochStart[], offset: number): number | undefined {
  return lineage.findLast(({ start }) => start < offset)?.epoch;
}
