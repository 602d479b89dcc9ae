import type { DeliveryMeter } from "./delivery-meter.ts";
import type { RawConnection } from "./raw-connection.ts";

/** Opens a connection whose data frames go to `onData`. */
export type Dial = (
  path: string,
  subprotocol: string,
  onData: (bytes: Buffer, start: number, end: number) => void,
) => RawConnection;

/** How one kind of server is spoken to. */
export interface Dialect {
  /** Subscribes; resolves when the server will send every message from now on. Each is told to `meter`. */
  subscribe(dial: Dial, subscriber: number, meter: DeliveryMeter): Promise<void>;
  publisher(dial: Dial): Promise<Publisher>;
}

export interface Publisher {
  /** Sends a message for each number, in one write. */
  publish(numbers: readonly number[]): void;
}

const digits = 10;

/** The payload of message `number`: its number in ten digits, and filling up to `bytes`. */
export function payloadOf(number: number, bytes: number): string {
  return String(number).padStart(digits, "0").padEnd(bytes, "x");
}

/** The number in the payload that starts at `start`. */
export function numberAt(bytes: Uint8Array, start: number): number {
  let number = 0;
  for (let index = start; index < start + digits; index += 1) number = number * 10 + bytes[index]! - 48;
  return number;
}
