import { describe, expect, it } from "vitest";
import { completeChecksum, packetBytes } from "../../src/lanes/packet.ts";

/** A VXLAN datagram around a TCP segment of 10.0.0.1:1 to 10.0.0.2:2, with its checksum left out. */
function datagramOf(payload: string, protocol = 6): Buffer {
  const header = Buffer.alloc(22);
  header.writeUInt16BE(0x0800, 20);
  const ip = Buffer.from("450000000000400040060000" + "0a000001" + "0a000002", "hex");
  const data = Buffer.from(payload);
  ip.writeUInt16BE(40 + data.length, 2);
  ip[9] = protocol;
  const segment = Buffer.from("00010002000000000000000050100400abcd0000", "hex");
  return Buffer.concat([header, ip, segment, data]);
}

describe("a packet in a datagram", () => {
  it("is given the checksum that the kernel left out", () => {
    const even = datagramOf("hello!");
    completeChecksum(even);
    // Worked out apart from this: 0a00 0001 0a00 0002 0006 001a, 0001 0002 5010 0400 and 6865 6c6c 6f21, folded and inverted.
    expect(even.readUInt16BE(22 + 20 + 16)).toBe(0x53d6);
    const odd = datagramOf("hello");
    completeChecksum(odd);
    expect(odd.readUInt16BE(22 + 20 + 16)).toBe(0x53f8);
  });

  it("is left alone when it is not TCP", () => {
    const datagram = datagramOf("hello", 17);
    const before = Buffer.from(datagram);
    completeChecksum(datagram);
    expect(datagram.equals(before)).toBe(true);
  });

  it("has the length of its IP packet", () => {
    expect(packetBytes(datagramOf("hello"))).toBe(45);
  });
});
