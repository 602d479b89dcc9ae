import type { Entry, Page, ReadOptions } from "../log.ts";
import { boundEntry } from "./bound-record.ts";
import type { PartitionFollower } from "./partition-follower.ts";

type BoundPage = Omit<Page, "epoch">;

/** The oldest entries of a channel above `after`, by scan: block by block of its partition, each read once for all who want it at a time. */
export async function pageForward(
  partition: PartitionFollower,
  key: string,
  after: number,
  limits: ReadOptions,
): Promise<BoundPage> {
  const { blocks, through } = partition;
  const from = Math.max(after, partition.base);
  const entries: Entry[] = [];
  let bytes = 0;
  let more = false;
  for (let block = blocks.blockOf(from + 1); from < through && block <= blocks.blockOf(through); block += 1) {
    for (const entry of await entriesOf(partition, block, key)) {
      if (entry.offset <= from || entry.offset > through) continue;
      more = isFull(entries, bytes, limits);
      if (more) break;
      entries.push(entry);
      bytes += bytesOf(entry);
    }
    if (more) break;
  }
  const floor = partition.base;
  const kept = entries.filter(({ offset }) => offset > floor);
  const begin = Math.max(from, floor);
  const to = more ? entries.at(-1)!.offset : through;
  return { floor, interval: { from: begin, to: Math.max(begin, to) }, entries: kept, more };
}

/** The newest entries of a channel at or below `through`, by scan. */
export async function pageBackward(
  partition: PartitionFollower,
  key: string,
  through: number,
  limits: ReadOptions,
): Promise<BoundPage> {
  const { blocks } = partition;
  const before = partition.base;
  const to = Math.max(Math.min(through, partition.through), before);
  const entries: Entry[] = [];
  let bytes = 0;
  let more = false;
  for (let block = blocks.blockOf(to); to > before && block >= blocks.blockOf(before + 1); block -= 1) {
    for (const entry of (await entriesOf(partition, block, key)).toReversed()) {
      if (entry.offset <= before || entry.offset > to) continue;
      more = isFull(entries, bytes, limits);
      if (more) break;
      entries.push(entry);
      bytes += bytesOf(entry);
    }
    if (more) break;
  }
  const floor = partition.base;
  const kept = entries.filter(({ offset }) => offset > floor).toReversed();
  const isCut = more && kept.length === entries.length;
  const from = isCut ? kept[0]!.offset - 1 : floor;
  return { floor, interval: { from, to: Math.max(to, floor) }, entries: kept, more: isCut };
}

async function entriesOf(partition: PartitionFollower, block: number, key: string): Promise<readonly Entry[]> {
  const found = (await partition.blocks.read(block)).get(key) ?? [];
  return found.filter(({ offset }) => partition.counted(offset)).map((placed) => boundEntry(placed, placed.record));
}

function isFull(entries: readonly Entry[], bytes: number, { maxCount, maxBytes }: ReadOptions): boolean {
  return entries.length > 0 && (entries.length >= maxCount || bytes >= maxBytes);
}

function bytesOf({ payload }: Entry): number {
  return payload?.data.byteLength ?? 0;
}
