/** One message of the load. */
export interface Message {
  readonly channel: number;
  /** Counts the messages of the channel, from 1. */
  readonly number: number;
}

const numberDigits = 10;
const channelDigits = 5;
const headDigits = numberDigits + channelDigits;

/** The payloads of the load: number and channel in digits, and filling, all of one length and of ASCII. */
export class Payloads {
  readonly bytes: number;
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

  /** The channel of the payload that starts at `start`; `undefined` when too few bytes are there. */
  channelAt(bytes: Uint8Array, start: number, end: number): number | undefined {
    return start + headDigits > end ? undefined : digitsAt(bytes, start + numberDigits, channelDigits);
  }

  /**
   * The message whose payload is `bytes[start..end)`, looked at to its last byte.
   *
   * @throws Error when it is no payload of these.
   */
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
