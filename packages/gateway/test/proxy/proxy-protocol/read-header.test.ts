import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readProxyHeader } from "../../../src/proxy/proxy-protocol/read-header.ts";
import { signature } from "../../../src/proxy/proxy-protocol/read-v2.ts";
import { proxyHeader } from "../../../src/proxy/proxy-protocol/write-header.ts";

const maxBytes = 4_096;

function read(bytes: string | Uint8Array): ReturnType<typeof readProxyHeader> {
  return readProxyHeader(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, maxBytes);
}

/** A header of version 2. */
function v2(command: number, family: number, body: readonly number[], length = body.length): Buffer {
  return Buffer.concat([signature, Buffer.of(command, family, length >> 8, length & 0xff, ...body)]);
}

const ipv4Body = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb];
const ipv4Peer = {
  source: { address: "192.0.2.1", port: 56_324 },
  destination: { address: "198.51.100.7", port: 443 },
};

describe("a PROXY protocol header of version 1", () => {
  it("says both ends of IPv4 and IPv6", () => {
    const line = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    expect(read(`${line}GET /`)).toEqual({ kind: "header", bytes: line.length, peer: { ...ipv4Peer, secure: false } });
    expect(read("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n")).toMatchObject({
      peer: { source: { address: "2001:db8::1", port: 1 }, destination: { address: "::1", port: 65_535 } },
    });
  });

  it("of UNKNOWN leaves the socket's own ends, whatever stands behind it", () => {
    for (const line of ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 nonsense 0 0\r\n"])
      expect(read(line)).toEqual({ kind: "header", bytes: line.length, peer: undefined });
  });

  it("is incomplete at every cut", () => {
    const line = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    for (let cut = 0; cut < line.length; cut += 1) expect(read(line.slice(0, cut)).kind).toBe("incomplete");
  });

  it("may have 107 bytes, and not 108", () => {
    const longest = `PROXY UNKNOWN ${"x".repeat(91)}\r\n`;
    expect(longest).toHaveLength(107);
    expect(read(longest).kind).toBe("header");
    expect(read(longest.slice(0, 106)).kind).toBe("incomplete");
    expect(read(`PROXY UNKNOWN ${"x".repeat(92)}\r\n`).kind).toBe("invalid");
  });

  it.each([
    "GET / HTTP/1.1\r\n",
    "PROXY\r\n",
    "PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.7 1 65536\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.7 -1 2\r\n",
    "PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n",
    "PROXY TCP4 ::1 ::1 1 2\r\n",
    "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
    "proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
  ])("%j is invalid", (line) => {
    expect(read(line).kind).toBe("invalid");
  });
});

describe("a PROXY protocol header of version 2", () => {
  it("says both ends of IPv4 and IPv6", () => {
    expect(read(v2(0x21, 0x11, ipv4Body))).toEqual({ kind: "header", bytes: 28, peer: { ...ipv4Peer, secure: false } });
    const one = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1];
    expect(read(v2(0x21, 0x21, [...one, ...mapped, 0, 1, 0, 2]))).toMatchObject({
      peer: { source: { address: "2001:db8:0:0:0:0:0:1", port: 1 }, destination: { address: "192.0.2.1", port: 2 } },
    });
  });

  it("of LOCAL, of UNIX sockets, of datagrams and of no family leaves the socket's own ends", () => {
    for (const bytes of [
      v2(0x20, 0x00, []),
      v2(0x20, 0x11, ipv4Body),
      v2(0x21, 0x12, ipv4Body),
      v2(0x21, 0x00, []),
      v2(
        0x21,
        0x31,
        Array.from({ length: 216 }, () => 0),
      ),
    ])
      expect(read(bytes)).toEqual({ kind: "header", bytes: bytes.length, peer: undefined });
  });

  it("says whether the client's side is TLS, among other options", () => {
    const ssl = (client: number): number[] => [0x04, 0, 2, 9, 9, 0x20, 0, 5, client, 0, 0, 0, 0];
    expect(read(v2(0x21, 0x11, [...ipv4Body, ...ssl(1)]))).toMatchObject({ peer: { secure: true } });
    expect(read(v2(0x21, 0x11, [...ipv4Body, ...ssl(2)]))).toMatchObject({ peer: { secure: false } });
  });

  it("is incomplete at every cut", () => {
    const bytes = v2(0x21, 0x11, [...ipv4Body, 0x04, 0, 1, 7]);
    for (let cut = 0; cut < bytes.length; cut += 1) expect(read(bytes.subarray(0, cut)).kind).toBe("incomplete");
    expect(read(bytes).kind).toBe("header");
  });

  it("may have as many bytes as the limit, and not one more", () => {
    const padding = (bytes: number): number[] => [
      0x04,
      (bytes - 3) >> 8,
      (bytes - 3) & 0xff,
      ...Array.from({ length: bytes - 3 }, () => 0),
    ];
    expect(read(v2(0x21, 0x11, [...ipv4Body, ...padding(maxBytes - 28)])).kind).toBe("header");
    // It is known at once, before its bytes have come.
    expect(read(v2(0x21, 0x11, [], maxBytes - 16 + 1)).kind).toBe("invalid");
  });

  it.each([
    ["another version", v2(0x11, 0x11, ipv4Body)],
    ["another command", v2(0x22, 0x11, ipv4Body)],
    ["another family", v2(0x21, 0x41, ipv4Body)],
    ["another transport", v2(0x21, 0x13, ipv4Body)],
    ["too short for its addresses", v2(0x21, 0x21, ipv4Body)],
    ["an option that is cut", v2(0x21, 0x11, [...ipv4Body, 4, 0, 9, 1])],
    ["an option's header that is cut", v2(0x21, 0x11, [...ipv4Body, 4, 0])],
  ])("with %s is invalid", (_, bytes) => {
    expect(read(bytes).kind).toBe("invalid");
  });
});

describe("any bytes", () => {
  it("are read without an error, and what is incomplete stays within the limit", () => {
    const start = fc.constantFrom(Buffer.alloc(0), Buffer.from("PROXY "), Buffer.from(signature), v2(0x21, 0x11, []));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (before, behind) => {
        const bytes = Buffer.concat([before, behind]);
        const reading = readProxyHeader(bytes, 200);
        if (reading.kind === "header") expect(reading.bytes).toBeLessThanOrEqual(bytes.length);
        if (reading.kind === "incomplete") expect(bytes.length).toBeLessThan(200);
      }),
      { numRuns: 2_000 },
    );
  });

  it("that the proxy writes are read as the same ends", () => {
    const port = fc.integer({ min: 0, max: 65_535 });
    const ends = fc.record({ address: fc.oneof(fc.ipV4(), fc.ipV6()), port });
    fc.assert(
      fc.property(ends, ends, fc.constantFrom("v1" as const, "v2" as const), (source, destination, version) => {
        const reading = read(proxyHeader(version, { source, destination }));
        if (reading.kind !== "header" || reading.peer === undefined) throw new Error(reading.kind);
        expect(same(reading.peer.source.address)).toBe(same(source.address));
        expect(same(reading.peer.destination.address)).toBe(same(destination.address));
        expect([reading.peer.source.port, reading.peer.destination.port]).toEqual([source.port, destination.port]);
      }),
    );
  });

  it("of a sender without an address are UNKNOWN and LOCAL", () => {
    const ends = { source: { address: "", port: 0 }, destination: { address: "127.0.0.1", port: 1 } };
    expect(proxyHeader("v1", ends).toString()).toBe("PROXY UNKNOWN\r\n");
    expect(read(proxyHeader("v2", ends))).toEqual({ kind: "header", bytes: 16, peer: undefined });
  });
});

/** One spelling for each address; IPv4 in IPv6's clothes is IPv4. */
function same(address: string): string {
  if (!address.includes(":")) return address;
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(plain);
  if (mapped === null) return plain;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}
