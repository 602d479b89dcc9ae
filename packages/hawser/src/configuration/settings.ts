import { resolve } from "node:path";
import type { Arguments } from "../arguments.ts";
import { UsageError } from "../exit-codes.ts";
import { nearest } from "../nearest.ts";
import type { ConfigFile } from "./config-file.ts";
import type { LogLevel } from "@hawser/server";
import { oneOf, origins, port, secret, text, truth, urlPath } from "./parsers.ts";
import { SettingReader } from "./setting-reader.ts";
import type { Setting } from "./setting-reader.ts";
import { readSecretFile } from "./secret-file.ts";

/** Everything that `hawser serve` decides by flag, environment, file or default, each with its origin. */
export interface Settings {
  readonly port: Setting<number>;
  readonly host: Setting<string>;
  readonly path: Setting<string>;
  /** An absolute path. */
  readonly data: Setting<string>;
  readonly memory: Setting<boolean>;
  readonly origins: Setting<"same-origin" | "any" | readonly string[]>;
  /** Of the clients' tokens; `undefined`: none was given. */
  readonly secret: Setting<string | undefined>;
  readonly page: Setting<boolean>;
  readonly logLevel: Setting<LogLevel>;
}

/** The environment variables that `hawser` reads, all commands together. */
const variables = [
  "HAWSER_CONFIG",
  "HAWSER_PORT",
  "HAWSER_HOST",
  "HAWSER_PATH",
  "HAWSER_DATA",
  "HAWSER_MEMORY",
  "HAWSER_ORIGINS",
  "HAWSER_SECRET",
  "HAWSER_SECRET_FILE",
  "HAWSER_PAGE",
  "HAWSER_LOG_LEVEL",
  "HAWSER_URL",
  "HAWSER_TOKEN",
] as const;

/**
 * Decides every setting.
 *
 * @param folder where relative paths of flags and environment start; those of the file start at the file.
 * @throws UsageError that lists every value that is wrong, with where it came from.
 */
export function resolveSettings(
  given: Arguments,
  environment: Readonly<Record<string, string | undefined>>,
  file: ConfigFile,
  folder: string,
): Settings {
  const reader = new SettingReader(environment, file.name);
  const { config } = file;
  const flag = (name: string): { name: string; value: string | undefined } => ({ name, value: given.string(name) });
  const data = reader.read({
    name: "data",
    flag: flag("data"),
    variables: ["HAWSER_DATA"],
    file: config.data,
    parse: text,
    fallback: "data",
  });
  const settings: Settings = {
    port: reader.read({
      name: "port",
      flag: flag("port"),
      variables: ["HAWSER_PORT", "PORT"],
      file: config.port,
      parse: port,
      fallback: 8080,
    }),
    host: reader.read({
      name: "host",
      flag: flag("host"),
      variables: ["HAWSER_HOST"],
      file: config.host,
      parse: text,
      fallback: "127.0.0.1",
    }),
    path: reader.read({
      name: "path",
      flag: flag("path"),
      variables: ["HAWSER_PATH"],
      file: config.path,
      parse: urlPath,
      fallback: "/hawser",
    }),
    data: { ...data, value: resolve(data.from.endsWith(` in ${file.name}`) ? file.folder : folder, data.value) },
    memory: reader.read({
      name: "memory",
      flag: { name: "memory", value: given.flag("memory") },
      variables: ["HAWSER_MEMORY"],
      file: config.memory,
      parse: truth,
      fallback: false,
    }),
    origins: reader.read({
      name: "origins",
      flag: { name: "origin", value: given.strings("origin") },
      variables: ["HAWSER_ORIGINS"],
      file: config.origins,
      parse: origins,
      fallback: "same-origin",
    }),
    secret: readSecret(reader, given, environment, config.secret, folder),
    page: reader.read({
      name: "page",
      flag: { name: "no-page", value: given.flag("no-page") ? "false" : undefined },
      variables: ["HAWSER_PAGE"],
      file: config.page,
      parse: truth,
      fallback: true,
    }),
    logLevel: reader.read({
      name: "logLevel",
      flag: flag("log-level"),
      variables: ["HAWSER_LOG_LEVEL"],
      file: config.logLevel,
      parse: oneOf("debug", "info", "warn", "error", "silent"),
      fallback: "info",
    }),
  };
  const problems = [...reader.problems, ...contradictions(settings, given, file)];
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return settings;
}

/** Variables that look as if they were meant for `hawser`, and are not. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith("HAWSER_") && !(variables as readonly string[]).includes(name))
    .map((name) => {
      const guess = nearest(name, variables);
      return `environment variable ${name} is not a setting${guess === undefined ? "" : `; did you mean ${guess}?`}`;
    });
}

/** The secret is never shown, not even when it is wrong. */
function readSecret(
  reader: SettingReader,
  given: Arguments,
  environment: Readonly<Record<string, string | undefined>>,
  inFile: string | undefined,
  folder: string,
): Setting<string | undefined> {
  const candidates: readonly { from: string; secret?: string | undefined; path?: string | undefined }[] = [
    { from: "--secret", secret: given.string("secret") },
    { from: "--secret-file", path: given.string("secret-file") },
    { from: "environment variable HAWSER_SECRET", secret: environment["HAWSER_SECRET"] },
    { from: "environment variable HAWSER_SECRET_FILE", path: environment["HAWSER_SECRET_FILE"] },
    { from: "secret in the configuration file", secret: inFile },
  ];
  for (const { from, secret: direct, path } of candidates) {
    if ((direct ?? "") === "" && (path ?? "") === "") continue;
    const parsed = secret(direct ?? readSecretFile(resolve(folder, path ?? ""), from));
    if ("value" in parsed) return { value: parsed.value, from };
    reader.problems.push(`the secret of ${from} must be ${parsed.mustBe}`);
    break;
  }
  return { value: undefined, from: "default" };
}

function contradictions(settings: Settings, given: Arguments, file: ConfigFile): string[] {
  const found: string[] = [];
  if (given.flag("memory") && given.string("data") !== undefined) {
    found.push("--memory and --data contradict each other: in memory, there is no data folder");
  }
  if (settings.secret.value !== undefined && file.config.authenticate !== undefined) {
    found.push(
      `authenticate in ${file.name} and the secret of ${settings.secret.from} contradict each other: give one`,
    );
  }
  return found;
}
