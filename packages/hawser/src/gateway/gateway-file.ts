import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { importDefault } from "../configuration/config-file.ts";
import { UsageError } from "../exit-codes.ts";
import { checkGateway } from "./check-gateway.ts";
import type { GatewayConfig } from "./define-gateway.ts";
import type { Fault } from "./faults.ts";

/** A configuration that was read and found right, and where it lies. */
export interface GatewayFile {
  readonly config: GatewayConfig;
  /** Absolute. */
  readonly path: string;
  /** For messages. */
  readonly name: string;
  /** Relative paths in it start here. */
  readonly folder: string;
}

const names = [
  "hawser.gateway.ts",
  "hawser.gateway.mts",
  "hawser.gateway.js",
  "hawser.gateway.mjs",
  "hawser.gateway.json",
];

/** A file that cannot be used: all that is wrong with it. */
class GatewayFileInvalid extends UsageError {
  readonly faults: readonly Fault[];

  constructor(name: string, faults: readonly Fault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    const lines = faults.map(({ at, message }) => `  ${at === "" ? "the configuration" : at} ${message}`);
    super([`${name} has ${count}:`, ...lines].join("\n"));
    this.faults = faults;
  }
}

/**
 * Reads the file that was named, or the `hawser.gateway.*` of `folder`.
 *
 * @param named - From `--config`, relative to `folder`.
 * @throws UsageError when there is none or it cannot be loaded; `GatewayFileInvalid`.
 */
export async function loadGatewayFile(folder: string, named: string | undefined): Promise<GatewayFile> {
  const found = named ?? names.find((name) => existsSync(resolve(folder, name)));
  if (found === undefined)
    throw new UsageError(`there is no configuration: write ${names[0]}, or name one with --config FILE`);
  const path = resolve(folder, found);
  if (!existsSync(path)) throw new UsageError(`the configuration file ${found} does not exist`);
  const exported = extname(path) === ".json" ? readJson(path, found) : await importDefault(path, found);
  const checked = checkGateway(exported);
  if ("faults" in checked) throw new GatewayFileInvalid(found, checked.faults);
  return { config: checked.config, path, name: basename(path), folder: dirname(path) };
}

function readJson(path: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${name} could not be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}
