import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** A handshake's request, with these header lines added. */
export function upgradeRequest(path = "/", ...lines: readonly string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    ...(lines.some((line) => /^host:/i.test(line)) ? [] : ["Host: example.com"]),
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
    ...lines,
    "",
    "",
  ].join("\r\n");
}

/** A client of bare bytes, which keeps everything that comes. */
export class RawClient {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  ended = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk])));
    this.socket.on("end", () => (this.ended = true));
  }

  /** Connected through a proxy to a target that upgraded; what was received of the handshake is gone. */
  static async open(port: number, ...lines: readonly string[]): Promise<RawClient> {
    const client = new RawClient(port);
    client.socket.write(upgradeRequest("/", ...lines));
    const head = await client.until((bytes) => bytes.includes("\r\n\r\n"));
    if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(head.toString("latin1"));
    client.received = client.received.subarray(client.received.indexOf("\r\n\r\n") + 4);
    return client;
  }

  /** Resolves with everything that came, as soon as that is enough. */
  async until(enough: (bytes: Buffer) => boolean): Promise<Buffer> {
    while (!enough(this.received)) {
      if (this.ended || this.socket.destroyed) throw new Error(`ended behind ${this.received.toString("latin1")}`);
      await Promise.race([once(this.socket, "data"), once(this.socket, "end"), once(this.socket, "close")]);
    }
    return this.received;
  }

  /** Resolves with everything that came, when the other side has ended. */
  async end(): Promise<Buffer> {
    while (!this.ended && !this.socket.destroyed)
      await Promise.race([once(this.socket, "end"), once(this.socket, "close")]);
    return this.received;
  }

  async stop(): Promise<void> {
    this.socket.destroy();
  }
}

/** Status, headers (names in lower case) and body of an answer. */
export function parseAnswer(bytes: Buffer): {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
} {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4) };
}
