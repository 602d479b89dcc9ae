import type { TwinReader } from "./frame-reader.ts";
import type { Message } from "./payload.ts";
import type { RawConnection } from "./raw-connection.ts";
import type { Subscriber } from "./subscriber.ts";

/** Takes one data frame: `bytes[start..end)` is its payload, `frame` all of it as it came. Valid only during the call. */
export type OnData = (bytes: Buffer, start: number, end: number, frame: Buffer) => void;

/** Opens a connection whose data frames go to `onData`, but for those that `twins` takes. */
export type Dial = (path: string, subprotocol: string, onData: OnData, twins?: TwinReader) => RawConnection;

/** How one kind of server is spoken to. */
export interface Dialect {
  /** Subscribes; resolves when the server will send every message from now on. Each is told to `subscriber`. */
  subscribe(dial: Dial, subscriber: Subscriber): Promise<void>;
  publisher(dial: Dial): Promise<Publisher>;
}

export interface Publisher {
  /** Sends the messages in one write. */
  publish(messages: readonly Message[]): void;
}
