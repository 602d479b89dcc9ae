/** One message of the load. */
export interface Message {
  readonly channel: number;
  /** Counts the messages of the channel, from 1. */
  readonly number: number;
}

/** What the load publishes, and knows again. All payloads have one length, and are of ASCII. */
export interface Payloads {
  readonly bytes: number;
  /** What stands on either side of one inside JSON text. */
  readonly quote: string;
  of(message: Message): string;
  /** The channel of the payload that starts at `start`; `undefined` when too few bytes are there. */
  channelAt(bytes: Uint8Array, start: number, end: number): number | undefined;
  /**
   * The message whose payload is `bytes[start..end)`, looked at to its last byte.
   *
   * @throws Error when it is no payload of these.
   */
  read(bytes: Buffer, start: number, end: number): Message;
}

const numberDigits = 10;
const channelDigits = 5;
const headDigits = numberDigits + channelDigits;

/** Number and channel in digits, and filling. */
export class PlainPayloads implements Payloads {
  readonly bytes: number;
  readonly quote = `"`;
  readonly #filling: Buffer;

  constructor(bytes: number) {
    if (bytes < headDigits) throw new Error(`a payload has at least ${headDigits} bytes`);
    this.bytes = bytes;
    this.#filling = Buffer.alloc(bytes - headDigits, "x");
  }

  of({ channel, number }: Message): string {
    const head = String(number).padStart(numberDigits, "0") + String(channel).padStart(channelDigits, "0");
    return head.padEnd(this.bytes, "x");
  }

  channelAt(bytes: Uint8Array, start: number, end: number): number | undefined {
    return start + headDigits > end ? undefined : digitsAt(bytes, start + numberDigits, channelDigits);
  }

  read(bytes: Buffer, start: number, end: number): Message {
    const filled = start + headDigits;
    if (end - start !== this.bytes || this.#filling.compare(bytes, filled, end) !== 0) {
      throw new Error(`not a payload of the load: ${bytes.toString("latin1", start, end)}`);
    }
    return {
      number: digitsAt(bytes, start, numberDigits),
      channel: digitsAt(bytes, start + numberDigits, channelDigits),
    };
  }
}

function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let number = 0;
  for (let index = start; index < start + count; index += 1) number = number * 10 + bytes[index]! - 48;
  return number;
}
