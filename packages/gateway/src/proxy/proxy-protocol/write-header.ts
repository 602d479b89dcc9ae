import { isIPv4, isIPv6 } from "node:net";
import type { ProxiedPeer, ProxyEndpoint } from "./header.ts";
import { signature } from "./read-v2.ts";

/** A PROXY protocol header; `UNKNOWN` or `LOCAL` where the ends are not both of IPv4 or both of IPv6. */
export function proxyHeader(version: "v1" | "v2", { source, destination }: Omit<ProxiedPeer, "secure">): Buffer {
  const [from, to] = sameFamily(source, destination);
  const family = isIPv4(from.address) && isIPv4(to.address) ? 4 : isIPv6(from.address) && isIPv6(to.address) ? 6 : 0;
  if (version === "v1") {
    const ends = family === 0 ? "UNKNOWN" : `TCP${family} ${from.address} ${to.address} ${from.port} ${to.port}`;
    return Buffer.from(`PROXY ${ends}\r\n`, "latin1");
  }
  // Version 2 with the command PROXY and a stream, or LOCAL.
  const kinds = { 0: [0x20, 0x00], 4: [0x21, 0x11], 6: [0x21, 0x21] } as const;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(from.port, 0);
  ports.writeUInt16BE(to.port, 2);
  const ends = family === 0 ? [] : [octets(from.address), octets(to.address), ports];
  const body = Buffer.concat(ends);
  const length = Buffer.of(body.length >> 8, body.length & 0xff);
  return Buffer.concat([signature, Buffer.from(kinds[family]), length, body]);
}

/** If one end is IPv6, an IPv4 address is written as IPv6 too (`::ffff:192.0.2.1`). */
function sameFamily(source: ProxyEndpoint, destination: ProxyEndpoint): [ProxyEndpoint, ProxyEndpoint] {
  const ends = [plain(source), plain(destination)] as const;
  if (!ends.some(({ address }) => isIPv6(address))) return [...ends];
  const mapped = ({ address, port }: ProxyEndpoint): ProxyEndpoint => ({
    address: isIPv4(address) ? `::ffff:${address}` : address,
    port,
  });
  return [mapped(ends[0]), mapped(ends[1])];
}

/** Without a zone, and IPv4 as IPv4 though it came over an IPv6 socket. */
function plain({ address, port }: ProxyEndpoint): ProxyEndpoint {
  const [bare = ""] = address.split("%");
  return { address: /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare, port };
}

function octets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // An embedded IPv4 address stands for two groups.
  const groups = address.replace(/\d+\.\d+\.\d+\.\d+$/, (tail) => {
    const [a = 0, b = 0, c = 0, d = 0] = tail.split(".").map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = groups.split("::");
  const before = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - before.length - behind.length }, () => "0");
  const bytes = Buffer.alloc(16);
  [...before, ...zeros, ...behind].forEach((group, index) =>
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index),
  );
  return bytes;
}
