import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { PerMessageDeflateOptions, WebSocket } from "ws";

/** A server of the library `ws`: who connects to `/publish` publishes, everyone else subscribes. Resolves with the port. */
export async function wsServer(
  onPublish: (message: Buffer, subscribers: ReadonlySet<WebSocket>) => void,
  perMessageDeflate: false | PerMessageDeflateOptions = false,
): Promise<number> {
  const subscribers = new Set<WebSocket>();
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate,
    skipUTF8Validation: true,
  });
  server.on("connection", (socket, request) => {
    if (request.url === "/publish") {
      socket.on("message", (message) => onPublish(message as Buffer, subscribers));
      return;
    }
    subscribers.add(socket);
    socket.on("close", () => subscribers.delete(socket));
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
