import type { RawConnection } from "../load/raw-connection.ts";

/** Opens a connection whose data frames go to `onData`. */
export type Dial = (
  path: string,
  subprotocol: string,
  onData: (bytes: Buffer, start: number, end: number) => void,
) => RawConnection;

/** One client that publishes, and reads what is acknowledged. */
export interface PublishingClient {
  /** Sends `count` publishes more, in one write. They are numbered from 1 on. */
  publish(count: number): void;
}

/** Told that the publishes through `number` are acknowledged; each client's come in order. */
export type OnAcknowledged = (number: number) => void;

/** Connects a client: `client` is its number, `payload` what each of its messages holds. */
export type ConnectClient = (
  dial: Dial,
  client: number,
  payload: Buffer,
  onAcknowledged: OnAcknowledged,
) => Promise<PublishingClient>;
