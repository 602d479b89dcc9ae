import { HawserError } from "@hawser/protocol";

/**
 * Which web pages may connect.
 *
 * - `same-origin`: pages that came from the host and port that they connect to. A name of an attacker's that is made to
 *   lead to this server (DNS rebinding) is such a host, so a server that trusts its network rather than tokens needs a
 *   list.
 * - a list of origins, each exactly as a browser writes it: `https://example.com`, `http://localhost:5173`.
 * - `any`: every page. Right only where tokens prove everything, and no cookie counts.
 *
 * Programs that are not browsers send no `Origin` and are let in: they could send any. It is the token that proves who
 * they are.
 */
export type OriginPolicy = "same-origin" | "any" | readonly string[];

/** What of a handshake its origin is judged by. */
export interface OriginRequest {
  /** The `Origin` header; `undefined` when there is none. */
  readonly origin: string | undefined;
  /** The `Host` header; `undefined` when there is not exactly one. */
  readonly host: string | undefined;
  /** The client's side of the connection is known to be TLS. */
  readonly secure: boolean;
}

/** Whether a handshake may go on. */
export type OriginCheck = (request: OriginRequest) => boolean;

/**
 * @throws HawserError `option-invalid` for a list with something that no browser would send as an origin: it would
 *   never match, and so is a mistake.
 */
export function originCheck(policy: OriginPolicy): OriginCheck {
  if (policy === "any") return () => true;
  if (policy === "same-origin") return ({ origin, ...site }) => origin === undefined || isSameOrigin(origin, site);
  const allowed = new Set(policy);
  for (const origin of allowed) {
    // URLs may hold an asterisk, but here whoever writes one means a wildcard.
    if (originUrl(origin) === undefined || origin.includes("*")) {
      throw new HawserError(
        "option-invalid",
        `origins: ${JSON.stringify(origin)} is not an origin. Write scheme, host and port as a browser sends them, https://example.com, without path, slash or wildcard.`,
      );
    }
  }
  return ({ origin }) => origin === undefined || allowed.has(origin);
}

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * Compares host and port with those of the `Host` header, as strings: nothing is normalised on either side that a
 * browser has not normalised before (RFC 6454, section 6.2), so that no two spellings of different hosts meet.
 */
function isSameOrigin(origin: string, site: Omit<OriginRequest, "origin">): boolean {
  const url = originUrl(origin);
  if (url === undefined || site.host === undefined) return false;
  // A page that came in the clear is another origin than a site behind TLS, though both leave their port out.
  if (site.secure && url.protocol !== "https:") return false;
  const host = site.host.toLowerCase();
  return host === url.host || (url.port === "" && host === `${url.hostname}:${defaultPorts[url.protocol]}`);
}

/** The origin as a URL if it is a serialised tuple origin of the web, to the character; `null` is not. */
function originUrl(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  return url.origin === origin && defaultPorts[url.protocol] !== undefined ? url : undefined;
}
