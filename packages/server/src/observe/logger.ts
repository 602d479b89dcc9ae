import { systemPorts } from "@hawser/protocol";
import type { Clock } from "@hawser/protocol";

/** What a log line says besides its message: plain values by name. Never a token, nor anything derived from one. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the server's log lines go. The shape is pino's, so that a pino logger can be given as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** How much is logged: that level and what is more serious. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

const order: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 };

/** The numbers are pino's, so that its viewers can read the lines. */
type WrittenLevel = Exclude<LogLevel, "silent">;

/** From which level on lines are written, and where to. */
export interface JsonLoggerOptions {
  /** Lines below it are not written. Default `info`. */
  readonly level?: LogLevel;
  /** Takes one line with its line feed. Default: standard error. */
  readonly write?: (line: string) => void;
  /** What `time` is taken from. Default: the system's. */
  readonly clock?: Clock;
}

/**
 * A logger that writes JSON lines: `level` (pino's numbers), `time` (milliseconds since 1970), the fields, `msg`.
 *
 * A field that is an `Error` is written as its name, code, message and stack. A line that cannot be written as JSON is
 * written without its fields: logging never throws.
 */
export function jsonLogger(options: JsonLoggerOptions = {}): Logger {
  const lowest = order[options.level ?? "info"];
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const clock = options.clock ?? systemPorts().clock;
  const at =
    (level: WrittenLevel) =>
    (fields: LogFields, message: string): void => {
      if (order[level] < lowest) return;
      const head = { level: order[level], time: clock.now() };
      let line: string;
      try {
        line = JSON.stringify({ ...head, ...describeFields(fields), msg: message });
      } catch {
        line = JSON.stringify({ ...head, msg: message });
      }
      write(`${line}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function describeFields(fields: LogFields): Record<string, unknown> {
  const described: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    described[name] = value instanceof Error ? describeError(value) : value;
  return described;
}

function describeError(error: Error): Record<string, unknown> {
  const code = "code" in error ? error.code : undefined;
  return { name: error.name, ...(code === undefined ? {} : { code }), message: error.message, stack: error.stack };
}
