import { malformed } from "../malformed.ts";

/** JSON may be nested this deep at most (WIRE-6), so that no subscriber's parser overflows its stack. */
export const maxJsonDepth = 512;

const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
/** Two above the opening one, as with brackets. */
const closeBrace = 0x7d;

/** The first offset at or behind `at` that is not white space of JSON. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  for (;;) {
    const byte = bytes[at]!;
    if (byte > space || (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    at++;
  }
}

/** The offset behind the string whose opening quote is at `at`. */
function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at++] !== quote) malformed("lacks a string where JSON needs one");
  for (;;) {
    const byte = bytes[at++]!;
    // Most bytes are letters: one comparison. Behind the end there is `undefined`, which no comparison takes.
    if (byte > backslash) continue;
    if (byte === quote) return at;
    if (byte === backslash) at = skipEscape(bytes, at);
    else if (!(byte >= space)) malformed("has a JSON string that does not end");
  }
}

function skipEscape(bytes: Uint8Array, at: number): number {
  switch (bytes[at++]) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at;
    case 0x75: // u
      for (const end = at + 4; at < end; at++) {
        if (!isHexDigit(bytes[at])) malformed("has a JSON string with an escape that is none");
      }
      return at;
    default:
      malformed("has a JSON string with an escape that is none");
  }
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | 0x20;
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x66);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte <= 0x39 && byte >= 0x30;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at])) malformed("has a JSON value that is none");
  while (isDigit(bytes[at])) at++;
  return at;
}

function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x2d) at++; // -
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at);
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1); // .
  if ((bytes[at]! | 0x20) === 0x65) {
    at++; // e or E
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
    at = skipDigits(bytes, at);
  }
  return at;
}

function skipWord(bytes: Uint8Array, at: number, word: string): number {
  for (let i = 0; i < word.length; i++)
    if (bytes[at + i] !== word.charCodeAt(i)) malformed("has a JSON value that is none");
  return at + word.length;
}

/** The offset of the value behind the name that starts at `at`. */
function skipName(bytes: Uint8Array, at: number): number {
  at = skipSpace(bytes, skipString(bytes, at));
  if (bytes[at] !== 0x3a) malformed("lacks a colon in a JSON object");
  return skipSpace(bytes, at + 1);
}

/**
 * The offset behind the JSON value that starts at `at`: proves it by the grammar of RFC 8259, without making it. It
 * works with a list of what is open in place of recursion, so that no input overflows the stack. UTF-8 is not checked.
 *
 * @throws HawserError `frame-malformed` when there is no value, or one nested deeper than `maxDepth`.
 */
export function skipValue(bytes: Uint8Array, at: number, maxDepth = maxJsonDepth): number {
  /** The byte that closes the innermost container that is open; 0: none is. */
  let close = 0;
  /** The same of those around it. */
  const outer: number[] = [];
  for (;;) {
    const first = bytes[at]!;
    switch (first) {
      case 0x7b: // {
      case openBracket:
        if (outer.length >= maxDepth) malformed(`has JSON that is nested deeper than ${maxDepth}`);
        at = skipSpace(bytes, at + 1);
        if (bytes[at] === first + 2) {
          at++;
          break;
        }
        outer.push(close);
        close = first + 2;
        if (close === closeBrace) at = skipName(bytes, at);
        continue;
      case quote:
        at = skipString(bytes, at);
        break;
      case 0x74:
        at = skipWord(bytes, at, "true");
        break;
      case 0x66:
        at = skipWord(bytes, at, "false");
        break;
      case 0x6e:
        at = skipWord(bytes, at, "null");
        break;
      default:
        at = skipNumber(bytes, at);
    }
    // A value is complete: close what closes behind it.
    for (;;) {
      if (close === 0) return at;
      at = skipSpace(bytes, at);
      const next = bytes[at++];
      if (next === comma) {
        at = skipSpace(bytes, at);
        if (close === closeBrace) at = skipName(bytes, at);
        break;
      }
      if (next !== close) malformed("has a JSON object or array that does not end");
      close = outer.pop()!;
    }
  }
}

/** Throws `frame-malformed` unless the whole of `bytes` is one JSON text with white space around it. */
export function checkJson(bytes: Uint8Array): void {
  const end = skipSpace(bytes, skipValue(bytes, skipSpace(bytes, 0)));
  if (end !== bytes.length) malformed("has something behind a JSON value");
}

/**
 * Walks the object that starts at `at`. `visit` gets the span of each member's name, with its quotes, and where its
 * value starts; it answers where the value ends. Returns the offset behind the object.
 */
export function scanObject(
  bytes: Uint8Array,
  at: number,
  visit: (nameStart: number, nameEnd: number, valueStart: number) => number,
): number {
  return scanList(bytes, at, 0x7b, (start) => {
    const nameEnd = skipString(bytes, start);
    return visit(start, nameEnd, skipName(bytes, start));
  });
}

/** Walks the array that starts at `at`, as `scanObject` does. */
export function scanArray(bytes: Uint8Array, at: number, visit: (valueStart: number) => number): number {
  return scanList(bytes, at, openBracket, visit);
}

function scanList(bytes: Uint8Array, at: number, open: number, visit: (start: number) => number): number {
  if (bytes[at] !== open) malformed(open === 0x7b ? "lacks a JSON object" : "lacks a JSON array");
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === open + 2) return at + 1;
  for (;;) {
    at = skipSpace(bytes, visit(at));
    const next = bytes[at++];
    if (next === open + 2) return at;
    if (next !== comma) malformed("has a JSON object or array that does not end");
    at = skipSpace(bytes, at);
  }
}
