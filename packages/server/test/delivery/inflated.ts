import { constants, inflateRawSync } from "node:zlib";

/** The opcode and the message of a server's frame that is one whole message, read by the letter of RFC 6455 and RFC 7692. */
export function inflated(frame: Uint8Array): { readonly opcode: number; readonly message: Buffer } {
  const view = Buffer.from(frame);
  const short = view[1]!;
  const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : short === 126 ? view.readUInt16BE(2) : Number(view.readBigUInt64BE(2));
  const payload = view.subarray(headerBytes);
  if (payload.length !== length) throw new Error(`a frame of ${length} bytes holds ${payload.length}`);
  if ((view[0]! & 0xb0) !== 0x80) throw new Error("not one whole message");
  const opcode = view[0]! & 0x0f;
  if ((view[0]! & 0x40) === 0) return { opcode, message: payload };
  const whole = Buffer.concat([payload, Uint8Array.of(0, 0, 0xff, 0xff)]);
  return { opcode, message: inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }) };
}
