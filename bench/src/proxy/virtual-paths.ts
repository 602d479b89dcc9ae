import { createClient, openSocket, webSocketConnector } from "@hawser/client";
import type { Client } from "@hawser/client";
import { WebSocket } from "ws";
import type { EchoPath } from "./echo-load.ts";

/** One client, over two connections. */
export function clientOf(port: number): Client {
  return createClient({
    url: `ws://127.0.0.1:${port}/hawser`,
    connections: 2,
    connector: webSocketConnector({ WebSocket }),
  });
}

/**
 * Virtual sockets of a client; to close one closes the client.
 *
 * @param upstreamOf - By their order. Default: all go to `echo`.
 */
export async function virtualPaths(
  client: Client,
  count: number,
  payloadBytes: number,
  upstreamOf: (index: number) => string = () => "echo",
): Promise<readonly EchoPath[]> {
  const message = Buffer.alloc(payloadBytes, 7);
  const paths = Array.from({ length: count }, async (_, index) => {
    const socket = openSocket(client, upstreamOf(index));
    socket.binaryType = "arraybuffer";
    const path: EchoPath = {
      send: () => socket.send(message),
      onEcho: () => {},
      close: () => {
        socket.onclose = null;
        socket.close();
        void client.close();
      },
    };
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = ({ error }) => reject(error ?? new Error("a virtual socket could not be opened"));
    });
    socket.onmessage = ({ data }) => {
      if ((data as ArrayBuffer).byteLength !== payloadBytes) throw new Error("another message came back");
      path.onEcho();
    };
    socket.onclose = ({ code }) => {
      console.error(`a virtual socket was lost: ${code}`);
      process.exit(1);
    };
    return path;
  });
  return Promise.all(paths);
}
