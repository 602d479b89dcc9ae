import { malformed } from "../malformed.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!;
    text += left > 1 ? alphabet[(group >> 6) & 63]! : "=";
    text += left > 2 ? alphabet[group & 63]! : "=";
  }
  return text;
}

/**
 * The bytes of `encodeBase64`, and of nothing else: padding has to be there and its unused bits 0, white space may not.
 *
 * @throws HawserError `frame-malformed`.
 */
export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  if (text.length % 4 !== 0) malformed("has base64 that is not whole");
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  for (let index = 0; index < text.length; index += 4) {
    const pad = index + 4 === text.length ? padding : 0;
    const group =
      (sextet(text, index) << 18) |
      (sextet(text, index + 1) << 12) |
      (pad === 2 ? 0 : sextet(text, index + 2) << 6) |
      (pad > 0 ? 0 : sextet(text, index + 3));
    if ((pad === 2 && (group & 0xffff) !== 0) || (pad === 1 && (group & 0xff) !== 0))
      malformed("has base64 with bits left over");
    bytes[at++] = group >> 16;
    if (pad < 2) bytes[at++] = (group >> 8) & 0xff;
    if (pad < 1) bytes[at++] = group & 0xff;
  }
  return bytes;
}

function sextet(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code === 0x2b) return 62;
  if (code === 0x2f) return 63;
  malformed("has base64 with a character that is not of it");
}
