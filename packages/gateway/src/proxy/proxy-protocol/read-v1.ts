import { isIPv4, isIPv6 } from "node:net";
import { incomplete, invalid } from "./header.ts";
import type { HeaderReading } from "./header.ts";

/** With its end of line (section 2.1). */
const longestLine = 107;

/** Reads a header of version 1: `PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n`. The bytes begin with `PROXY`. */
export function readV1(bytes: Uint8Array): HeaderReading {
  const text = Buffer.from(bytes.subarray(0, longestLine)).toString("latin1");
  const end = text.indexOf("\r\n");
  if (end === -1) return bytes.length < longestLine ? incomplete : invalid("the line is longer than 107 bytes");
  const [, protocol, source = "", destination = "", sourcePort = "", destinationPort = "", ...more] = text
    .slice(0, end)
    .split(" ");
  // Whatever stands behind UNKNOWN is to be left alone.
  if (protocol === "UNKNOWN") return { kind: "header", bytes: end + 2, peer: undefined };
  if (protocol !== "TCP4" && protocol !== "TCP6") return invalid("the protocol is none of TCP4, TCP6 and UNKNOWN");
  const isAddress = protocol === "TCP4" ? isIPv4 : isIPv6;
  const [from, to] = [portOf(sourcePort), portOf(destinationPort)];
  // No zones: an address of another machine's link means nothing here.
  if (more.length > 0 || ![source, destination].every((one) => isAddress(one) && !one.includes("%")))
    return invalid("the addresses are not of the protocol");
  if (from === undefined || to === undefined) return invalid("a port is not a number from 0 to 65535");
  return {
    kind: "header",
    bytes: end + 2,
    peer: { source: { address: source, port: from }, destination: { address: destination, port: to }, secure: false },
  };
}

function portOf(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}
