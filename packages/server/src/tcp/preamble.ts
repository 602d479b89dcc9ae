import type { Peer } from "../transport/transport.ts";

/** What the first bytes of a connection say so far. */
export type Preamble =
  | { readonly kind: "incomplete" }
  /** `length` bytes were the preamble; what is behind them are frames. */
  | { readonly kind: "named"; readonly subprotocol: Peer["subprotocol"]; readonly length: number }
  | { readonly kind: "refused" };

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const names = (["hawser.v1", "hawser.v1.json"] as const).map((name) => ({ name, bytes: Buffer.from(name, "latin1") }));

/**
 * Reads the line that begins a TCP connection (TCP-1). It is refused with the first byte that cannot belong to it, so that
 * what was meant for another protocol is not waited for.
 */
export function readPreamble(bytes: Uint8Array): Preamble {
  const feed = bytes.indexOf(lineFeed);
  const end = feed === -1 ? bytes.length : feed;
  const returned = end > 0 && bytes[end - 1] === carriageReturn;
  const line = bytes.subarray(0, returned ? end - 1 : end);
  if (feed !== -1) {
    const found = names.find((known) => known.bytes.equals(line));
    return found === undefined ? refused : { kind: "named", subprotocol: found.name, length: feed + 1 };
  }
  const possible = names.some((known) =>
    returned ? known.bytes.equals(line) : known.bytes.subarray(0, line.length).equals(line),
  );
  return possible ? { kind: "incomplete" } : refused;
}

const refused: Preamble = { kind: "refused" };
