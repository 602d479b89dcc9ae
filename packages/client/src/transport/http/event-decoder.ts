import { HawserError } from "@hawser/protocol";

const lineFeed = 0x0a;

/**
 * Reads server-sent events (HTML, section 9.2) as far as an answer of Hawser's has them: events of `data` lines, and
 * comments. Gives back the bytes of frames that were put into them.
 */
export class EventDecoder {
  readonly #base64: boolean;
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  #text = "";
  #data: string[] = [];
  #dataLength = 0;

  /**
   * @param base64 - The data is the bytes of a message as base64; else it is its lines.
   * @param maxBytes - Of one event.
   */
  constructor(base64: boolean, maxBytes: number) {
    this.#base64 = base64;
    this.#maxBytes = maxBytes;
  }

  /**
   * The bytes of the events that end in this chunk, one after the other.
   *
   * @throws HawserError `message-too-large`, `frame-malformed`.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    // A chunk without the end of a line is kept as it is, so that a long line costs no search over and over.
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (this.#text.length + this.#dataLength > this.#maxBytes) {
      throw new HawserError("message-too-large", `An event has at most ${this.#maxBytes} bytes.`);
    }
    if (!chunk.includes(lineFeed)) return [];
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  #line(line: string): Uint8Array[] {
    if (line === "") return this.#dispatch();
    if (line.startsWith("data:")) {
      this.#data.push(line.slice(line[5] === " " ? 6 : 5));
      this.#dataLength += line.length;
    }
    return [];
  }

  #dispatch(): Uint8Array[] {
    const lines = this.#data;
    this.#data = [];
    this.#dataLength = 0;
    if (lines.length === 0) return [];
    return [this.#base64 ? bytesOf(lines.join("")) : new TextEncoder().encode(`${lines.join("\n")}\n`)];
  }
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw new HawserError("frame-malformed", "An event's data is not base64.");
  }
}
