/** What VXLAN (RFC 7348, section 5) and Ethernet put ahead of an IP packet. */
const vxlanBytes = 8;
const ethernetBytes = 14;
const headerBytes = vxlanBytes + ethernetBytes;
const ipv4 = 0x0800;
const tcp = 6;

/** Bytes of the IP packet in a VXLAN datagram. */
export function packetBytes(datagram: Buffer): number {
  return Math.max(0, datagram.length - headerBytes);
}

/**
 * Writes the checksum of TCP (RFC 9293, section 3.1) into the packet, which the kernel leaves to a network card: these
 * packets never meet one.
 */
export function completeChecksum(datagram: Buffer): void {
  if (datagram.length < headerBytes + 40 || datagram.readUInt16BE(headerBytes - 2) !== ipv4) return;
  const ip = headerBytes;
  if (datagram[ip + 9] !== tcp) return;
  const segment = ip + (datagram[ip]! & 15) * 4;
  const end = ip + datagram.readUInt16BE(ip + 2);
  datagram.writeUInt16BE(0, segment + 16);
  // The pseudo header: both addresses, the protocol, the length.
  let sum = tcp + (end - segment) + sumOf(datagram, ip + 12, ip + 20) + sumOf(datagram, segment, end);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  datagram.writeUInt16BE(~sum & 0xffff, segment + 16);
}

function sumOf(bytes: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at + 1 < to; at += 2) sum += bytes.readUInt16BE(at);
  return (to - from) % 2 === 0 ? sum : sum + (bytes[to - 1]! << 8);
}
