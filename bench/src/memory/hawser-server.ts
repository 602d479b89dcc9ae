import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { serve } from "./serve.ts";

serve(async () => {
  const server = createServer({
    log: memoryLog(),
    port: 0,
    host: "127.0.0.1",
    authenticate: anonymous(),
    origins: "any",
    logger: silentLogger,
    channels: [{ pattern: "bench", durability: "memory" }],
    // All clients come from one address here.
    limits: { maxConnectionsPerAddress: 20_000 },
  });
  await server.listen();
  return Number(new URL(server.url).port);
});
