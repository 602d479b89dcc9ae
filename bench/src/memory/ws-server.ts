// Nothing but what `ws` needs to hold a connection: an HTTP server, and a listener that drops what comes.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { serve } from "./serve.ts";

serve(async () => {
  const http = createServer();
  const webSockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  webSockets.on("connection", (webSocket) => webSocket.on("message", () => {}));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
});
