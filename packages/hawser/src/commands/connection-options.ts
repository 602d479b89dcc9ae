import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Arguments, OptionSpecification } from "../arguments.ts";
import { UsageError } from "../exit-codes.ts";
import type { World } from "../world.ts";

/** Options of every command that talks to a server. */
export const connectionOptions: Readonly<Record<string, OptionSpecification>> = {
  url: {
    type: "string",
    short: "u",
    value: "URL",
    description:
      "server, also tcp://host:port or tls://host:port; also HAWSER_URL (default ws://localhost:8080/hawser)",
  },
  token: {
    type: "string",
    short: "t",
    value: "TOKEN",
    description: "who you are; better HAWSER_TOKEN or --token-file, which other users cannot see",
  },
  "token-file": { type: "string", value: "FILE", description: "file that holds the token" },
  user: {
    type: "string",
    value: "NAME",
    description: "the name to go by, on a server where clients are anonymous",
  },
  timeout: {
    type: "string",
    value: "SECONDS",
    description: "give up when there is no answer for so long (default 10)",
  },
};

/** Where to connect, and as whom. */
export interface ConnectionSettings {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
}

/** @throws UsageError for a URL that is none, a token given twice, or a token file that cannot be read. */
export function connectionSettings(given: Arguments, world: World): ConnectionSettings {
  const seconds = given.integer("timeout", 1) ?? 10;
  return { url: serverUrl(given, world), token: token(given, world), timeoutMs: seconds * 1000 };
}

/** What stands for what. */
const schemes: Readonly<Record<string, string>> = {
  "ws:": "ws:",
  "wss:": "wss:",
  "http:": "ws:",
  "https:": "wss:",
  "tcp:": "tcp:",
  "tls:": "tls:",
};

/** @throws UsageError for a URL that is none. */
export function serverUrl(given: Arguments, world: World): string {
  const fromFlag = given.string("url");
  const text = fromFlag ?? (world.environment["HAWSER_URL"] || "ws://localhost:8080/hawser");
  const origin = fromFlag === undefined ? "environment variable HAWSER_URL" : "--url";
  const complete = /^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`;
  if (!URL.canParse(complete)) throw new UsageError(`${origin} must be a URL, not ${JSON.stringify(text)}`);
  const url = new URL(complete);
  const scheme = schemes[url.protocol];
  if (scheme === undefined) {
    throw new UsageError(`${origin} must start with ws://, wss://, tcp:// or tls://, not ${url.protocol}//`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(`${origin} must not hold a user or a password: use --token-file or HAWSER_TOKEN`);
  }
  if (scheme === "tcp:" || scheme === "tls:") {
    if (url.port === "" || url.hostname === "")
      throw new UsageError(`${origin} must name host and port: tcp://host:7420`);
    return `${scheme}//${url.host}`;
  }
  url.protocol = scheme;
  url.hash = "";
  if (url.pathname === "/") url.pathname = "/hawser";
  return url.href;
}

function token(given: Arguments, world: World): string {
  const flags = ["token", "token-file", "user"].filter((name) => given.string(name) !== undefined);
  if (flags.length > 1) throw new UsageError(`give only one of ${flags.map((name) => `--${name}`).join(", ")}`);
  const path = given.string("token-file");
  if (path === undefined)
    return given.string("token") ?? given.string("user") ?? world.environment["HAWSER_TOKEN"] ?? "";
  try {
    return readFileSync(resolve(world.folder, path), "utf8").trim();
  } catch (error) {
    throw new UsageError(`--token-file cannot be read: ${(error as NodeJS.ErrnoException).code ?? "error"} ${path}`);
  }
}
