// A gateway with pools of one target: plain clients at any path, virtual sockets at /hawser.
import { createGateway } from "@hawser/gateway";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { answer } from "../processes/child.ts";
import type { EchoCommand, EchoReply } from "./messages.ts";

/** More of them than one. */
const pools = Array.from({ length: 9 }, (_, index) => `pool-${index}`);

answer<EchoCommand, EchoReply>(async ({ target: port = 0, last = port }) => {
  const gateway = createGateway({
    pools: {
      ...Object.fromEntries(["echo", ...pools].map((name) => [name, { targets: [`ws://127.0.0.1:${port}`] }])),
      last: { targets: [`ws://127.0.0.1:${last}`] },
    },
    routes: [{ pool: "echo" }],
  });
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous(),
    logger: silentLogger,
    port: 0,
    host: "127.0.0.1",
    sockets: gateway.sockets,
    parts: [gateway],
    limits: { framesPerSecond: 10_000_000 },
  });
  await server.listen();
  return { type: "listening", port: Number(new URL(server.url).port), pid: process.pid };
});
