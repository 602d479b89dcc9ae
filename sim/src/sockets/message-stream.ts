/** One message of a WebSocket. */
export interface SocketMessage {
  readonly text: boolean;
  readonly data: Uint8Array;
}

/** What a message costs beside its bytes: of the specification, not of the code that is looked at. */
const overheadBytes = 32;

/** What was said in one direction of a socket, and how much of it was heard: the same, in order, once. */
export class MessageStream {
  readonly #said: SocketMessage[] = [];
  /** Cost through each message. */
  readonly #ends: number[] = [];
  #heard = 0;

  /** Messages that were said and not heard. */
  get missing(): number {
    return this.#said.length - this.#heard;
  }

  get heard(): number {
    return this.#heard;
  }

  /** Cost of what was said and not heard. */
  get missingCost(): number {
    return this.end - (this.#ends[this.#heard - 1] ?? 0);
  }

  /** Cost of all that was said. */
  get end(): number {
    return this.#ends.at(-1) ?? 0;
  }

  say(text: boolean, data: Uint8Array): void {
    this.#said.push({ text, data: Uint8Array.from(data) });
    this.#ends.push(this.end + data.length + overheadBytes);
  }

  /** A message was heard. @returns what is wrong with it. */
  hear(text: boolean, data: Uint8Array): string | undefined {
    const wanted = this.#said[this.#heard];
    if (wanted === undefined) return `a message of ${data.length} bytes was heard that nobody said`;
    const place = `message ${this.#heard + 1} of ${this.#said.length}`;
    this.#heard += 1;
    if (wanted.text !== text) return `${place} was ${wanted.text ? "text" : "binary"}, and was heard as the other`;
    if (Buffer.compare(wanted.data, data) === 0) return undefined;
    const other = this.#said.findIndex((said) => Buffer.compare(said.data, data) === 0);
    const known = other < 0 ? "which nobody said" : `which is message ${other + 1}`;
    return `${place} has ${wanted.data.length} bytes; heard were ${data.length}, ${known}`;
  }

  /** Whether these bytes were said at this offset of the stream. */
  has(from: number, last: boolean, data: Uint8Array): boolean {
    const index = this.#ends.findIndex((end) => end > from);
    if (index < 0) return false;
    const at = from - (this.#ends[index - 1] ?? 0);
    const said = this.#said[index]!.data;
    const to = at + data.length;
    if (to > said.length || last !== (to === said.length && last)) return false;
    return Buffer.compare(said.subarray(at, to), data) === 0;
  }
}
