/** Slices into which the channels of a partition are divided, so that a checkpoint can hold a part of them. Part of the rule. */
export const sliceCount = 1_024;

/** The slice of a channel: the 32-bit FNV-1a hash over the UTF-16 code units of its name, its lowest ten bits. */
export function sliceOf(channel: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < channel.length; index += 1)
    hash = Math.imul(hash ^ channel.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % sliceCount;
}
