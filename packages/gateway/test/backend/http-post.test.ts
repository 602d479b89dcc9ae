import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { AnswerTooLarge, nodePoster } from "../../src/backend/http-post.ts";

const servers: Server[] = [];
const poster = nodePoster();
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1`);
}

const never = new AbortController().signal;

describe("posting to a back end", () => {
  it("sends the body as it is, and reads status, type and body of the answer", async () => {
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(503, { "content-type": "text/plain", "retry-after": "3" });
        response.end(
          `${request.method} ${request.url} ${request.headers["x-a"] as string} ${Buffer.concat(chunks).toString("hex")}`,
        );
      });
    });
    const request = { url, headers: { "x-a": "b" }, body: Uint8Array.of(0, 255), maxAnswerBytes: 100 };
    const answer = await poster.post(request, never);
    expect({ ...answer, body: Buffer.from(answer.body).toString() }).toEqual({
      status: 503,
      contentType: "text/plain",
      retryAfter: "3",
      body: "POST /hook?a=1 b 00ff",
    });
  });

  it("reads an answer of maxAnswerBytes, and none past it", async () => {
    const url = await serve((_, response) => void response.end("12345"));
    const post = (maxAnswerBytes: number): Promise<unknown> =>
      poster.post({ url, headers: {}, body: new Uint8Array(), maxAnswerBytes }, never);
    await expect(post(5)).resolves.toMatchObject({ status: 200 });
    await expect(post(4)).rejects.toThrow(new AnswerTooLarge(4));
  });

  it("does not follow a redirect", async () => {
    const url = await serve((_, response) => void response.writeHead(307, { location: "/elsewhere" }).end());
    const answer = await poster.post({ url, headers: {}, body: new Uint8Array(), maxAnswerBytes: 1 }, never);
    expect(answer.status).toBe(307);
  });

  it("asks again at once, over a new connection, when one that was kept is closed instead of answered", async () => {
    let requests = 0;
    const connections = new Set<unknown>();
    const url = await serve((request, response) => {
      requests += 1;
      connections.add(request.socket);
      // As a back end does whose patience with an idle connection ends in this moment.
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end(String(requests));
    });
    const post = async (): Promise<string> => {
      const request = { url, headers: {}, body: Uint8Array.of(1), maxAnswerBytes: 100 };
      return Buffer.from((await poster.post(request, never)).body).toString();
    };
    expect(await post()).toBe("1");
    // The agent has the connection back in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect([await post(), requests, connections.size]).toEqual(["3", 3, 2]);
  });

  it("does not ask again when a new connection is closed", async () => {
    let requests = 0;
    const url = await serve((request) => {
      requests += 1;
      request.socket.resetAndDestroy();
    });
    const request = { url, headers: {}, body: new Uint8Array(), maxAnswerBytes: 100 };
    await expect(poster.post(request, never)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(requests).toBe(1);
  });

  it("rejects when the answer is cut, and when the signal aborts", async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("some");
      setImmediate(() => request.socket.destroy());
    });
    const request = { url, headers: {}, body: new Uint8Array(), maxAnswerBytes: 100 };
    await expect(poster.post(request, never)).rejects.toThrow("aborted");
    await expect(poster.post(request, AbortSignal.abort())).rejects.toThrow("aborted");
  });
});
