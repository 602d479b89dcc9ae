// What most write first: the message as it came, sent to each client in a loop.
import { serve } from "./serve.ts";
import { wsServer } from "./ws-server.ts";

serve(() =>
  wsServer((message, subscribers) => {
    for (const subscriber of subscribers) subscriber.send(message, { binary: false });
  }),
);
