import { incomplete, invalid } from "./header.ts";
import type { HeaderReading, ProxiedPeer, ProxyEndpoint } from "./header.ts";

/** Twelve bytes that no other protocol begins with (section 2.2). */
export const signature: Uint8Array = Uint8Array.of(
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
);

const fixedBytes = 16;
const commands = { local: 0, proxy: 1 } as const;
const families = { unspecified: 0, ipv4: 1, ipv6: 2, unix: 3 } as const;
const addressBytes: Readonly<Record<number, number>> = { 0: 0, 1: 12, 2: 36, 3: 216 };
const stream = 1;
const sslType = 0x20;
const sslClientBit = 1;

/** Reads a header of version 2. The bytes begin with the signature, or with as much of it as there is. */
export function readV2(bytes: Uint8Array, maxBytes: number): HeaderReading {
  if (bytes.length < fixedBytes) return incomplete;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 0x0f;
  const family = bytes[13]! >> 4;
  const transport = bytes[13]! & 0x0f;
  const length = view.getUint16(14);
  const total = fixedBytes + length;
  if (version !== 2) return invalid(`version ${version} is not known`);
  if (command !== commands.local && command !== commands.proxy) return invalid(`command ${command} is not known`);
  const needed = addressBytes[family];
  if (needed === undefined) return invalid(`address family ${family} is not known`);
  if (transport > 2) return invalid(`transport ${transport} is not known`);
  if (total > maxBytes) return invalid(`the header has ${total} bytes, more than ${maxBytes}`);
  if (command === commands.proxy && length < needed) return invalid("the header is too short for its addresses");
  if (bytes.length < total) return incomplete;
  if (command === commands.local) return { kind: "header", bytes: total, peer: undefined };
  const options = readOptions(bytes.subarray(fixedBytes + needed, total));
  if (options === undefined) return invalid("what follows the addresses is cut short");
  const ends = endpoints(view, family, transport);
  const peer: ProxiedPeer | undefined = ends === undefined ? undefined : { ...ends, secure: options.secure };
  return { kind: "header", bytes: total, peer };
}

/** What is neither IPv4 nor IPv6, or no stream, says nothing that could be used. */
function endpoints(
  view: DataView,
  family: number,
  transport: number,
): { readonly source: ProxyEndpoint; readonly destination: ProxyEndpoint } | undefined {
  if (transport !== stream) return undefined;
  if (family === families.ipv4) {
    return {
      source: { address: ipv4(view, 16), port: view.getUint16(24) },
      destination: { address: ipv4(view, 20), port: view.getUint16(26) },
    };
  }
  if (family !== families.ipv6) return undefined;
  return {
    source: { address: ipv6(view, 16), port: view.getUint16(48) },
    destination: { address: ipv6(view, 32), port: view.getUint16(50) },
  };
}

/** Type, length and value in turn (section 2.2.7); of them only whether the client's side is TLS is of use. */
function readOptions(bytes: Uint8Array): { readonly secure: boolean } | undefined {
  let secure = false;
  let index = 0;
  while (index < bytes.length) {
    if (index + 3 > bytes.length) return undefined;
    const type = bytes[index]!;
    const length = bytes[index + 1]! * 256 + bytes[index + 2]!;
    if (index + 3 + length > bytes.length) return undefined;
    if (type === sslType && length >= 1) secure = (bytes[index + 3]! & sslClientBit) !== 0;
    index += 3 + length;
  }
  return { secure };
}

function ipv4(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((index) => view.getUint8(at + index)).join(".");
}

function ipv6(view: DataView, at: number): string {
  const groups = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => view.getUint16(at + 2 * index));
  // An IPv4 address in IPv6's clothes is IPv4 to whoever counts or trusts addresses.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return ipv4(view, at + 12);
  return groups.map((group) => group.toString(16)).join(":");
}
