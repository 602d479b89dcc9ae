import { Home } from "@hawser/gateway";
import type { HomeLimits } from "@hawser/gateway";
import { memoryLog } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer, ServerOptions } from "@hawser/server";
import type { AtEnd } from "../support/at-end.ts";
import { DirectUpstreams } from "../support/direct-upstreams.ts";

/** A node that is the home of virtual sockets to these upstreams. */
export async function gatewayNode(
  upstreams: Readonly<Record<string, string>>,
  atEnd: AtEnd,
  limits: Partial<HomeLimits> = {},
): Promise<HawserServer> {
  const { server } = await homeNode(upstreams, atEnd, limits);
  return server;
}

/** The same, with the home. */
export async function homeNode(
  upstreams: Readonly<Record<string, string>>,
  atEnd: AtEnd,
  limits: Partial<HomeLimits> = {},
  more: Partial<ServerOptions> = {},
): Promise<{ readonly server: HawserServer; readonly home: Home }> {
  const home = new Home({
    ...systemPorts(),
    name: "node-a",
    upstreams: new DirectUpstreams(upstreams),
    limits,
  });
  const server = createServer({
    log: memoryLog(),
    authenticate: anonymous({ allowNames: true }),
    port: 0,
    host: "127.0.0.1",
    name: "node-a",
    logger: silentLogger,
    sockets: home,
    origins: "any",
    ...more,
  });
  atEnd(() => server.close());
  await server.listen();
  return { server, home };
}
