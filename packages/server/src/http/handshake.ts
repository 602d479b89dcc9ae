import type { IncomingMessage } from "node:http";
import type { RefusalReason } from "../observe/metrics.ts";
import type { AddressOf } from "./address.ts";
import type { OriginCheck } from "./origin.ts";
import { chooseSubprotocol, offeredSubprotocols } from "./subprotocol.ts";
import type { Subprotocol } from "./subprotocol.ts";

/** What a handshake is judged by. */
export interface HandshakeRules {
  readonly originAllowed: OriginCheck;
  readonly addressOf: AddressOf;
  /** Headers of proxies are believed: then `X-Forwarded-Proto` says whether the client's side is TLS. */
  readonly trustsProxies: boolean;
  readonly maxHandshakeBytes: number;
  readonly maxHandshakeHeaders: number;
}

/** An answer other than 101. The text says what to do; nothing of the request is repeated in it. */
export interface Refusal {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Approval {
  readonly kind: "approved";
  readonly subprotocol: Subprotocol;
  readonly address: string;
}

/**
 * Judges the request of a WebSocket handshake by what it says alone; what depends on how full the node is comes after.
 * The rest of RFC 6455, section 4.2.1 (key, syntax of the headers) is checked by `ws`.
 */
export function judgeHandshake(request: IncomingMessage, rules: HandshakeRules): Approval | Refusal {
  const { headers } = request;
  if (request.method !== "GET") return refused("method", 405, "A WebSocket handshake is a GET.", { allow: "GET" });
  if (headers.upgrade?.toLowerCase() !== "websocket")
    return refused("version", 426, "Only websocket is spoken here.", upgradeHeaders);
  // Older versions name the page in another header than Origin.
  if (headers["sec-websocket-version"] !== "13") {
    return refused("version", 426, "Sec-WebSocket-Version must be 13.", {
      ...upgradeHeaders,
      "sec-websocket-version": "13",
    });
  }
  if (isTooLarge(request.rawHeaders, rules))
    return refused("headers", 431, "The handshake has too many headers, or too long ones.");
  const origin = originOf(request, rules);
  if (origin.kind === "refused") return origin;
  const subprotocol = chooseSubprotocol(offeredSubprotocols(headers["sec-websocket-protocol"]));
  if (subprotocol === undefined) {
    return refused(
      "subprotocol",
      400,
      "Sec-WebSocket-Protocol must offer hawser.v1, hawser.v1.json or hawser.v1.shared.",
    );
  }
  return { kind: "approved", subprotocol, address: addressOfRequest(request, rules) };
}

/** Whether the page that a request comes from, if it comes from one, may talk to this server. */
export function originOf(request: IncomingMessage, rules: HandshakeRules): Refusal | { readonly kind: "allowed" } {
  const hosts = request.headersDistinct["host"] ?? [];
  const origins = request.headersDistinct["origin"] ?? [];
  const allowed =
    origins.length <= 1 &&
    rules.originAllowed({
      origin: origins[0],
      host: hosts.length === 1 ? hosts[0] : undefined,
      secure: isSecure(request, rules),
    });
  if (allowed) return { kind: "allowed" };
  return refused("origin", 403, "Pages of this origin may not connect: add it to the server's origins if they should.");
}

/** The client's address, as far as it can be known. */
export function addressOfRequest(request: IncomingMessage, rules: Pick<HandshakeRules, "addressOf">): string {
  const forwardedFor = request.headers["x-forwarded-for"];
  return rules.addressOf(
    request.socket.remoteAddress ?? "",
    typeof forwardedFor === "string" ? forwardedFor : undefined,
  );
}

const upgradeHeaders = { upgrade: "websocket", connection: "Upgrade" } as const;

/** See `Refusal`. */
export function refused(
  reason: RefusalReason,
  status: number,
  text: string,
  headers?: Readonly<Record<string, string>>,
): Refusal {
  return { kind: "refused", reason, status, text, ...(headers === undefined ? {} : { headers }) };
}

/** Whether the headers are more, or longer, than may be. */
export function isTooLarge(rawHeaders: readonly string[], rules: HandshakeRules): boolean {
  if (rawHeaders.length > 2 * rules.maxHandshakeHeaders) return true;
  let bytes = 0;
  for (const part of rawHeaders) bytes += part.length + 2;
  return bytes > rules.maxHandshakeBytes;
}

function isSecure(request: IncomingMessage, rules: HandshakeRules): boolean {
  if ("encrypted" in request.socket && request.socket.encrypted === true) return true;
  const forwarded = request.headers["x-forwarded-proto"];
  return rules.trustsProxies && typeof forwarded === "string" && forwarded.split(",")[0]?.trim() === "https";
}
