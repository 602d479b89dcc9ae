import { resolve } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { HawserError } from "@hawser/protocol";
import type { DrainProgress } from "@hawser/server";
import type { Arguments } from "../arguments.ts";
import { secret as parseSecret } from "../configuration/parsers.ts";
import { keptSecretIfThere, readSecretFile } from "../configuration/secret-file.ts";
import { AdminClient } from "../drain/admin-client.ts";
import { durationMs } from "../duration.ts";
import { exitCodes, UsageError } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import type { World } from "../world.ts";
import type { Command } from "./command.ts";
import { connectionOptions, serverUrl } from "./connection-options.ts";

/** How often the server is asked how far it is. */
const pollMs = 250;

/** `hawser drain`: sends the clients of a running server elsewhere. */
export const drainCommand: Command = {
  specification: {
    name: "drain",
    summary: "send the clients of a running server to others, before it is stopped",
    positionals: "",
    minPositionals: 0,
    maxPositionals: 0,
    options: {
      over: { type: "string", value: "TIME", description: "the whole time, such as 30s; 0: at once (default 30s)" },
      deadline: {
        type: "string",
        value: "TIME",
        description: "how long each connection may stay after it was told (default 10s, or a third of --over)",
      },
      rate: { type: "string", value: "N", description: "tell at most so many clients a second (default 1000)" },
      to: {
        type: "string",
        multiple: true,
        value: "URL",
        description: "where clients go to, as often as needed (default: the peers of the server)",
      },
      "no-wait": { type: "boolean", description: "end when the drain has begun" },
      json: { type: "boolean", description: "progress as one JSON object a line" },
      url: connectionOptions["url"]!,
      secret: {
        type: "string",
        value: "SECRET",
        description: "better HAWSER_SECRET or --secret-file: others can see it here",
      },
      "secret-file": {
        type: "string",
        value: "FILE",
        description: "file that holds the secret of clients' tokens; also HAWSER_SECRET_FILE",
      },
      data: {
        type: "string",
        short: "d",
        value: "FOLDER",
        description: "the server's data folder, whose own secret does too; also HAWSER_DATA (default ./data)",
      },
      timeout: connectionOptions["timeout"]!,
    },
    description: [
      "The server takes no new clients from then on, and tells those that it has, one after the other, to connect elsewhere and " +
        "then leave. Who stays is closed at its deadline. The server goes on running until it is stopped. Asked a second time, " +
        "it gives another plan to clients that were not told yet.",
      "It needs the secret of the server's tokens or that of its data folder, which is not sent: it signs a token that is good " +
        "for a minute. Ctrl+C ends the command, not the drain.",
    ],
    examples: [
      { explanation: "On the machine of the server, in its folder.", command: "hawser drain" },
      {
        explanation: "From another one, and where the clients go to.",
        command:
          "hawser drain --url wss://a.example.org/hawser --secret-file secret.txt --over 2m --to wss://b.example.org/hawser",
      },
    ],
  },

  async run(given, world) {
    const origin = httpOrigin(serverUrl(given, world));
    const parameters = drainParameters(given);
    const timeoutMs = (given.integer("timeout", 1) ?? 10) * 1_000;
    const admin = new AdminClient({
      origin,
      secret: adminSecret(given, world),
      timeoutMs,
      signal: world.interrupted,
    });
    const report = reporter(new Printer(world), given.flag("json"));
    let progress = await admin.begin(parameters);
    await report(progress);
    while (!progress.done && !given.flag("no-wait")) {
      await later(pollMs, undefined, { signal: world.interrupted }).catch(() => world.interrupted.throwIfAborted());
      progress = await patiently(admin, world, timeoutMs);
      await report(progress);
    }
    return exitCodes.ok;
  },
};

function httpOrigin(url: string): string {
  if (!/^wss?:/.test(url))
    throw new UsageError(`a drain is asked for over HTTP: give a ws:// or wss:// address, not ${url}`);
  return new URL("/", url.replace(/^ws/, "http")).href;
}

function drainParameters(given: Arguments): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [option, name] of [
    ["over", "overMs"],
    ["deadline", "deadlineMs"],
  ] as const) {
    const text = given.string(option);
    if (text === undefined) continue;
    const value = durationMs(text);
    if (value === undefined)
      throw new UsageError(`--${option} must be a time such as 30s, 2m or 0, not ${JSON.stringify(text)}`);
    parameters.set(name, String(value));
  }
  const rate = given.integer("rate", 1);
  if (rate !== undefined) parameters.set("maxMovesPerSecond", String(rate));
  for (const endpoint of given.strings("to")) parameters.append("endpoint", endpoint);
  return parameters;
}

/** A flag, then the environment, then the data folder. The secret is never shown, not even when it is wrong. */
function adminSecret(given: Arguments, { environment, folder }: World): string {
  const inFile = (path: string | undefined, from: string): string | undefined =>
    path === undefined || path === "" ? undefined : readSecretFile(resolve(folder, path), from);
  const kept = (data: string | undefined): string | undefined =>
    data === undefined ? undefined : keptSecretIfThere(resolve(folder, data));
  const found =
    given.string("secret") ??
    inFile(given.string("secret-file"), "--secret-file") ??
    kept(given.string("data")) ??
    (environment["HAWSER_SECRET"] || undefined) ??
    inFile(environment["HAWSER_SECRET_FILE"], "environment variable HAWSER_SECRET_FILE") ??
    kept(environment["HAWSER_DATA"] || "data");
  if (found === undefined)
    throw new UsageError("there is no secret: give --secret-file or HAWSER_SECRET, or the server's folder with --data");
  const parsed = parseSecret(found);
  if ("value" in parsed) return parsed.value;
  throw new UsageError(`the secret must be ${parsed.mustBe}`);
}

/** A server with much to do may leave a question unanswered for a while. */
async function patiently(admin: AdminClient, world: World, timeoutMs: number): Promise<DrainProgress> {
  for (let waitedMs = 0; ; waitedMs += pollMs * 2) {
    try {
      const progress = await admin.progress();
      if (progress === undefined) throw new HawserError("connection-lost", "the server was started again");
      return progress;
    } catch (error) {
      const again = error instanceof HawserError && error.retry && waitedMs < timeoutMs;
      if (!again) throw error;
      await later(pollMs * 2, undefined, { signal: world.interrupted }).catch(() => world.interrupted.throwIfAborted());
    }
  }
}

/** Prints what has changed. */
function reporter(printer: Printer, json: boolean): (progress: DrainProgress) => Promise<void> {
  let last = "";
  return async (progress) => {
    const { done, ...counts } = progress;
    const { total, moved, closed, remaining } = progress;
    const line = json
      ? JSON.stringify({ type: done ? "drained" : "draining", ...counts })
      : done
        ? `drained: ${moved} moved, ${closed} closed`
        : `draining: ${moved} of ${total} moved, ${closed} closed, ${remaining} remaining`;
    if (line !== last) await printer.line(line);
    last = line;
  };
}
