// Hawser with its embedded log and the durability that channels have by default.
import { lmdbLog } from "@hawser/log-lmdb";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { serve } from "../servers/serve.ts";
import { dataFolderOf } from "./data-folder.ts";

serve(async () => {
  const server = createServer({
    log: lmdbLog({ path: dataFolderOf(process.ppid) }),
    port: 0,
    host: "127.0.0.1",
    authenticate: anonymous(),
    origins: "any",
    logger: silentLogger,
    channels: [{ pattern: "room.*" }],
    // Each client publishes as fast as it can.
    limits: { framesPerSecond: 1_000_000 },
  });
  await server.listen();
  return Number(new URL(server.url).port);
});
