/** A frame as RFC 6455, section 5.2, writes it, right or wrong. */
export interface TestFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
  /** RSV1 to RSV3, as one number. Default 0. */
  readonly reserved?: number;
  readonly mask?: Buffer | undefined;
}

/** Unmasked, and a mask that is none of the easy ones. */
export const masks: readonly (Buffer | undefined)[] = [undefined, Buffer.of(0xa5, 0x5a, 0x33, 0xcc)];

export function frame({ opcode, fin, payload, reserved = 0, mask }: TestFrame): Buffer {
  const size = payload.length;
  const length = size < 126 ? Buffer.of(size) : Buffer.alloc(size < 65_536 ? 3 : 9);
  if (length.length === 3) {
    length[0] = 126;
    length.writeUInt16BE(size, 1);
  } else if (length.length === 9) {
    length[0] = 127;
    length.writeBigUInt64BE(BigInt(size), 1);
  }
  const first = Buffer.of((fin ? 0x80 : 0) | (reserved << 4) | opcode);
  if (mask === undefined) return Buffer.concat([first, length, payload]);
  length[0]! |= 0x80;
  return Buffer.concat([first, length, mask, payload.map((byte, index) => byte ^ mask[index & 3]!)]);
}
