import { createClient, openSocket, webSocketConnector } from "@hawser/client";
import { WebSocket } from "ws";
import type { EchoPath } from "./echo-load.ts";

/** Virtual sockets of one client, over two connections. */
export async function virtualPaths(port: number, count: number, payloadBytes: number): Promise<readonly EchoPath[]> {
  const client = createClient({
    url: `ws://127.0.0.1:${port}/hawser`,
    connections: 2,
    connector: webSocketConnector({ WebSocket }),
  });
  const message = Buffer.alloc(payloadBytes, 7);
  const paths = Array.from({ length: count }, async () => {
    const socket = openSocket(client, "echo");
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
