import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createGateway, ProxyListener } from "@hawser/gateway";
import type { AccessLog, Gateway, NodeRelayOptions } from "@hawser/gateway";
import { memoryLog } from "@hawser/log";
import { anonymous, createServer, jwt, silentLogger } from "@hawser/server";
import type { HawserServer, Logger, ServerOptions } from "@hawser/server";
import { aborted } from "../aborted.ts";
import { describeError } from "../describe-error.ts";
import { exitCodes, UsageError } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { listen } from "../serve/listen.ts";
import { loggerOf, page } from "../serve/server-options.ts";
import { maxStopMs, within } from "../serve/stopping.ts";
import type { World } from "../world.ts";
import { openAccessLog } from "./access-log-place.ts";
import type { GatewayConfig, RelayConfig } from "./define-gateway.ts";
import type { GatewayFile } from "./gateway-file.ts";
import { gatewayOptions } from "./gateway-options.ts";

/** What the command line says in the place of the file. */
export interface GatewayOverrides {
  readonly port: number | undefined;
  readonly host: string | undefined;
}

const defaultPort = 8080;
const defaultHost = "127.0.0.1";
const defaultPath = "/hawser";
const defaultDrainMs = 30_000;

/** Runs a gateway until a signal ends it. */
export async function runGateway(
  load: () => Promise<GatewayFile>,
  overrides: GatewayOverrides,
  world: World,
): Promise<ExitCode> {
  const file = await load();
  const { config, folder } = file;
  const printer = new Printer(world);
  const logger = loggerOf(config.logLevel ?? "info", world);
  const accessLog = openAccessLog(config.accessLog, folder, { world, logger });
  const { host, port, gateway, server, plain } = compose(file, overrides, logger, accessLog?.log);
  // First, since the others are told where it is.
  await gateway.open();
  await listen(server, { port: { value: port, from: file.name }, host: { value: host, from: file.name } });
  await plain?.open();
  for (const line of announced(server, gateway, plain, file)) await printer.line(line);
  const stopReloading = world.onHangup(() => {
    accessLog?.reopen();
    reload(gateway, load, printer).catch((error: unknown) => printer.note(`hawser: ${describeError(error)}`));
  });
  try {
    await aborted(world.interrupted);
  } finally {
    stopReloading();
  }
  return stop({ server, gateway, plain, accessLog, printer, drainMs: config.drainMs ?? defaultDrainMs });
}

/**
 * Makes everything that the configuration says, and nothing of it known: no port is opened, and no file written.
 *
 * @throws HawserError `option-invalid` and UsageError, as `runGateway` would.
 */
export async function rehearseGateway(file: GatewayFile, overrides: GatewayOverrides): Promise<void> {
  const { gateway, server } = compose(file, overrides, silentLogger, undefined);
  await gateway.close();
  await server.close();
}

/** What runs, before it listens. */
function compose(
  file: GatewayFile,
  overrides: GatewayOverrides,
  logger: Logger,
  accessLog: AccessLog | undefined,
): Pick<Running, "gateway" | "server" | "plain"> & { readonly host: string; readonly port: number } {
  const { config, folder } = file;
  const relay = config.relay && relayOptions(config.relay, folder);
  let server: HawserServer | undefined;
  const gateway = createGateway({
    ...gatewayOptions(config),
    logger,
    nodes: () => server?.cluster.nodes() ?? [],
    relayOf: (name) => server?.cluster.relayOf(name),
    ...(relay === undefined ? {} : { relay }),
    ...(accessLog === undefined ? {} : { accessLog }),
  });
  const host = overrides.host ?? config.host ?? defaultHost;
  const port = overrides.port ?? config.port ?? defaultPort;
  try {
    server = createServer(serverOptions(config, { gateway, host, port, logger }));
    return { host, port, gateway, server, plain: plainListener(file, gateway, host, logger) };
  } catch (error) {
    void gateway.close();
    throw error;
  }
}

interface Composed {
  readonly gateway: Gateway;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
}

/** The server that Hawser's own clients connect to, and on whose port everything else lies too. */
function serverOptions(config: GatewayConfig, { gateway, host, port, logger }: Composed): ServerOptions {
  const { secret, authenticate, authorize, origins, trustProxy, api, cluster, limits, log } = config;
  const path = config.path ?? defaultPath;
  return {
    log: log ?? memoryLog(),
    name: gateway.name,
    authenticate:
      secret === undefined ? (authenticate ?? anonymous({ allowNames: true })) : jwt({ secret, algorithms: ["HS256"] }),
    sockets: gateway.sockets,
    parts: [gateway],
    host,
    port,
    path,
    logger,
    // Who may see the page may see what is behind the gateway: by itself it is there only where everybody may do everything.
    ...(servesPage(config) ? { onRequest: page(path), calls: { "hawser.gateway": () => figures(gateway) } } : {}),
    ...(authorize === undefined ? {} : { authorize }),
    ...(origins === undefined ? {} : { origins }),
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(api === undefined ? {} : { api }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(limits?.server === undefined ? {} : { limits: limits.server }),
  };
}

function servesPage({ page: wanted, secret, authenticate }: GatewayConfig): boolean {
  return wanted ?? (secret === undefined && authenticate === undefined);
}

/** What the page's panel asks for. */
function figures({ name, pools }: Gateway): object {
  return { node: name, pools };
}

/** The port for plain clients alone, if there is one. */
function plainListener(
  { config: { plain, limits }, folder }: GatewayFile,
  { proxy }: Gateway,
  host: string,
  logger: Logger,
): ProxyListener | undefined {
  if (plain === undefined) return undefined;
  const { tls, proxyProtocol } = plain;
  return new ProxyListener({
    port: plain.port,
    host: plain.host ?? host,
    proxy,
    logger,
    ...(tls === undefined
      ? {}
      : { tls: { cert: read(folder, tls.cert, "plain.tls.cert"), key: read(folder, tls.key, "plain.tls.key") } }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    ...(limits?.proxy === undefined ? {} : { limits: limits.proxy }),
  });
}

/** With the files that it names. */
function relayOptions({ tls, ...relay }: RelayConfig, folder: string): NodeRelayOptions {
  if (tls === undefined) return relay;
  return {
    ...relay,
    tls: { cert: read(folder, tls.cert, "relay.tls.cert"), key: read(folder, tls.key, "relay.tls.key") },
  };
}

function read(folder: string, path: string, at: string): Buffer {
  try {
    return readFileSync(resolve(folder, path));
  } catch (error) {
    throw new UsageError(`${at} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "error"} ${path}`);
  }
}

/** Reads the file again. What is wrong with it is said, and changes nothing. */
async function reload(gateway: Gateway, load: () => Promise<GatewayFile>, printer: Printer): Promise<void> {
  try {
    const { config, name } = await load();
    gateway.reload({ pools: config.pools, routes: config.routes ?? [] });
    printer.note(
      `${name} was read again: ${Object.keys(config.pools).length} pools, ${config.routes?.length ?? 0} routes`,
    );
  } catch (error) {
    printer.note(`hawser: nothing was changed: ${describeError(error)}`);
  }
}

function announced(
  server: HawserServer,
  gateway: Gateway,
  plain: ProxyListener | undefined,
  { config, name }: GatewayFile,
): readonly string[] {
  const { host } = new URL(server.url);
  const rows = [
    ["Clients", server.url],
    ["Plain", plain === undefined ? `ws://${host}/` : `port ${plain.port}`],
    ...(servesPage(config) ? [["Page", `http://${host}/`] as const] : []),
    ["Pools", Object.keys(config.pools).join(", ") || "none"],
    ...(gateway.relayPort === 0 ? [] : [["Relay", `port ${gateway.relayPort}`] as const]),
    ["Node", gateway.name],
  ] as const;
  return ["", `The gateway of ${name} is ready`, "", ...rows.map(([title, text]) => `  ${title.padEnd(9)}${text}`), ""];
}

interface Running {
  readonly server: HawserServer;
  readonly gateway: Gateway;
  readonly plain: ProxyListener | undefined;
  readonly accessLog: ReturnType<typeof openAccessLog>;
  readonly printer: Printer;
  readonly drainMs: number;
}

async function stop({ server, gateway, plain, accessLog, printer, drainMs }: Running): Promise<ExitCode> {
  const open = gateway.connections + server.connections;
  if (drainMs > 0 && open > 0) {
    printer.note(
      `draining: ${open} connections and sockets have up to ${drainMs / 1000} s; another signal ends it at once`,
    );
    await Promise.all([server.drain({ overMs: drainMs }), gateway.drain(drainMs)]);
  }
  printer.note("stopping");
  const closed = (async () => {
    await plain?.close();
    await gateway.close();
    await server.close();
  })();
  const inTime = await within(closed, maxStopMs);
  accessLog?.close();
  if (inTime) return exitCodes.ok;
  printer.note(`hawser: could not stop within ${maxStopMs / 1000} s`);
  return exitCodes.failure;
}
