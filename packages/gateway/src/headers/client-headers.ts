import { HawserError } from "@hawser/protocol";
import type { UpstreamRequest } from "../upstream/upstream-socket.ts";
import { checkHandshakeName, checkHeader, filledHeaders, headerTemplates } from "./header-template.ts";

type Headers = Readonly<Record<string, string>>;

/** Headers for the targets: the same for all but for placeholders, or as a function says for each client. */
export type ClientHeaders = Headers | ((request: UpstreamRequest) => Headers | Promise<Headers>);

/** Those for one virtual socket. */
export type HeadersFor = (request: UpstreamRequest) => Promise<Headers>;

/**
 * @throws Error that says which header is wrong, and why. What is returned rejects with HawserError `upstream-unavailable` (retry) when
 *   the function fails, or says what cannot be sent: then the target is not asked.
 */
export function headersFor(headers: ClientHeaders): HeadersFor {
  if (typeof headers === "function") return (request) => said(headers, request);
  const templates = headerTemplates(headers);
  for (const { name } of templates) checkHandshakeName(name);
  return async ({ upstream: pool, path, address, session, identity: { user, claims } }) =>
    filledHeaders(templates, { pool, path: path.split("?", 1)[0]!, address, session, user, claims });
}

async function said(headers: Extract<ClientHeaders, Function>, request: UpstreamRequest): Promise<Headers> {
  try {
    const given = await headers(request);
    for (const [name, value] of Object.entries(given)) {
      checkHeader(name, value);
      checkHandshakeName(name);
    }
    return given;
  } catch (cause) {
    if (cause instanceof HawserError) throw cause;
    const text = `The upstream ${request.upstream} is not available: its headers for this client could not be made.`;
    throw new HawserError("upstream-unavailable", text, { retry: true, cause });
  }
}
