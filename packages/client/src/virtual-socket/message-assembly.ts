import type { SocketPiece } from "@hawser/protocol";

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** Puts the messages of a stream together from their pieces. */
export class MessageAssembly {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Of the message that is not whole yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns the message that the piece completes: text, or bytes that are the caller's. */
  add({ data, text, last }: SocketPiece): string | ArrayBuffer | undefined {
    this.#parts.push(data);
    this.#bytes += data.length;
    if (!last) return undefined;
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#bytes = 0;
    return text ? decoder.decode(whole) : whole.buffer;
  }
}
