import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { ServerOptions } from "@hawser/server";

/** A Hawser server on a memory log. Resolves with the port. */
export async function hawserServer(options: Pick<ServerOptions, "compression" | "limits"> = {}): Promise<number> {
  const server = createServer({
    log: memoryLog(),
    port: 0,
    host: "127.0.0.1",
    authenticate: anonymous(),
    origins: "any",
    logger: silentLogger,
    channels: [{ pattern: "bench.*", durability: "memory" }],
    ...options,
    // All clients come from one address here, and one of them is a publisher as fast as it can be.
    limits: { maxConnectionsPerAddress: 10_000, maxRequests: 65_536, framesPerSecond: 1_000_000, ...options.limits },
  });
  await server.listen();
  return Number(new URL(server.url).port);
}
