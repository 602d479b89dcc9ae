/**
 * The text as a header's value. Clients of NATS in some languages take nothing but printable ASCII there, and trim it: so
 * what is not, `%`, and a space at either end stand as `%XX`, the bytes of UTF-8 as in a URL.
 */
export function headerValue(text: string): string {
  return plain.test(text) ? text : text.replaceAll(encoded, percentEncoded);
}

/** The text that {@link headerValue} was given; `undefined` when it is none of its values. */
export function textOfHeader(value: string): string | undefined {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** The UTF-8 of a text, each byte as `%XX`. */
export function percentEncoded(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => `%${hex(byte)}`).join("");
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

const plain = /^(?:[!-$&-~](?:[ -$&-~]*[!-$&-~])?)?$/;
const encoded = /[^ -$&-~]+|^ +| +$/gu;
