import type { FakeSocket, SocketData } from "./fake-socket.ts";

/** A client that is connected and listens, and the messages that its server sends next. */
export interface Receiver {
  readonly socket: FakeSocket;
  /** WebSocket messages that hold `count` application messages, `perMessage` in each where the protocol can. */
  frames(count: number, perMessage: number): SocketData[];
  close(): void;
}

/** Each application message, in order: it must be what the server sent. */
export type OnMessage = (data: Sent) => void;

/** What the application sends. */
export interface Sent {
  readonly number: number;
  readonly from: string;
  readonly text: string;
}

export const channel = "room.7";

/** About 100 bytes of JSON. */
export function sent(number: number): Sent {
  return { number, from: "somebody", text: "What a client makes of a message like this one costs time." };
}
