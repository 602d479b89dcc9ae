import { withoutSecrets } from "../brokers/broker-log.ts";
import type { ConfigFile } from "../configuration/config-file.ts";
import { configKeys } from "../configuration/define-config.ts";
import type { Settings } from "../configuration/settings.ts";

/** Every setting with its value and where that came from, in aligned columns. The secret is not shown. */
export function settingsTable(settings: Settings, file: ConfigFile): readonly string[] {
  const rows = Object.entries(settings).map(([name, { value, from }]) => [name, shown(name, value), from] as const);
  const decided = new Set(Object.keys(settings));
  const others = configKeys
    .filter((key) => !decided.has(key) && file.config[key] !== undefined)
    .map((key) => [key, "(given)", file.name] as const);
  const all = [...rows, ...others];
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => row[column as 0 | 1].length)));
  return all.map(([name, value, from]) => `${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${from}`);
}

function shown(name: string, value: unknown): string {
  if (name === "secret") return value === undefined ? "(none)" : "(hidden)";
  if (Array.isArray(value)) return value.length === 0 ? "(none)" : value.join(",");
  if (value === undefined) return "(none)";
  return typeof value === "string" ? withoutSecrets(value) : JSON.stringify(value);
}
