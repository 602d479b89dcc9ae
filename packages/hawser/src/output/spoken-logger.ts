import type { LogFields, Logger, LogLevel } from "@hawser/server";
import type { World } from "../world.ts";
import { printable, styleFor } from "./style.ts";

const levels = ["debug", "info", "warn", "error"] as const;

/** Log lines for a person at a terminal: time, level, message, then fields as `name=value`. */
export function spokenLogger(lowest: LogLevel, world: Pick<World, "stderr" | "environment">): Logger {
  const style = styleFor(world.stderr, world.environment);
  const from = lowest === "silent" ? levels.length : levels.indexOf(lowest);
  const colours = { debug: "dim", info: "cyan", warn: "yellow", error: "red" } as const;
  const at =
    (level: (typeof levels)[number]) =>
    (fields: LogFields, message: string): void => {
      if (levels.indexOf(level) < from) return;
      const time = new Date().toTimeString().slice(0, 8);
      const rest = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
      world.stderr.write(
        `${style("dim", time)} ${style(colours[level], level.padEnd(5))} ${printable(message)}${style("dim", rest.map((one) => ` ${one}`).join(""))}\n`,
      );
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function fieldText(value: unknown): string {
  if (value instanceof Error) return printable(value.stack ?? value.message);
  return printable(typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)));
}
