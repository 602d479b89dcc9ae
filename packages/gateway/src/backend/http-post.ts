import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** An HTTP request to a back end. */
export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** A longer answer is none. */
  readonly maxAnswerBytes: number;
}

/** What came back. */
export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The header, as it came; "": none. */
  readonly retryAfter: string;
  readonly body: Uint8Array;
}

/** An answer was longer than it may be. */
export class AnswerTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the answer has more than ${maxBytes} bytes`);
  }
}

/** Sends a request and reads the whole answer. Rejects when there is none, when it is cut or the signal aborts, and with `AnswerTooLarge`. */
export interface Poster {
  post(request: PostRequest, signal: AbortSignal): Promise<PostAnswer>;
  /** Ends connections that are kept. */
  close(): void;
}

/**
 * Posts with Node's HTTP client over connections that are kept. Redirects are not followed: an event goes to the address that the
 * operator named, or nowhere. A request over a kept connection that the back end was just closing goes out once more at once, over a new
 * one: that is no fault of the back end (RFC 9112, section 9.3.1).
 */
export function nodePoster(): Poster {
  const options = { keepAlive: true };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    post: (request, signal) => {
      const kept = request.url.protocol === "https:" ? agents.https : agents.http;
      return ask(request, kept, signal).catch((error: unknown) => {
        if (!(error instanceof ConnectionStale) || signal.aborted) throw error;
        return ask(request, false, signal);
      });
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** A connection that was kept has ended before anything was answered. */
class ConnectionStale extends Error {}

function ask(request: PostRequest, agent: HttpAgent | false, signal: AbortSignal): Promise<PostAnswer> {
  const { url, headers, body, maxAnswerBytes } = request;
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const own = { ...headers, "content-length": String(body.length) };
    const sent = send(url, { method: "POST", headers: own, signal, agent }, (answer) => {
      readAnswer(answer, maxAnswerBytes).then(resolve, reject);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const isStale = sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(isStale ? new ConnectionStale(error.message, { cause: error }) : error);
    });
    sent.end(body);
  });
}

async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<PostAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new AnswerTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return {
    status: answer.statusCode ?? 0,
    contentType: answer.headers["content-type"] ?? "",
    retryAfter: answer.headers["retry-after"] ?? "",
    body: new Uint8Array(Buffer.concat(chunks)),
  };
}
