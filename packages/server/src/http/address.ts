import { BlockList, isIP } from "node:net";
import { HawserError } from "@hawser/protocol";

/** The client's address: that of the socket, or what proxies that are trusted say. */
export type AddressOf = (remoteAddress: string, forwardedFor: string | undefined) => string;

/** No chain of proxies is longer, and a header of thousands of addresses must cost nothing. */
const maxHops = 32;

/**
 * @param trustProxy - Addresses and ranges (`10.0.0.0/8`, `fd00::/8`) of the proxies in front. From the right, the
 *   addresses of `X-Forwarded-For` that these wrote are believed; the first that is none of them is the client's. Empty:
 *   the header, which anybody can send, is not looked at.
 * @throws HawserError `option-invalid` for something that is neither an address nor a range.
 */
export function addressOf(trustProxy: readonly string[]): AddressOf {
  if (trustProxy.length === 0) return (remoteAddress) => plainAddress(remoteAddress);
  const isProxy = addressRanges(trustProxy, "trustProxy");
  return (remoteAddress, forwardedFor) => {
    let address = plainAddress(remoteAddress);
    const chain = (forwardedFor ?? "").split(",").slice(-maxHops);
    while (isProxy(address)) {
      const before = plainAddress((chain.pop() ?? "").trim());
      if (isIP(before) === 0) return address;
      address = before;
    }
    return address;
  };
}

/**
 * Whether an address, as a socket gives it, lies in one of these ranges.
 *
 * @param option - The name of the option that they are from, for the error.
 * @throws HawserError `option-invalid` for something that is neither an address nor a range.
 */
export function addressRanges(ranges: readonly string[], option: string): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range, option);
  return (address) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? "ipv6" : "ipv4");
  };
}

/**
 * What counts as one address for a limit: an IPv4 address, and of IPv6 the /64, since whoever has one address there has
 * 2^64 of them (RFC 6177).
 */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = withoutZone(address).split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  // An embedded IPv4 address at the end stands for two groups.
  const lastCount = last.length + (last.at(-1)?.includes(".") === true ? 1 : 0);
  const zeros: string[] =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - lastCount) }, () => "0");
  const all = [...groups, ...zeros, ...last];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** IPv4 that came over an IPv6 socket is IPv4. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? withoutZone(address);
}

function withoutZone(address: string): string {
  return address.split("%")[0] ?? address;
}

function addRange(list: BlockList, range: string, option: string): void {
  const [address = "", bits] = range.split("/");
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most || bits === "") {
    throw new HawserError(
      "option-invalid",
      `${option}: ${JSON.stringify(range)} is neither an address nor a range such as 10.0.0.0/8.`,
    );
  }
  list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
}
