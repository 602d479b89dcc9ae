import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { publicFolder } from "@hawser/console";
import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { anonymous, jwt, jsonLogger } from "@hawser/server";
import type { Authenticate, ChannelOptions, ServerOptions } from "@hawser/server";
import type { ConfigFile } from "../configuration/config-file.ts";
import { keptSecret } from "../configuration/secret-file.ts";
import type { Settings } from "../configuration/settings.ts";
import { UsageError } from "../exit-codes.ts";
import { spokenLogger } from "../output/spoken-logger.ts";
import type { World } from "../world.ts";
import { staticFiles } from "./static-files.ts";

/**
 * What `hawser serve` hands to `createServer`: the composition of log, authentication, page and policies.
 *
 * @param options.dry nothing is written: no folder, no secret.
 */
export async function serverOptions(
  settings: Settings,
  file: ConfigFile,
  world: World,
  options: { readonly dry: boolean },
): Promise<ServerOptions> {
  const { config } = file;
  const stored = !settings.memory.value && config.log === undefined;
  if (stored && !options.dry) makeFolder(settings.data.value, settings.data.from);
  return {
    log: config.log ?? (settings.memory.value ? memoryLog() : await embeddedLog(settings.data.value)),
    authenticate: authentication(settings, file),
    port: settings.port.value,
    host: settings.host.value,
    path: settings.path.value,
    origins: settings.origins.value,
    channels: config.channels ?? defaultChannels,
    logger:
      world.stderr.isTTY === true
        ? spokenLogger(settings.logLevel.value, world)
        : jsonLogger({ level: settings.logLevel.value }),
    ...(settings.page.value ? { onRequest: page(settings.path.value) } : {}),
    ...(stored && !options.dry ? { secret: keptSecret(settings.data.value) } : {}),
    ...(config.authorize === undefined ? {} : { authorize: config.authorize }),
    ...(config.calls === undefined ? {} : { calls: config.calls }),
    ...(config.contract === undefined ? {} : { contract: config.contract }),
    ...(config.limits === undefined ? {} : { limits: config.limits }),
    ...(config.name === undefined ? {} : { name: config.name }),
    ...(config.trustProxy === undefined ? {} : { trustProxy: config.trustProxy }),
  };
}

const dayMs = 86_400_000;
const MiB = 1024 * 1024;

/** Without a configuration, rooms of the chat page are kept long enough to be read again. */
const defaultChannels: readonly ChannelOptions[] = [
  {
    pattern: "chat.**",
    retention: { count: 100_000, bytes: 256 * MiB, ageMs: 365 * dayMs },
    maxPayloadBytes: 64 * 1024,
  },
];

function authentication(settings: Settings, file: ConfigFile): Authenticate {
  const secret = settings.secret.value;
  if (secret !== undefined) return jwt({ secret, algorithms: ["HS256"] });
  return file.config.authenticate ?? anonymous({ allowNames: true });
}

/**
 * The log has a folder of its own within the data folder: other files there do not disturb it. Its native module is
 * loaded only where it is used.
 */
async function embeddedLog(folder: string): Promise<Log> {
  const { lmdbLog } = await import("@hawser/log-lmdb");
  return lmdbLog({ path: join(folder, "log") });
}

function makeFolder(folder: string, from: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(
      `the data folder ${folder} (from ${from}) cannot be made: ${(error as NodeJS.ErrnoException).code ?? "error"}`,
    );
  }
}

function page(path: string): NonNullable<ServerOptions["onRequest"]> {
  if (!existsSync(publicFolder)) {
    throw new UsageError("the page is not built: npm run build makes it, and --no-page does without");
  }
  return staticFiles(publicFolder, { endpoint: path });
}
