/** The two classes of the platform that the codecs stand on; there is neither DOM nor Node here to declare them. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: "utf-8",
  options: { ignoreBOM: boolean; fatal?: boolean },
) => { decode(bytes: Uint8Array): string };

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The UTF-8 of a string. A lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The string of UTF-8 that `isUtf8` has passed; a byte order mark is kept. What is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The string of UTF-8; a byte order mark is kept. `undefined` for what `isUtf8` does not pass. */
export function strictTextOf(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Whether all of `bytes` is UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * Written out because a payload is checked on every publish, where a decoder would make a string only to drop it.
 */
export function isUtf8(bytes: Uint8Array): boolean {
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const lead = bytes[at++]!;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const second = bytes[at++];
    if (second === undefined || (second & 0xc0) !== 0x80) return false;
    if (lead < 0xe0) continue;
    if (lead === 0xe0 && second < 0xa0) return false;
    if (lead === 0xed && second > 0x9f) return false;
    if (lead === 0xf0 && second < 0x90) return false;
    if (lead === 0xf4 && second > 0x8f) return false;
    if (at >= end || (bytes[at++]! & 0xc0) !== 0x80) return false;
    if (lead < 0xf0) continue;
    if (at >= end || (bytes[at++]! & 0xc0) !== 0x80) return false;
  }
  return true;
}
