import { createHash } from "node:crypto";
import type { Socket } from "node:net";

/** A target on a bare socket that has read a handshake. */
export interface Handshaken {
  readonly socket: Socket;
  /** The request as it came. */
  readonly request: string;
  /** Everything that came behind it. */
  received(): Buffer;
  /** Answers with 101, and these header lines added. */
  accept(...lines: readonly string[]): void;
}

/** Reads the handshake of a connection, and hands it on. */
export function handshakes(onHandshake: (handshaken: Handshaken) => void): (socket: Socket) => void {
  return (socket) => {
    let bytes = Buffer.alloc(0);
    let request: string | undefined;
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (request !== undefined || !bytes.includes("\r\n\r\n")) return;
      const end = bytes.indexOf("\r\n\r\n") + 4;
      request = bytes.subarray(0, end).toString("latin1");
      bytes = bytes.subarray(end);
      const key = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      onHandshake({
        socket,
        request,
        received: () => bytes,
        accept: (...lines) =>
          void socket.write(
            [
              "HTTP/1.1 101 Switching Protocols",
              "Upgrade: websocket",
              "Connection: Upgrade",
              `Sec-WebSocket-Accept: ${accept}`,
              ...lines,
              "",
              "",
            ].join("\r\n"),
          ),
      });
    });
  };
}
