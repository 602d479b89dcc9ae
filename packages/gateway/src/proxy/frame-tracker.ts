/** The longest header of a frame: two bytes, eight of length, four of mask (RFC 6455, section 5.2). */
const maxHeaderBytes = 14;

const closeOpcode = 8;
const firstControlOpcode = 8;
const finBit = 0x80;
const maskBit = 0x80;

/** What a close frame without a code is called (RFC 6455, section 7.4.1). */
const noCode = 1005;

/**
 * Knows where frames begin and end in one direction of a WebSocket, by their headers alone: payloads are stepped over, never
 * looked at (but for the code of a close frame), and nothing is copied but a header that is cut between two chunks.
 *
 * It judges nothing: reserved bits and opcodes, missing masks and bytes behind a close frame are the peer's to answer. A
 * length that no number holds leaves it `lost`: from there on no boundary is known.
 */
export class FrameTracker {
  /** Frames whose header has come. */
  frames = 0;
  /** Messages (text, binary, reserved data) whose last byte has come. */
  messages = 0;
  /** Of the first close frame that came whole or as far as its code; 1005: it has none. */
  closeCode: number | undefined;

  /** Bytes of the frame that are still to come, when its header has come. */
  #left = 0;
  /** The header, or the begin of a close frame, as far as it has come. */
  readonly #held = new Uint8Array(maxHeaderBytes + 2);
  readonly #onClose: () => void;
  #heldBytes = 0;
  /** The frame under way is the last one of a message. */
  #endsMessage = false;
  #lost = false;

  /** @param onClose - The first close frame has come, as far as its code. */
  constructor(onClose: () => void = () => {}) {
    this.#onClose = onClose;
  }

  /** Between two frames: here a frame of another's making may be put. */
  get atBoundary(): boolean {
    return this.#left === 0 && this.#heldBytes === 0 && !this.#lost;
  }

  /** A frame was so long that its end cannot be known. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Takes the next bytes. */
  read(chunk: Uint8Array): void {
    const length = chunk.length;
    let index = 0;
    for (;;) {
      if (this.#left > 0) {
        const rest = length - index;
        if (this.#left > rest) {
          this.#left -= rest;
          return;
        }
        index += this.#left;
        this.#left = 0;
        this.#ended();
      }
      if (index >= length || this.#lost) return;
      index = this.#header(chunk, index);
    }
  }

  /**
   * Takes the next bytes up to the first boundary between frames; the bytes behind it are not taken.
   *
   * @returns How many bytes were taken. Whether that is a boundary, {@link atBoundary} says.
   */
  readToBoundary(chunk: Uint8Array): number {
    const length = chunk.length;
    let index = 0;
    while (index < length && !this.#lost) {
      if (this.atBoundary && index > 0) return index;
      if (this.#left > 0) {
        const step = Math.min(this.#left, length - index);
        this.read(chunk.subarray(index, index + step));
        index += step;
      } else {
        index = this.#header(chunk, index);
      }
    }
    return length;
  }

  /** Reads as much of a header as there is; returns the index behind what was read. */
  #header(chunk: Uint8Array, index: number): number {
    if (this.#heldBytes === 0) {
      const size = headerSize(chunk, index, chunk.length - index);
      if (size !== 0) {
        this.#begin(chunk, index, size);
        return index + size;
      }
    }
    // Cut between chunks, which is seldom: byte by byte.
    let at = index;
    while (at < chunk.length) {
      this.#held[this.#heldBytes] = chunk[at]!;
      this.#heldBytes += 1;
      at += 1;
      const size = headerSize(this.#held, 0, this.#heldBytes);
      if (size === 0) continue;
      this.#heldBytes = 0;
      this.#begin(this.#held, 0, size);
      return at;
    }
    return at;
  }

  /** A header of `size` bytes, with the code behind it if it is that of a close frame, stands at `index`. */
  #begin(bytes: Uint8Array, index: number, size: number): void {
    const first = bytes[index]!;
    const second = bytes[index + 1]!;
    const masked = (second & maskBit) !== 0;
    const opcode = first & 0x0f;
    this.frames += 1;
    this.#endsMessage = opcode < firstControlOpcode && (first & finBit) !== 0;
    let payload = second & 0x7f;
    let header = 2;
    if (payload === 126) {
      payload = bytes[index + 2]! * 256 + bytes[index + 3]!;
      header = 4;
    } else if (payload === 127) {
      payload = uint64(bytes, index + 2);
      header = 10;
    }
    if (payload > Number.MAX_SAFE_INTEGER) {
      this.#lost = true;
      return;
    }
    if (masked) header += 4;
    if (opcode === closeOpcode && this.closeCode === undefined) {
      this.closeCode = payload < 2 ? noCode : codeAt(bytes, index + header, masked);
      this.#onClose();
    }
    this.#left = payload - (size - header);
    if (this.#left === 0) this.#ended();
  }

  #ended(): void {
    if (this.#endsMessage) this.messages += 1;
    this.#endsMessage = false;
  }
}

/** How many bytes a header (of a close frame: with its code) has; 0: that cannot be said yet, or they are not all there. */
function headerSize(bytes: Uint8Array, index: number, available: number): number {
  if (available < 2) return 0;
  const second = bytes[index + 1]!;
  const length = second & 0x7f;
  let size = length < 126 ? 2 : length === 126 ? 4 : 10;
  if ((second & maskBit) !== 0) size += 4;
  if ((bytes[index]! & 0x0f) === closeOpcode && closeHasCode(bytes, index, available, length)) size += 2;
  return available < size ? 0 : size;
}

/** Whether the payload of a close frame has the two bytes of a code. False while its length is not there: no size is enough then. */
function closeHasCode(bytes: Uint8Array, index: number, available: number, length: number): boolean {
  if (length < 126) return length >= 2;
  // Against RFC 6455, section 5.5, but it passes.
  if (length === 126) return available >= 4 && bytes[index + 2]! * 256 + bytes[index + 3]! >= 2;
  return available >= 10 && uint64(bytes, index + 2) >= 2;
}

function codeAt(bytes: Uint8Array, index: number, masked: boolean): number {
  const key = masked ? bytes[index - 4]! * 256 + bytes[index - 3]! : 0;
  return (bytes[index]! * 256 + bytes[index + 1]!) ^ key;
}

/** Exact as far as numbers are; above that it is only large. */
function uint64(bytes: Uint8Array, index: number): number {
  let value = 0;
  for (let at = index; at < index + 8; at += 1) value = value * 256 + bytes[at]!;
  return value;
}
