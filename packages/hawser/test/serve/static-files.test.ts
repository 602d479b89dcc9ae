import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { staticFiles } from "../../src/serve/static-files.ts";

let folder = "";
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hawser-static-"));
  mkdirSync(join(folder, "public/deeper"), { recursive: true });
  writeFileSync(join(folder, "secret.js"), "secret");
  writeFileSync(join(folder, "public/index.html"), '<html data-endpoint="/hawser">page');
  writeFileSync(join(folder, "public/app.js"), "script");
  writeFileSync(join(folder, "public/notes.txt"), "not of the page");
  writeFileSync(join(folder, "public/deeper/more.js"), "more");
  const files = staticFiles(pathToFileURL(join(folder, "public/")), { endpoint: '/own"path' });
  server = createServer((incoming, outgoing) => {
    if (!files(incoming, outgoing)) outgoing.writeHead(404).end("nothing");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `fetch` would tidy the path: here it goes out as it is written. */
function get(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ host: "127.0.0.1", port, path, ...options }, (incoming) => {
      let body = "";
      incoming.setEncoding("utf8").on("data", (text: string) => (body += text));
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }));
    });
    outgoing.on("error", reject).end();
  });
}

describe("staticFiles", () => {
  it("serves index.html at /, with the path of the WebSocket in it", async () => {
    const answer = await get("/");
    expect(answer).toMatchObject({ status: 200, body: '<html data-endpoint="/own&quot;path">page' });
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
  });

  it("sends what keeps a page safe with every file", async () => {
    const { headers } = await get("/app.js?v=1");
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
  });

  it("answers 304 to who has the file already", async () => {
    const { headers } = await get("/app.js");
    const again = await get("/app.js", { headers: { "if-none-match": headers.etag ?? "" } });
    expect(again).toMatchObject({ status: 304, body: "" });
    expect((await get("/app.js", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  it("answers HEAD without a body, and refuses other methods", async () => {
    const head = await get("/app.js", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(head.headers["content-length"]).toBe("6");
    const post = await get("/app.js", { method: "POST" });
    expect(post.status).toBe(405);
    expect(post.headers.allow).toBe("GET, HEAD");
  });

  it.each([
    "/../secret.js",
    "/..%2fsecret.js",
    "/%2e%2e/secret.js",
    "/deeper/../../secret.js",
    "//secret.js",
    "/..\\secret.js",
    "/deeper/more.js",
    "/notes.txt",
    "/deeper",
    "/app.js/",
    "/app.js%00",
    "/__proto__",
    "/constructor",
    "//etc/passwd",
  ])("leaves %s to others", async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: "nothing" });
  });
});
