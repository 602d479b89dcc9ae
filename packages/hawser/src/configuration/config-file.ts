import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { createJiti } from "jiti";
import { UsageError } from "../exit-codes.ts";
import { nearest } from "../nearest.ts";
import { configKeys } from "./define-config.ts";
import type { HawserConfig } from "./define-config.ts";

/** A configuration that was read, and where it lies. */
export interface ConfigFile {
  readonly config: HawserConfig;
  /** Absolute; `undefined`: there is no file. */
  readonly path: string | undefined;
  /** For messages. */
  readonly name: string;
  /** Relative paths in it start here. */
  readonly folder: string;
}

const names = ["hawser.config.ts", "hawser.config.mts", "hawser.config.js", "hawser.config.mjs"];

/** No file: everything is as flags, environment and defaults say. */
const none: Omit<ConfigFile, "folder"> = { config: {}, path: undefined, name: "hawser.config.ts" };

/**
 * Loads the file that was named, or the `hawser.config.*` of `folder`, if there is one. TypeScript is read as it is.
 *
 * @param named from `--config` or `HAWSER_CONFIG`, relative to `folder`.
 * @throws UsageError when the named file is missing, throws, or exports something else than a configuration.
 */
export async function loadConfigFile(folder: string, named: string | undefined): Promise<ConfigFile> {
  const found = named ?? names.find((name) => existsSync(resolve(folder, name)));
  if (found === undefined) return noConfigFile(folder);
  const path = resolve(folder, found);
  if (!existsSync(path)) throw new UsageError(`the configuration file ${found} does not exist`);
  const config = await importDefault(path, found);
  return { config: checkShape(config, found), path, name: basename(path), folder: dirname(path) };
}

/** What counts where there is no file. */
export function noConfigFile(folder: string): ConfigFile {
  return { ...none, folder };
}

/**
 * What a module of TypeScript or JavaScript exports by default; of a function, what it returns.
 *
 * @param name - What errors call it.
 * @throws UsageError when it cannot be loaded.
 */
export async function importDefault(path: string, name: string): Promise<unknown> {
  const exported = await importFile(path, name);
  return typeof exported === "function" ? await (exported as () => unknown)() : exported;
}

async function importFile(path: string, name: string): Promise<unknown> {
  // So that a configuration can import "hawser" wherever it lies, and gets the very modules that serve it.
  const own = (specifier: string): string => new URL(import.meta.resolve(specifier)).pathname;
  const jiti = createJiti(path, {
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
    alias: Object.fromEntries(offered.flatMap((specifier) => aliasOf(specifier, own))),
  });
  try {
    const module = await jiti.import<Readonly<Record<string, unknown>>>(path);
    return module["default"];
  } catch (error) {
    throw new UsageError(`${name} could not be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const offered = [
  "hawser",
  "@hawser/server",
  "@hawser/protocol",
  "@hawser/log",
  "@hawser/log-lmdb",
  "@hawser/log-server",
];

function aliasOf(specifier: string, own: (specifier: string) => string): [string, string][] {
  try {
    return [[specifier, own(specifier)]];
  } catch {
    // Not built: the configuration finds it by itself, or says so.
    return [];
  }
}

function checkShape(config: unknown, name: string): HawserConfig {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new UsageError(`${name} must export a configuration by default: export default defineConfig({ ... })`);
  }
  for (const key of Object.keys(config)) {
    if ((configKeys as readonly string[]).includes(key)) continue;
    const guess = nearest(key, configKeys);
    throw new UsageError(
      `${name} has the unknown setting ${key}${guess === undefined ? "" : `; did you mean ${guess}?`}`,
    );
  }
  return config;
}
