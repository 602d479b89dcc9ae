import type { PushParts } from "../api/push-operations.ts";
import type { Poster } from "./http-post.ts";

/** How long another node may take. */
const askTimeoutMs = 10_000;
const maxAnswerBytes = 262_144;

/** Asks the HTTP API of another node in the name of whoever asked this one. */
export function askNode(poster: Poster): PushParts["post"] {
  return async (url, key, body) => {
    const answer = await poster.post(
      {
        url: new URL(url),
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: new TextEncoder().encode(JSON.stringify(body)),
        maxAnswerBytes,
      },
      AbortSignal.timeout(askTimeoutMs),
    );
    return { status: answer.status, body: JSON.parse(Buffer.from(answer.body).toString("utf8")) as object };
  };
}
