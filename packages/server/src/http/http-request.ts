import type { IncomingMessage } from "node:http";
import { mediaTypeOf } from "../transport/stream-framing.ts";
import { addressOfRequest, isTooLarge, originOf, refused } from "./handshake.ts";
import type { HandshakeRules, Refusal } from "./handshake.ts";
import type { Peer } from "../transport/transport.ts";

/** What a request to a fallback transport is found to be. */
export type JudgedRequest = { readonly crossOrigin: string | undefined } & (
  | Refusal
  /** A browser asks whether a page may send the real one (Fetch Standard, section 3.2). */
  | { readonly kind: "preflight" }
  | { readonly kind: "approved"; readonly subprotocol: Peer["subprotocol"]; readonly address: string }
);

/**
 * Judges a request by its head alone, as `judgeHandshake` does. `crossOrigin` is the page's origin when it may read the
 * answer.
 */
export function judgeRequest(request: IncomingMessage, rules: HandshakeRules, maxBodyBytes: number): JudgedRequest {
  const crossOrigin = request.headers.origin;
  const refuse = (...refusal: Parameters<typeof refused>): JudgedRequest => ({ ...refused(...refusal), crossOrigin });
  const origin = originOf(request, rules);
  if (origin.kind === "refused") return { ...origin, crossOrigin: undefined };
  if (isTooLarge(request.rawHeaders, rules)) {
    return refuse("headers", 431, "The request has too many headers, or too long ones.");
  }
  if (request.method === "OPTIONS") return { kind: "preflight", crossOrigin };
  if (request.method !== "POST")
    return refuse("method", 405, "Only POST is answered here.", { allow: "POST, OPTIONS" });
  const subprotocol = subprotocolOf(request.headers["content-type"]);
  if (subprotocol === undefined) {
    return refuse("media-type", 415, `The content-type must be ${[...mediaTypes.keys()].join(" or ")}.`);
  }
  if (request.headers["content-encoding"] !== undefined) {
    return refuse("media-type", 415, "A body must come as it is, without content-encoding.");
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) {
    return refuse("body", 413, `A body has at most ${maxBodyBytes} bytes.`);
  }
  if (request.readableDidRead) {
    return refuse("body", 500, "Something ahead of Hawser has read the body: let handleRequest see the request first.");
  }
  return { kind: "approved", subprotocol, address: addressOfRequest(request, rules), crossOrigin };
}

const subprotocols: readonly Peer["subprotocol"][] = ["hawser.v1", "hawser.v1.json"];
const mediaTypes: ReadonlyMap<string, Peer["subprotocol"]> = new Map(
  subprotocols.map((name) => [mediaTypeOf(name), name]),
);

function subprotocolOf(contentType: string | undefined): Peer["subprotocol"] | undefined {
  return mediaTypes.get((contentType ?? "").split(";", 1)[0]!.trim().toLowerCase());
}
