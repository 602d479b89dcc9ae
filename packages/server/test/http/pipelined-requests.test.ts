import { memoryLog } from "@hawser/log";
import { afterEach, expect, it } from "vitest";
import { anonymous, createServer, silentLogger } from "../../src/index.ts";
import { RawSocket } from "../raw-socket.ts";

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

it("a request that does not wait for the answer ahead of it takes no place, and keeps none when all are cut [HTTP-14]", async () => {
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    port: 0,
    host: "127.0.0.1",
    logger: silentLogger,
  });
  await server.listen();
  ends.push(() => server.close());
  const body = '{"type":"connect"}\n';
  const head = `host: ${new URL(server.url).host}\r\ncontent-type: application/vnd.hawser.v1.json\r\n`;
  const request = (path: string): string =>
    `POST /hawser/${path} HTTP/1.1\r\n${head}content-length: ${body.length}\r\n\r\n${body}`;
  const raw = await RawSocket.to(server.url);
  raw.write(Buffer.from([request("stream"), request("stream"), request("poll"), request("requests")].join("")));
  expect(await raw.head()).toContain("200 OK");
  expect(server.connections).toBe(1);
  raw.destroy();
  // Not even when the socket is cut, of which Node tells only the answer in front.
  await expect.poll(() => server.connections).toBe(0);
  const other = await RawSocket.to(server.url);
  ends.push(() => other.destroy());
  other.write(request("requests") + request("requests"));
  expect(await other.head()).toContain("200 OK");
  const rest: string[] = [];
  for (let part = await other.head(); part !== undefined; part = await other.head()) rest.push(part);
  expect(rest.join()).toContain("400 Bad Request");
});
