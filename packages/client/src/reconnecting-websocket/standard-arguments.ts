/** Where a script's relative URLs start: of a page its base URL, of a worker its own address; elsewhere there is none. */
interface Surroundings {
  readonly document?: { readonly baseURI: string };
  readonly location?: { readonly href: string };
}

/** RFC 9110, section 5.6.2: what a subprotocol's name is made of. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const maxReasonBytes = 123;

/**
 * An address as the WebSocket constructor reads it (WHATWG WebSockets, section 3.1): relative ones by the page's own,
 * `http` and `https` as `ws` and `wss`.
 *
 * @throws DOMException `SyntaxError` for what is no URL, has another scheme, or a fragment.
 */
export function parseUrl(url: string | URL): string {
  const { document, location } = globalThis as Surroundings;
  let parsed: URL;
  try {
    parsed = new URL(url, document?.baseURI ?? location?.href);
  } catch {
    throw new DOMException(`The URL "${String(url)}" is invalid`, "SyntaxError");
  }
  if (parsed.protocol === "http:") parsed.protocol = "ws:";
  if (parsed.protocol === "https:") parsed.protocol = "wss:";
  if (parsed.protocol !== "ws:" && parsed.protocol !== "wss:") {
    throw new DOMException(`The URL's scheme is ws, wss, http or https, not "${parsed.protocol}"`, "SyntaxError");
  }
  // An empty fragment counts: `hash` would not show it.
  if (parsed.href.includes("#")) throw new DOMException("The URL has a fragment, which is not sent", "SyntaxError");
  return parsed.href;
}

/** The subprotocols as a list. @throws DOMException `SyntaxError` for a name that is no token, or stands there twice. */
export function parseProtocols(protocols: string | readonly string[] = []): string[] {
  const names = (Array.isArray(protocols) ? protocols : [protocols]).map(String);
  for (const name of names) {
    if (!token.test(name)) throw new DOMException(`The subprotocol "${name}" is invalid`, "SyntaxError");
  }
  if (new Set(names).size < names.length) throw new DOMException("A subprotocol stands there twice", "SyntaxError");
  return names;
}

/**
 * Checks what `close` was given (WHATWG WebSockets, section 3.1).
 *
 * @returns the code as WebIDL's `[Clamp] unsigned short` reads it.
 * @throws DOMException `InvalidAccessError` for a code that is neither 1000 nor in 3000 to 4999, `SyntaxError` for a
 * reason of more than 123 bytes.
 */
export function parseClosing(code: number | undefined, reason: string): number | undefined {
  const clamped = code === undefined ? undefined : clamp(Number(code));
  if (clamped !== undefined && clamped !== 1000 && (clamped < 3000 || clamped > 4999)) {
    throw new DOMException(`The close code is 1000, or from 3000 to 4999, not ${code}`, "InvalidAccessError");
  }
  if (new TextEncoder().encode(reason).byteLength > maxReasonBytes) {
    throw new DOMException(`The reason is longer than ${maxReasonBytes} bytes of UTF-8`, "SyntaxError");
  }
  return clamped;
}

function clamp(code: number): number {
  if (Number.isNaN(code)) return 0;
  const bounded = Math.min(Math.max(code, 0), 65_535);
  const floor = Math.floor(bounded);
  // To the nearest, and from the middle to the even one.
  if (bounded - floor !== 0.5) return Math.round(bounded);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** What `send` throws before the first connection (WHATWG WebSockets, section 3.1). */
export function notYetOpen(): DOMException {
  return new DOMException(
    "There has not been a connection yet: wait for `open`, or set `queueBeforeOpen`",
    "InvalidStateError",
  );
}
