import { memoryLog } from "@hawser/log";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { anonymous, createServer, silentLogger } from "../src/index.ts";
import type { HawserServer, ServerPart } from "../src/index.ts";

let server: HawserServer | undefined;
afterEach(async () => server?.close());

async function serve(part: ServerPart): Promise<URL> {
  server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
    api: { keys: [{ name: "app", key: "k".repeat(32), scopes: ["pools"] }] },
    parts: [part],
  });
  await server.listen();
  return new URL(server.url.replace("ws", "http"));
}

describe("a part of a server", () => {
  it("adds operations to the HTTP API, with their scope", async () => {
    const url = await serve({
      operations: [
        {
          name: "thing",
          method: "PUT",
          path: "things/{name}",
          scope: "pools",
          query: [],
          run: async ({ path, body }) => ({ status: 201, body: { path, body } }),
        },
      ],
    });
    const put = (headers: Record<string, string>): Promise<Response> =>
      fetch(new URL("/hawser/api/v1/things/a", url), {
        method: "PUT",
        body: "[1]",
        headers: { "content-type": "application/json", ...headers },
      });
    const answer = await put({ authorization: `Bearer ${"k".repeat(32)}` });
    expect([answer.status, await answer.json()]).toEqual([201, { path: { name: "a" }, body: [1] }]);
    expect((await put({})).status).toBe(401);
  });

  it("adds metrics behind the server's own", async () => {
    const url = await serve({ metrics: async () => "more_total 1\n" });
    const text = await (await fetch(new URL("/metrics", url))).text();
    expect(text).toMatch(/^hawser_connections 0$/m);
    expect(text).toMatch(/\nmore_total 1\n$/);
  });

  it("may take an upgrade to another path; what it leaves is answered with 404", async () => {
    const taken: string[] = [];
    const url = await serve({
      upgrade: (request, socket) => {
        if (request.url !== "/mine") return false;
        taken.push(request.url);
        socket.end("HTTP/1.1 418 Mine\r\nconnection: close\r\n\r\n");
        return true;
      },
    });
    const status = (path: string): Promise<number | undefined> =>
      new Promise((resolve) => {
        const socket = new WebSocket(new URL(path, url.href.replace("http", "ws")));
        socket.on("error", () => {});
        socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
      });
    expect([await status("/mine"), await status("/other")]).toEqual([418, 404]);
    expect(taken).toEqual(["/mine"]);
  });
});
