/** A generator of numbers from a seed: the same inputs for the same seed, on every machine (mulberry32). */
export class SeededNumbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** Bytes and words at which decoders go wrong: ends of ranges, lengths that promise much, brackets, halves of characters. */
const spicy: readonly Uint8Array[] = [
  [0x00],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x80, 0xa8],
  [0x0a],
  [0x0d],
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  "\\u",
  "\\ud800",
  ",",
  ":",
  "=",
  "-",
  "1e999",
  "null",
  "true",
  "9007199254740993",
  '"__proto__":{},',
  '"type":"batch",',
  '"json":',
  '"messages":[',
  "[".repeat(600),
  '{"a":'.repeat(600),
].map((item) => (typeof item === "string" ? new TextEncoder().encode(item) : Uint8Array.from(item)));

/** `seed` with one to five changes; `other` is what parts may be taken from. */
export function mutate(numbers: SeededNumbers, seed: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = seed;
  for (let left = numbers.pick([1, 1, 1, 1, 2, 2, 5]); left > 0; left--) bytes = change(numbers, bytes, other);
  return bytes;
}

function change(numbers: SeededNumbers, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = numbers.below(bytes.length + 1);
  const until = at + numbers.below(bytes.length - at + 1);
  switch (numbers.below(8)) {
    case 0: {
      const flipped = bytes.slice();
      if (at < flipped.length) flipped[at] = flipped[at]! ^ (1 << numbers.below(8));
      return flipped;
    }
    case 1: {
      const set = bytes.slice();
      if (at < set.length) set[at] = numbers.below(256);
      return set;
    }
    case 2:
      return bytes.slice(0, at);
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(until));
    case 4:
      return joined(bytes.subarray(0, until), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), other.subarray(numbers.below(other.length + 1)));
    case 6: {
      // A length or a number that is one more, or one less.
      const nudged = bytes.slice();
      if (at < nudged.length) nudged[at] = nudged[at]! + (numbers.below(2) === 0 ? 1 : 255);
      return nudged;
    }
    default:
      return joined(bytes.subarray(0, at), numbers.pick(spicy), bytes.subarray(numbers.below(2) === 0 ? at : until));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
