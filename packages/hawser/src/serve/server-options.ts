import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publicFolder } from "@hawser/console";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { remoteLog } from "@hawser/log-server";
import { anonymous, jwt, jsonLogger } from "@hawser/server";
import type { Authenticate, ChannelOptions, Logger, LogLevel, ServerOptions } from "@hawser/server";
import { brokerLog, isBrokerUrl } from "../brokers/broker-log.ts";
import { readApiKeyFile } from "../configuration/api-key-file.ts";
import type { ConfigFile } from "../configuration/config-file.ts";
import { socketAddressOf } from "../configuration/log-address.ts";
import { keptSecret } from "../configuration/secret-file.ts";
import type { Settings } from "../configuration/settings.ts";
import { UsageError } from "../exit-codes.ts";
import { spokenLogger } from "../output/spoken-logger.ts";
import type { World } from "../world.ts";
import { staticFiles } from "./static-files.ts";

/** What does not stand in the settings, or is not made by every process alike. */
export interface ServerParts {
  readonly log: Log;
  /** The secret of the data folder, if there is one. */
  readonly keptSecret: string | undefined;
}

/** What `hawser serve` hands to `createServer`: the composition of log, authentication, page and policies. */
export function serverOptions(
  settings: Settings,
  file: ConfigFile,
  world: Pick<World, "stderr" | "environment">,
  { log, keptSecret: kept }: ServerParts,
): ServerOptions {
  const { config } = file;
  return {
    log,
    authenticate: authentication(settings, file),
    port: settings.port.value,
    host: settings.host.value,
    path: settings.path.value,
    origins: settings.origins.value,
    channels: config.channels ?? defaultChannels,
    logger: loggerOf(settings.logLevel.value, world),
    ...(settings.page.value ? { onRequest: page(settings.path.value) } : {}),
    peers: settings.peers.value,
    ...apiOptions(settings, file),
    ...clusterOptions(settings, file),
    ...(kept === undefined ? {} : { secret: kept }),
    adminSecret: [kept, settings.secret.value].filter((secret) => secret !== undefined),
    ...(config.authorize === undefined ? {} : { authorize: config.authorize }),
    ...(config.calls === undefined ? {} : { calls: config.calls }),
    ...(config.compression === undefined ? {} : { compression: config.compression }),
    ...(config.contract === undefined ? {} : { contract: config.contract }),
    ...(config.limits === undefined ? {} : { limits: config.limits }),
    ...(config.name === undefined ? {} : { name: config.name }),
    ...tcpOptions(settings, file),
    ...(config.trustProxy === undefined ? {} : { trustProxy: config.trustProxy }),
  };
}

/** Nodes that say where they are find each other, and so do the workers of one machine. */
function clusterOptions({ addresses, workers }: Settings, { config }: ConfigFile): Pick<ServerOptions, "cluster"> {
  const given = typeof config.cluster === "object" ? config.cluster : {};
  if (addresses.value.length > 0) return { cluster: { ...given, endpoints: addresses.value } };
  if (config.cluster !== undefined) return { cluster: config.cluster };
  return workers.value > 1 ? { cluster: true } : {};
}

/** The keys of the file that a setting names, or else of the configuration. */
function apiOptions({ apiKeyFile }: Settings, { config }: ConfigFile): Pick<ServerOptions, "api"> {
  if (apiKeyFile.value !== undefined) return { api: readApiKeyFile(apiKeyFile.value, apiKeyFile.from) };
  return config.api === undefined ? {} : { api: config.api };
}

/** The port for programs, with the certificate of the files or the configuration. */
function tcpOptions(settings: Settings, file: ConfigFile): Pick<ServerOptions, "tcp"> {
  const { tcpPort, tcpCert, tcpKey } = settings;
  if (tcpPort.value === undefined) return {};
  const own =
    tcpCert.value === undefined || tcpKey.value === undefined
      ? {}
      : { tls: { cert: readTcpFile(tcpCert.value, tcpCert.from), key: readTcpFile(tcpKey.value, tcpKey.from) } };
  return { tcp: { ...file.config.tcp, port: tcpPort.value, ...own } };
}

function readTcpFile(path: string, from: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${from} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "error"} ${path}`);
  }
}

const dayMs = 86_400_000;
const MiB = 1024 * 1024;

/** Without a configuration, rooms of the chat page are kept long enough to be read again, and show who is there. */
export const defaultChannels: readonly ChannelOptions[] = [
  {
    pattern: "chat.**",
    retention: { count: 100_000, bytes: 256 * MiB, ageMs: 365 * dayMs },
    maxPayloadBytes: 64 * 1024,
    presence: true,
  },
];

function authentication(settings: Settings, file: ConfigFile): Authenticate {
  const secret = settings.secret.value;
  if (secret !== undefined) return jwt({ secret, algorithms: ["HS256"] });
  return file.config.authenticate ?? anonymous({ allowNames: true });
}

/** Lines for people at a terminal, JSON for everything else. */
export function loggerOf(level: LogLevel, world: Pick<World, "stderr" | "environment">): Logger {
  return world.stderr.isTTY === true ? spokenLogger(level, world) : jsonLogger({ level });
}

/**
 * The secret of the data folder, drawn at the first start, where there is such a folder. Nodes that share a log server share
 * it too, or else the secret of clients' grants is not the same.
 */
export function folderSecret(settings: Settings, { config }: ConfigFile): string | undefined {
  const keeps = !settings.memory.value && (settings.log.value !== undefined || typeof config.log !== "object");
  if (!keeps) return undefined;
  makeFolder(settings.data.value, settings.data.from);
  return keptSecret(settings.data.value);
}

/** The broker's, the log server's, that of the file, one in memory, or the embedded one. */
export function logOf(settings: Settings, file: ConfigFile): Log | Promise<Log> {
  const { log } = file.config;
  const place = settings.log.value;
  if (place !== undefined) return isBrokerUrl(place) ? brokerLog(place) : remoteLog({ socket: socketAddressOf(place) });
  if (typeof log === "object") return log;
  return settings.memory.value ? memoryLog() : embeddedLog(settings.data.value);
}

/**
 * The log has a folder of its own within the data folder: other files there do not disturb it. Its native module is
 * loaded only where it is used.
 */
export async function embeddedLog(folder: string): Promise<Log> {
  const { lmdbLog } = await import("@hawser/log-lmdb");
  return lmdbLog({ path: join(folder, "log") });
}

/** Makes the data folder, its owner's alone. @throws UsageError when that is not possible. */
export function makeFolder(folder: string, from: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(
      `the data folder ${folder} (from ${from}) cannot be made: ${(error as NodeJS.ErrnoException).code ?? "error"}`,
    );
  }
}

/** The page of the console, which is told of `path`, that of the WebSocket. */
export function page(path: string): NonNullable<ServerOptions["onRequest"]> {
  if (!existsSync(publicFolder)) {
    throw new UsageError("the page is not built: npm run build makes it, and --no-page does without");
  }
  return staticFiles(publicFolder, { endpoint: path });
}
