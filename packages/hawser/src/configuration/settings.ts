import { resolve } from "node:path";
import type { Arguments } from "../arguments.ts";
import { UsageError } from "../exit-codes.ts";
import { nearest } from "../nearest.ts";
import type { ConfigFile } from "./config-file.ts";
import type { LogLevel } from "@hawser/server";
import { absoluteLogAddress, logAddress, logPlace } from "./log-address.ts";
import { addresses, duration, oneOf, origins, port, secret, text, truth, urlPath, workers } from "./parsers.ts";
import { SettingReader } from "./setting-reader.ts";
import type { Setting } from "./setting-reader.ts";
import { readSecretFile } from "./secret-file.ts";

/** Everything that `hawser serve` decides by flag, environment, file or default, each with its origin. */
export interface Settings {
  readonly port: Setting<number>;
  readonly host: Setting<string>;
  readonly path: Setting<string>;
  /** For programs that are not browsers; `undefined`: there is no such port. */
  readonly tcpPort: Setting<number | undefined>;
  /** Files of the certificate and key of that port, absolute; `undefined`: plain TCP, or `tls` of the configuration. */
  readonly tcpCert: Setting<string | undefined>;
  readonly tcpKey: Setting<string | undefined>;
  /** An absolute path. */
  readonly data: Setting<string>;
  readonly memory: Setting<boolean>;
  /** Of the log server whose log is used, with an absolute path, or of a broker; `undefined`: none is. */
  readonly log: Setting<string | undefined>;
  readonly peers: Setting<readonly string[]>;
  /** Public addresses of this node; with any, it is one of a cluster. */
  readonly addresses: Setting<readonly string[]>;
  readonly drainMs: Setting<number>;
  /** Event loops that serve clients; 1: the process itself. */
  readonly workers: Setting<number>;
  readonly origins: Setting<"same-origin" | "any" | readonly string[]>;
  /** Of the clients' tokens; `undefined`: none was given. */
  readonly secret: Setting<string | undefined>;
  /** Of the keys of the HTTP API, absolute; `undefined`: they are those of the configuration, or there are none. */
  readonly apiKeyFile: Setting<string | undefined>;
  readonly page: Setting<boolean>;
  readonly logLevel: Setting<LogLevel>;
}

/** The environment variables that `hawser` reads, all commands together. */
const variables = [
  "HAWSER_CONFIG",
  "HAWSER_PORT",
  "HAWSER_HOST",
  "HAWSER_PATH",
  "HAWSER_TCP_PORT",
  "HAWSER_TCP_CERT",
  "HAWSER_TCP_KEY",
  "HAWSER_DATA",
  "HAWSER_MEMORY",
  "HAWSER_LOG",
  "HAWSER_PEERS",
  "HAWSER_ADDRESSES",
  "HAWSER_DRAIN",
  "HAWSER_WORKERS",
  "HAWSER_ORIGINS",
  "HAWSER_SECRET",
  "HAWSER_SECRET_FILE",
  "HAWSER_API_KEY_FILE",
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
  const fileSetting = (name: string, flagName: string, variable: string): Setting<string | undefined> => {
    const { value, from } = reader.read<string | undefined>({
      name,
      flag: flag(flagName),
      variables: [variable],
      parse: text,
      fallback: undefined,
    });
    return { value: value === undefined ? undefined : resolve(folder, value), from };
  };
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
    tcpPort: reader.read<number | undefined>({
      name: "tcpPort",
      flag: flag("tcp-port"),
      variables: ["HAWSER_TCP_PORT"],
      file: config.tcp?.port,
      parse: port,
      fallback: undefined,
    }),
    tcpCert: fileSetting("tcpCert", "tcp-cert", "HAWSER_TCP_CERT"),
    tcpKey: fileSetting("tcpKey", "tcp-key", "HAWSER_TCP_KEY"),
    data: readData(reader, given, file, folder),
    memory: reader.read({
      name: "memory",
      flag: { name: "memory", value: given.flag("memory") },
      variables: ["HAWSER_MEMORY"],
      file: config.memory,
      parse: truth,
      fallback: false,
    }),
    log: readLog(reader, given, { flag: "log", parse: logPlace }, file, folder),
    peers: reader.read<readonly string[]>({
      name: "peers",
      flag: { name: "peer", value: given.strings("peer") },
      variables: ["HAWSER_PEERS"],
      file: config.peers,
      parse: addresses,
      fallback: [],
    }),
    addresses: reader.read<readonly string[]>({
      name: "addresses",
      flag: { name: "address", value: given.strings("address") },
      variables: ["HAWSER_ADDRESSES"],
      file: typeof config.cluster === "object" ? config.cluster.endpoints : undefined,
      parse: addresses,
      fallback: [],
    }),
    drainMs: reader.read({
      name: "drainMs",
      flag: flag("drain"),
      variables: ["HAWSER_DRAIN"],
      file: config.drainMs,
      parse: duration,
      fallback: 10_000,
    }),
    workers: reader.read({
      name: "workers",
      flag: flag("workers"),
      variables: ["HAWSER_WORKERS"],
      file: config.workers,
      parse: workers,
      fallback: 1,
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
    apiKeyFile: fileSetting("apiKeyFile", "api-key-file", "HAWSER_API_KEY_FILE"),
    page: reader.read({
      name: "page",
      flag: { name: "no-page", value: given.flag("no-page") ? "false" : undefined },
      variables: ["HAWSER_PAGE"],
      file: config.page,
      parse: truth,
      fallback: true,
    }),
    logLevel: readLogLevel(reader, given, file),
  };
  const problems = [...reader.problems, ...contradictions(settings, given, file)];
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return settings;
}

/** What `hawser log` decides, as `hawser serve` does. */
export type LogSettings = Pick<Settings, "data" | "logLevel"> & { readonly log: Setting<string> };

/** Decides every setting of `hawser log`; the log is listened on in the data folder where nothing else is said. */
export function resolveLogSettings(
  given: Arguments,
  environment: Readonly<Record<string, string | undefined>>,
  file: ConfigFile,
  folder: string,
): LogSettings {
  const reader = new SettingReader(environment, file.name);
  const data = readData(reader, given, file, folder);
  const { value, from } = readLog(reader, given, { flag: "listen", parse: logAddress }, file, folder);
  const logLevel = readLogLevel(reader, given, file);
  if (reader.problems.length > 0) throw new UsageError(reader.problems.join("\n"));
  return { data, logLevel, log: { value: value ?? `unix:${resolve(data.value, "log.sock")}`, from } };
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

function readData(reader: SettingReader, given: Arguments, file: ConfigFile, folder: string): Setting<string> {
  const data = reader.read({
    name: "data",
    flag: { name: "data", value: given.string("data") },
    variables: ["HAWSER_DATA"],
    file: file.config.data,
    parse: text,
    fallback: "data",
  });
  return { ...data, value: resolve(startOf(data, file, folder), data.value) };
}

function readLog(
  reader: SettingReader,
  given: Arguments,
  { flag, parse }: { readonly flag: string; readonly parse: typeof logAddress },
  file: ConfigFile,
  folder: string,
): Setting<string | undefined> {
  const { log } = file.config;
  const read = reader.read<string | undefined>({
    name: "log",
    flag: { name: flag, value: given.string(flag) },
    variables: ["HAWSER_LOG"],
    file: typeof log === "object" ? undefined : log,
    parse,
    fallback: undefined,
  });
  return read.value === undefined
    ? read
    : { ...read, value: absoluteLogAddress(read.value, startOf(read, file, folder)) };
}

/** Where a relative path starts. */
function startOf({ from }: Setting<unknown>, file: ConfigFile, folder: string): string {
  return from.endsWith(` in ${file.name}`) ? file.folder : folder;
}

function readLogLevel(reader: SettingReader, given: Arguments, file: ConfigFile): Setting<LogLevel> {
  return reader.read({
    name: "logLevel",
    flag: { name: "log-level", value: given.string("log-level") },
    variables: ["HAWSER_LOG_LEVEL"],
    file: file.config.logLevel,
    parse: oneOf("debug", "info", "warn", "error", "silent"),
    fallback: "info",
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
  if (settings.memory.value && settings.log.value !== undefined) {
    found.push(`memory (from ${settings.memory.from}) and log (from ${settings.log.from}) contradict each other`);
  }
  const { tcpPort, tcpCert, tcpKey } = settings;
  if ((tcpCert.value === undefined) !== (tcpKey.value === undefined)) {
    found.push("--tcp-cert and --tcp-key go together: TLS takes both");
  }
  if (tcpPort.value === undefined && tcpCert.value !== undefined) {
    found.push("--tcp-cert is for the port of --tcp-port, which is not given");
  }
  if (settings.secret.value !== undefined && file.config.authenticate !== undefined) {
    found.push(
      `authenticate in ${file.name} and the secret of ${settings.secret.from} contradict each other: give one`,
    );
  }
  return found;
}
