import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { ApiKeyOptions, HawserServer, ServerOptions } from "@hawser/server";

/** A key with all scopes, for all channels. */
export const fullKey = "a-key-of-the-tests-with-all-scopes-0";

export interface ApiReply {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly headers: Headers;
}

/** A server with the API, on a port of its own. */
export async function openApi(
  options: Partial<ServerOptions> = {},
  keys: readonly ApiKeyOptions[] = [{ name: "tests", key: fullKey }],
): Promise<HawserServer> {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    name: "node-a",
    logger: silentLogger,
    api: { keys },
    ...options,
  });
  await server.listen();
  return server;
}

export interface ApiRequest {
  readonly body?: unknown;
  /** In place of the JSON of `body`. */
  readonly text?: string | Uint8Array;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the API of a server. */
export async function ask(
  server: HawserServer,
  method: string,
  path: string,
  { body, text, key = fullKey, headers = {} }: ApiRequest = {},
): Promise<ApiReply> {
  const url = new URL(`/hawser/api/v1/${path}`, server.url.replace("ws", "http"));
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(url, {
    method,
    headers: {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(content === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content as string }),
  });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}
