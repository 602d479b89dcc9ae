/** Field numbers of `spec/hawser.proto`, with wire type 2 (length) or 0 (varint) in the low three bits. */
const tags = {
  framePublish: (2 << 3) | 2,
  id: 1 << 3,
  channel: (2 << 3) | 2,
  producer: (3 << 3) | 2,
  sequence: 4 << 3,
  previous: 5 << 3,
  payload: (6 << 3) | 2,
  payloadText: (2 << 3) | 2,
} as const;

const headerBytes = 2 + 8 + 4;

/**
 * Writes the publishes of one client as one WebSocket message, as Hawser's client does with those of one turn: only the
 * numbers differ from one to the next, so that the load is not the limit.
 */
export class PublishWriter {
  /** The fields that are the same in every publish. */
  readonly #fields: Buffer;
  #bytes = Buffer.alloc(4096);
  #at = 0;

  constructor(channel: string, producer: Uint8Array, payload: Uint8Array) {
    this.#fields = Buffer.concat([
      field(tags.channel, Buffer.from(channel)),
      field(tags.producer, producer),
      field(tags.payload, field(tags.payloadText, payload)),
    ]);
  }

  /** One masked WebSocket frame with the publishes `first` to `last`, whose ids are their sequences; valid until the next call. */
  write(first: number, last: number): Buffer {
    const most = headerBytes + (last - first + 1) * (this.#fields.length + 40);
    if (most > this.#bytes.length) this.#bytes = Buffer.alloc(2 * most);
    this.#at = headerBytes;
    for (let number = first; number <= last; number += 1) this.#publish(number);
    const size = this.#at - headerBytes;
    const start = size < 126 ? 8 : size < 65_536 ? 6 : 0;
    this.#bytes.fill(0, start, headerBytes);
    this.#bytes[start] = 0x82;
    if (size < 126) this.#bytes[start + 1] = 0x80 | size;
    else if (size < 65_536) {
      this.#bytes[start + 1] = 0x80 | 126;
      this.#bytes.writeUInt16BE(size, start + 2);
    } else {
      this.#bytes[start + 1] = 0x80 | 127;
      this.#bytes.writeUInt32BE(size, start + 6);
    }
    return Buffer.from(this.#bytes.subarray(start, this.#at));
  }

  #publish(number: number): void {
    const size = this.#fields.length + 2 * (1 + varintBytes(number)) + 1 + varintBytes(number - 1);
    this.#varint(1 + varintBytes(size) + size);
    this.#varint(tags.framePublish);
    this.#varint(size);
    this.#varint(tags.id);
    this.#varint(number);
    this.#varint(tags.sequence);
    this.#varint(number);
    this.#varint(tags.previous);
    this.#varint(number - 1);
    this.#bytes.set(this.#fields, this.#at);
    this.#at += this.#fields.length;
  }

  /** Below 2^31. */
  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest >>>= 7) bytes += 1;
  return bytes;
}

function field(tag: number, data: Uint8Array): Buffer {
  const length = data.length < 128 ? [data.length] : [(data.length & 127) | 128, data.length >>> 7];
  return Buffer.concat([Buffer.from([tag, ...length]), data]);
}
