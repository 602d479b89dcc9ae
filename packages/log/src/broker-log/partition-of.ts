import { encodeText } from "@hawser/protocol";

/**
 * The partition of a channel: the 32-bit FNV-1a hash of its name in UTF-8, modulo the number of partitions. It is part of
 * what a log is: it never changes, so that programs in other languages find a channel where it lies.
 *
 * @param partitions their number, 1 or more.
 */
export function partitionOf(channel: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (const byte of encodeText(channel)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitions;
}
