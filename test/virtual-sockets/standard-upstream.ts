import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

/**
 * The server that the suite of the standard talks with. What a socket does is in its path:
 *
 * - `/echo`: sends back whatever comes, and closes as it is closed.
 * - `/close/<code>/<reason>`: closes at once, with that code; 1005: without one.
 * - `/break`: ends the connection without a close, once a message came.
 * - `/refuse`: answers the handshake with 403.
 * - `/never`: does not answer the handshake.
 * - `/first/<text>`: says that at once, and again when the socket has closed for whoever asks at `/closed/<text>`.
 * - `/closed/<text>`: sends how the socket of `/first/<text>` was closed, as JSON.
 * - `/burst/<count>`: sends the numbers from 0.
 * - `/deaf`: takes no byte.
 * - `/chatty-end`: when it is closed, sends a message before it answers.
 *
 * It chooses the subprotocol `chosen.v1` when that is offered, none when `none` is, `other` when `wrong` is.
 */
export class StandardUpstream {
  readonly url: string;
  readonly #http: ReturnType<typeof createServer>;
  readonly #sockets: WebSocketServer;

  private constructor(http: ReturnType<typeof createServer>, sockets: WebSocketServer) {
    this.#http = http;
    this.#sockets = sockets;
    this.url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  static async start(): Promise<StandardUpstream> {
    // Pages of the suite are loaded from here, too.
    const http = createServer((_request, response) => {
      response.setHeader("content-type", "text/html").end("<!doctype html><title>The suite</title>");
    });
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has("chosen.v1") ? "chosen.v1" : false),
    });
    const closures = new Map<string, { code: number; reason: string }>();
    http.on("upgrade", (request, socket, head) => {
      const [kind = "", one = "", two = ""] = (request.url ?? "/")
        .slice(1)
        .split("?")[0]!
        .split("/")
        .map(decodeURIComponent);
      socket.on("error", () => {});
      if (kind === "refuse") return void socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      if (kind === "never") return;
      sockets.handleUpgrade(request, socket, head, (opened) => behave(opened, kind, one, two, closures));
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return new StandardUpstream(http, sockets);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

function behave(
  socket: WebSocket,
  kind: string,
  one: string,
  two: string,
  closures: Map<string, { code: number; reason: string }>,
): void {
  socket.on("error", () => {});
  switch (kind) {
    case "close":
      if (one === "1005") socket.close();
      else socket.close(Number(one), two);
      return;
    case "break":
      socket.on("message", () => socket.terminate());
      return;
    case "first":
      socket.on("close", (code, reason) => closures.set(one, { code, reason: reason.toString() }));
      socket.send(one);
      return;
    case "closed":
      socket.send(JSON.stringify(closures.get(one) ?? null));
      return;
    case "burst":
      for (let index = 0; index < Number(one); index += 1) socket.send(String(index));
      return;
    case "deaf":
      socket.pause();
      return;
    case "chatty-end": {
      // `ws` answers a close at once: the message is what it has not sent when it is asked for the end.
      const answer = socket.close.bind(socket);
      socket.on("message", () => {
        socket.send("behind the close");
        answer(4_000, "said enough");
      });
      return;
    }
    default:
      socket.on("message", (data, binary) => socket.send(data as Buffer, { binary }));
  }
}
