import type { IncomingMessage, ServerResponse } from "node:http";
import { pathOf } from "./path.ts";

/** What the endpoints show. */
export interface EndpointSources {
  /** Clients should be sent here: the log answers and no drain has begun. */
  readonly ready: () => boolean;
  /** The metrics in the Prometheus text format. */
  readonly metrics: () => string;
  /** The path of the WebSocket. */
  readonly path: string;
}

/**
 * Answers the requests that are the server's: `/healthz` (the process answers), `/readyz` (200, or 503 while clients
 * should go elsewhere), `/metrics`, and the WebSocket's path without an upgrade (426).
 *
 * @returns whether the request was one of these; if not, nothing was done.
 */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function endpoints(sources: EndpointSources): RequestHandler {
  return (request, response) => {
    const answer = answerTo(pathOf(request.url), sources);
    if (answer === undefined) return false;
    const allowed = request.method === "GET" || request.method === "HEAD";
    send(
      request,
      response,
      allowed ? answer : { status: 405, body: "Only GET is answered here.\n", headers: { allow: "GET, HEAD" } },
    );
    return true;
  };
}

/** The handler of a port of Hawser's own, where nobody else answers. */
export function answerOrNotFound(handle: RequestHandler): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (!handle(request, response)) send(request, response, { status: 404, body: "Nothing is here.\n" });
  };
}

function answerTo(path: string, sources: EndpointSources): Answer | undefined {
  if (path === "/healthz") return { status: 200, body: "ok\n" };
  if (path === "/readyz")
    return sources.ready() ? { status: 200, body: "ready\n" } : { status: 503, body: "not ready\n" };
  if (path === "/metrics") {
    return {
      status: 200,
      body: sources.metrics(),
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
    };
  }
  if (path === sources.path) {
    return {
      status: 426,
      body: "Connect with a WebSocket that offers hawser.v1 or hawser.v1.json.\n",
      headers: { upgrade: "websocket" },
    };
  }
  return undefined;
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  // A body that nobody reads must not hold the connection.
  request.resume();
  response.writeHead(answer.status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}
