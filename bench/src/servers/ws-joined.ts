// The same loop by someone who knows that writes are what costs: the messages of one turn of the event loop are joined
// into one, each behind its length.
import type { WebSocket } from "ws";
import { serve } from "./serve.ts";
import { wsServer } from "./ws-server.ts";

const pieces: Buffer[] = [];

serve(() =>
  wsServer((message, subscribers) => {
    if (pieces.length === 0) setImmediate(flush, subscribers);
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(message.length);
    pieces.push(length, message);
  }),
);

function flush(subscribers: ReadonlySet<WebSocket>): void {
  const joined = Buffer.concat(pieces);
  pieces.length = 0;
  for (const subscriber of subscribers) subscriber.send(joined, { binary: true });
}
