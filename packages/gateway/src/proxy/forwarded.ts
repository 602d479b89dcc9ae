import { isIPv6 } from "node:net";
import { addressOf, addressRanges } from "@hawser/server";

/** Where a client's connection comes from: its socket, or what a PROXY protocol header said of it. */
export interface ClientPeer {
  readonly address: string;
  readonly port: number;
  /** The client's side is TLS. */
  readonly secure: boolean;
}

/** What is known of whence a handshake came, proxies in front that are trusted taken into account. */
export interface ClientOrigin {
  /** The client's own address. */
  readonly address: string;
  /** The client's side of the foremost trusted proxy is TLS. */
  readonly secure: boolean;
  /** The value of `X-Forwarded-For` to send on: the chain, if a trusted proxy wrote it, with the peer's address behind. */
  readonly forwardedFor: string;
  /** The host that the client asked for, as the foremost trusted proxy saw it. */
  readonly host: string;
  /** Elements of `Forwarded` that a trusted proxy wrote, with ours behind. */
  readonly forwarded: string;
}

/** Reads one header, several of one name joined; `undefined`: none. */
export type ReadHeader = (name: string) => string | undefined;

/**
 * @param trustProxy - Addresses and ranges of the proxies in front whose `X-Forwarded-*` and `Forwarded` are believed and added
 *   to. What others say there is replaced.
 * @throws HawserError `option-invalid` for something that is neither an address nor a range.
 */
export function clientOrigins(trustProxy: readonly string[]): (peer: ClientPeer, header: ReadHeader) => ClientOrigin {
  const isProxy = addressRanges(trustProxy, "trustProxy");
  const clientAddress = addressOf(trustProxy);
  return (peer, header) => {
    const trusted = isProxy(peer.address);
    const believed = (name: string): string | undefined => (trusted ? header(name) : undefined);
    const plain = clientAddress(peer.address, undefined);
    const chain = believed("x-forwarded-for");
    const proto = believed("x-forwarded-proto");
    const host = believed("x-forwarded-host") ?? header("host") ?? "";
    const secure = proto === undefined ? peer.secure : /^(https|wss)$/.test(first(proto));
    return {
      address: clientAddress(peer.address, chain),
      secure,
      forwardedFor: joined(chain, plain),
      host: first(host),
      forwarded: joined(believed("forwarded"), element(plain, header("host") ?? "", peer.secure)),
    };
  };
}

function joined(before: string | undefined, last: string): string {
  return before === undefined || before.trim() === "" ? last : `${before}, ${last}`;
}

function first(list: string): string {
  return (list.split(",", 1)[0] ?? "").trim();
}

/** RFC 7239, section 4: what is no token stands in quotes, IPv6 in brackets too. */
function element(address: string, host: string, secure: boolean): string {
  const node = isIPv6(address) ? `"[${address}]"` : address === "" ? "unknown" : address;
  const quoted = host.replaceAll(/["\\]/g, String.raw`\$&`);
  return `for=${node};host="${quoted}";proto=${secure ? "https" : "http"}`;
}
