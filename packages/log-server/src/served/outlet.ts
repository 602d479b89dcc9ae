import type { Entry } from "@hawser/log";
import type { Interval } from "@hawser/protocol";
import type { FollowerAnswer } from "../wire/answers.ts";
import type { EntryBlock, EntryBlocks } from "../wire/entry-blocks.ts";
import type { ServedFollower } from "./served-follower.ts";

/** What a follower needs of the remote log's link that it shares with others. */
export interface Outlet {
  /** Less than `maxUnsentBytes` wait. */
  readonly hasRoom: boolean;
  tell(answer: Exclude<FollowerAnswer, { type: "entries" }>): void;
  tellEntries(id: number, block: EntryBlock): void;
  /** The entries as they travel; shared with all followers that were handed the same array. */
  blocksOf(entries: readonly Entry[], interval: Interval): EntryBlocks;
  /** The follower has something to tell: its `step` is called when there is room. */
  wake(follower: ServedFollower): void;
  /** The same, after a pause: the log could not be read. */
  wakeLater(follower: ServedFollower): void;
  /** A read of the follower's own is done. */
  readDone(): void;
}
