import { connect } from "node:net";
import { clientFrame } from "../load/frame-reader.ts";
import type { EchoPath } from "./echo-load.ts";

/** What all connections read into: of what comes only the length counts. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** A WebSocket of its own, on a bare socket that costs the load as little as can be. */
export function plainPath(port: number, payloadBytes: number): Promise<EchoPath> {
  const frame = clientFrame("binary", Buffer.alloc(payloadBytes, 7));
  // It comes back without its mask.
  const echoBytes = frame.length - 4;
  return new Promise((resolve, reject) => {
    let head: string | undefined = "";
    let left = 0;
    let closed = false;
    const socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (size) => {
          if (head === undefined) {
            left -= size;
            if (left < 0) throw new Error("more came back than was sent");
            if (left === 0) path.onEcho();
            return true;
          }
          head += readBuffer.toString("latin1", 0, size);
          if (!head.endsWith("\r\n\r\n")) return true;
          if (!head.startsWith("HTTP/1.1 101 ")) reject(new Error(`handshake refused: ${head}`));
          head = undefined;
          resolve(path);
          return true;
        },
      },
    });
    const path: EchoPath = {
      send: () => {
        left = echoBytes;
        socket.write(frame);
      },
      onEcho: () => {},
      close: () => {
        closed = true;
        socket.destroy();
      },
    };
    socket.on("error", reject);
    socket.on("close", () => {
      if (closed) return;
      console.error("a connection was lost");
      process.exit(1);
    });
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
    );
  });
}
