// The loop of `ws-loop` where `ws` compresses: it does so for each client.
import { deflateOptions } from "./deflate-options.ts";
import { serve } from "./serve.ts";
import { wsServer } from "./ws-server.ts";

serve(() =>
  wsServer((message, subscribers) => {
    for (const subscriber of subscribers) subscriber.send(message, { binary: false });
  }, deflateOptions),
);
