/** Whether the log's channel is the nodes' own, in which they tell each other who is where. */
export function isOfPresence(channel: string): boolean {
  return channel === "$presence" || channel.startsWith("$presence.");
}
