import type { IncomingMessage, ServerResponse } from "node:http";
import { pathOf } from "./path.ts";

/** What the endpoints show. */
export interface EndpointSources {
  /** Clients should be sent here: the log answers and no drain has begun. Does not reject. */
  readonly ready: () => Promise<boolean>;
  /** The metrics, and their media type; `undefined`: they are not shown. */
  readonly metrics: MetricsSource | undefined;
  /** The path of the WebSocket. */
  readonly path: string;
}

/** What `/metrics` shows. */
export interface MetricsSource {
  readonly contentType: string;
  expose(): Promise<string>;
}

/**
 * Answers the requests that are the server's: `/healthz` (the process answers), `/readyz` (200, or 503 while clients
 * should go elsewhere), `/metrics` unless it is left out, and the WebSocket's path without an upgrade (426).
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
  const answers = new Map<string, () => Answer | Promise<Answer>>([
    ["/healthz", () => ({ status: 200, body: "ok\n" })],
    [
      "/readyz",
      async () => ((await sources.ready()) ? { status: 200, body: "ready\n" } : { status: 503, body: "not ready\n" }),
    ],
    ...(sources.metrics === undefined ? [] : [["/metrics", exposed(sources.metrics)] as const]),
    [sources.path, () => upgradeRequired],
  ]);
  return (request, response) => {
    const answer = answers.get(pathOf(request.url));
    if (answer === undefined) return false;
    const allowed = request.method === "GET" || request.method === "HEAD";
    if (allowed) {
      void Promise.resolve()
        .then(answer)
        .catch(() => failed)
        .then((ready) => send(request, response, ready));
    } else
      send(request, response, { status: 405, body: "Only GET is answered here.\n", headers: { allow: "GET, HEAD" } });
    return true;
  };
}

/** The handler of a port of Hawser's own, where nobody else answers. */
export function answerOrNotFound(handle: RequestHandler): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (!handle(request, response)) send(request, response, { status: 404, body: "Nothing is here.\n" });
  };
}

function exposed(metrics: MetricsSource): () => Promise<Answer> {
  return async () => ({
    status: 200,
    body: await metrics.expose(),
    headers: { "content-type": metrics.contentType },
  });
}

const failed: Answer = { status: 500, body: "The server could not answer.\n" };

const upgradeRequired: Answer = {
  status: 426,
  body: "Connect with a WebSocket that offers hawser.v1 or hawser.v1.json.\n",
  headers: { upgrade: "websocket" },
};

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
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
