/** A frame as RFC 6455, section 5.2, writes it, right or wrong; short payloads only. */
export function frame(
  opcode: number,
  payload: string | Buffer = "",
  { fin = true, reserved = 0, mask }: { fin?: boolean; reserved?: number; mask?: Buffer } = {},
): Buffer {
  const bytes = Buffer.from(payload as string);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  if (mask === undefined) return Buffer.concat([Buffer.of(first, bytes.length), bytes]);
  const masked = bytes.map((byte, index) => byte ^ mask[index & 3]!);
  return Buffer.concat([Buffer.of(first, 0x80 | bytes.length), mask, masked]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ""): Buffer {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}
