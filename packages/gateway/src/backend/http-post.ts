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
 * operator named, or nowhere.
 */
export function nodePoster(): Poster {
  const options = { keepAlive: true };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    post: ({ url, headers, body, maxAnswerBytes }, signal) =>
      new Promise((resolve, reject) => {
        const secure = url.protocol === "https:";
        const settings = {
          method: "POST",
          headers: { ...headers, "content-length": String(body.length) },
          signal,
        };
        const taken = (answer: IncomingMessage): void => {
          readAnswer(answer, maxAnswerBytes).then(resolve, reject);
        };
        const sent = secure
          ? httpsRequest(url, { ...settings, agent: agents.https }, taken)
          : httpRequest(url, { ...settings, agent: agents.http }, taken);
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
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
