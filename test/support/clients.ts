import { createClient, readHistory, webSocketConnector } from "@hawser/client";
import type { Channel, Client, ClientOptions, ReceivedMessage } from "@hawser/client";
import { WebSocket } from "ws";

/** A client of the published package on `ws`, quick to come back. */
export function connect(url: string, token: string, more: Partial<ClientOptions> = {}): Client {
  return createClient({
    url,
    token,
    connector: webSocketConnector({ WebSocket }),
    backoff: { minMs: 20, maxMs: 200 },
    ...more,
  });
}

/** Everything that the log of a channel holds, oldest first, by history pages. */
export async function wholeLog<T>(channel: Channel<T, T>): Promise<ReceivedMessage<T>[]> {
  const messages: ReceivedMessage<T>[] = [];
  let page = await readHistory(channel, { after: { epoch: 0, offset: 0 }, limit: 1_000 });
  for (;;) {
    messages.push(...page.messages);
    if (!page.more) return messages;
    page = await readHistory(channel, { after: { epoch: page.epoch, offset: page.to }, limit: 1_000 });
  }
}
