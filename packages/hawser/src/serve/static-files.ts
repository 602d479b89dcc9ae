import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname } from "node:path";

/** Answers a request for a file, and says whether it did: `false` leaves the request to others. */
export type StaticFiles = (request: IncomingMessage, response: ServerResponse) => boolean;

interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
  readonly tag: string;
}

export interface StaticFilesOptions {
  /** The path of the WebSocket, which `index.html` tells the page. */
  readonly endpoint: string;
}

/**
 * Serves the files of a folder, `index.html` at `/`. They are read once, at the start: what is served is what the map
 * holds, so that no path, however it is written, leads out of the folder.
 *
 * @param folder a `file:` URL that ends in `/`. Folders within it are not served.
 */
export function staticFiles(folder: URL, options: StaticFilesOptions): StaticFiles {
  const files = readFiles(folder, options);
  return (request, response) => {
    const path = pathOf(request.url ?? "/");
    const file = files.get(path === "/" ? "/index.html" : path);
    if (file === undefined) return false;
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...securityHeaders, allow: "GET, HEAD" }).end();
      return true;
    }
    const headers = { ...securityHeaders, etag: file.tag, "cache-control": "no-cache" };
    if (matches(request.headers["if-none-match"], file.tag)) {
      response.writeHead(304, headers).end();
      return true;
    }
    response.writeHead(200, { ...headers, "content-type": file.type, "content-length": file.body.length });
    response.end(request.method === "HEAD" ? undefined : file.body);
    return true;
  };
}

/**
 * What every answer carries. The page runs its own script and style only, talks to its own origin only, is in no
 * frame, and cannot make HTML of text (trusted types).
 */
const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".map": "application/json",
};

function readFiles(folder: URL, options: StaticFilesOptions): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const content = readFileSync(new URL(encodeURIComponent(entry.name), folder));
    const body = entry.name === "index.html" ? withEndpoint(content, options.endpoint) : content;
    const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    files.set(`/${entry.name}`, { body, type, tag });
  }
  return files;
}

function withEndpoint(page: Buffer, endpoint: string): Buffer {
  const escaped = endpoint.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return Buffer.from(page.toString("utf8").replace('data-endpoint="/hawser"', () => `data-endpoint="${escaped}"`));
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");
}
