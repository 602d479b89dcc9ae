import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { ProxyRefusal } from "./answer.ts";
import type { ClientOrigin, ClientPeer } from "./forwarded.ts";
import { listOf, sizeOf, valuesOf } from "./handshake-headers.ts";
import type { ProxyLimits } from "./limits.ts";
import { segmentsOf } from "./path-pattern.ts";
import { plainHost } from "./route.ts";

/** The handshake of a plain client, as routes and `authorize` see it. */
export interface PlainRequest {
  /** Lower case, without a port. */
  readonly host: string;
  /** As it came, without the query. */
  readonly path: string;
  /** Decoded. */
  readonly segments: readonly string[];
  /** Path and query as they came. Tokens may be in it: do not log it. */
  readonly url: string;
  /** As they are offered, in the client's order. */
  readonly subprotocols: readonly string[];
  readonly headers: IncomingHttpHeaders;
  /** The client's address, behind proxies that are trusted. */
  readonly address: string;
  /** The client's side is TLS. */
  readonly secure: boolean;
  readonly origin: ClientOrigin;
}

export interface PlainRequestRules {
  readonly limits: Pick<ProxyLimits, "maxHeaderBytes" | "maxHeaders">;
  readonly originOf: (peer: ClientPeer, header: (name: string) => string | undefined) => ClientOrigin;
}

/**
 * What a request says, as far as it can be passed on; what the WebSocket handshake holds beyond it is the target's to judge.
 *
 * @throws ProxyRefusal
 */
export function readPlainRequest(request: IncomingMessage, peer: ClientPeer, rules: PlainRequestRules): PlainRequest {
  const { rawHeaders, headers, method, url = "" } = request;
  const { maxHeaderBytes, maxHeaders } = rules.limits;
  if (rawHeaders.length > 2 * maxHeaders || handshakeBytes(request) > maxHeaderBytes)
    throw new ProxyRefusal(431, "headers-too-large", "The handshake has too many headers, or too long ones.");
  if (method !== "GET")
    throw new ProxyRefusal(405, "request-invalid", "A WebSocket handshake is a GET.", { allow: "GET" });
  if (headers.upgrade?.toLowerCase() !== "websocket")
    throw new ProxyRefusal(426, "upgrade-required", "Only WebSocket is proxied here.", { upgrade: "websocket" });
  // A body behind a handshake would be frames to us and a request to somebody else.
  if (headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0")
    throw new ProxyRefusal(400, "request-invalid", "A WebSocket handshake has no body.");
  const hosts = valuesOf(rawHeaders, "host");
  if (hosts.length !== 1 || hosts[0] === "")
    throw new ProxyRefusal(400, "request-invalid", "A handshake names one Host.");
  const path = url.split("?", 1)[0]!;
  const segments = segmentsOf(path);
  if (segments === undefined)
    throw new ProxyRefusal(400, "request-invalid", "The path must be absolute, decodable, and without . and .. in it.");
  const origin = rules.originOf(peer, (name) => valuesOf(rawHeaders, name).join(", ") || undefined);
  return {
    host: plainHost(hosts[0]!),
    path,
    segments,
    url,
    subprotocols: listOf(rawHeaders, "sec-websocket-protocol"),
    headers,
    address: origin.address,
    secure: origin.secure,
    origin,
  };
}

/** As it came: request line, headers, and the empty line. */
function handshakeBytes({ method = "", url = "", rawHeaders }: IncomingMessage): number {
  return `${method} ${url} HTTP/1.1\r\n\r\n`.length + sizeOf(rawHeaders);
}
