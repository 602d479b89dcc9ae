import { FakeSocket } from "./fake-socket.ts";
import { sent } from "./receiver.ts";
import type { OnMessage, Receiver, Sent } from "./receiver.ts";

/** What of Socket.IO's client is used: the file that Socket.IO's server comes with, as it is served to browsers. */
export type SocketIo = (
  url: string,
  options: { readonly transports: readonly string[]; readonly forceNew: boolean },
) => {
  on(event: "connect", listener: () => void): void;
  on(event: "message", listener: (message: Sent) => void): void;
  disconnect(): void;
};

/** Socket.IO's client over WebSocket alone. It takes the global `WebSocket`. */
export async function socketIoReceiver(io: SocketIo, onMessage: OnMessage): Promise<Receiver> {
  let socket: FakeSocket | undefined;
  FakeSocket.onMade = (made) => {
    socket = made;
    const hello = { sid: "s", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 };
    setTimeout(() => made.receive(`0${JSON.stringify(hello)}`), 10);
  };
  FakeSocket.answer = (data, to) => {
    if (data === "40") setTimeout(() => to.receive('40{"sid":"c"}'), 0);
  };
  const client = io("http://server", { transports: ["websocket"], forceNew: true });
  client.on("message", onMessage);
  await new Promise<void>((resolve) => client.on("connect", resolve));
  let next = 1;
  return {
    socket: socket!,
    frames(count) {
      const frames: string[] = [];
      for (const end = next + count; next < end; next += 1) frames.push(`42["message",${JSON.stringify(sent(next))}]`);
      return frames;
    },
    close: () => client.disconnect(),
  };
}
