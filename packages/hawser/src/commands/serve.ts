import { createServer } from "@hawser/server";
import { aborted } from "../aborted.ts";
import { loadConfigFile } from "../configuration/config-file.ts";
import { brokerSchemes, warnOfBroker } from "../brokers/broker-log.ts";
import type { ConfigFile } from "../configuration/config-file.ts";
import { resolveSettings, unknownVariables } from "../configuration/settings.ts";
import type { Settings } from "../configuration/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { styleFor } from "../output/style.ts";
import { announcement } from "../serve/announcement.ts";
import { listen } from "../serve/listen.ts";
import { folderSecret, logOf, serverOptions } from "../serve/server-options.ts";
import { settingsTable } from "../serve/settings-table.ts";
import { drainNote, maxStopMs, notInTime, within } from "../serve/stopping.ts";
import { serveWithWorkers } from "../workers/primary.ts";
import type { World } from "../world.ts";
import type { Command } from "./command.ts";

/** `hawser serve`: a server with the embedded log, and the chat page. */
export const serveCommand: Command = {
  specification: {
    name: "serve",
    summary: "run a server, with the chat page",
    positionals: "",
    minPositionals: 0,
    maxPositionals: 0,
    options: {
      port: {
        type: "string",
        short: "p",
        value: "PORT",
        description: "port to listen on, 0 for any; also HAWSER_PORT, PORT (default 8080)",
      },
      host: {
        type: "string",
        value: "ADDRESS",
        description:
          "address to listen on; also HAWSER_HOST (default 127.0.0.1: this machine only; 0.0.0.0 lets others in)",
      },
      "tcp-port": {
        type: "string",
        value: "PORT",
        description: "also listen on this port for programs, without HTTP; also HAWSER_TCP_PORT (default none)",
      },
      "tcp-cert": {
        type: "string",
        value: "FILE",
        description: "certificate of that port: it speaks TLS then; also HAWSER_TCP_CERT",
      },
      "tcp-key": { type: "string", value: "FILE", description: "key of that certificate; also HAWSER_TCP_KEY" },
      path: { type: "string", value: "PATH", description: "path of the WebSocket; also HAWSER_PATH (default /hawser)" },
      data: {
        type: "string",
        short: "d",
        value: "FOLDER",
        description: "where data lies; also HAWSER_DATA (default ./data)",
      },
      memory: { type: "boolean", description: "keep everything in memory only; also HAWSER_MEMORY=1" },
      log: {
        type: "string",
        value: "ADDRESS",
        description:
          "use the log of a hawser log there: unix:PATH or tcp:127.0.0.1:PORT; or that of a broker: " +
          `${brokerSchemes.join(", ")}; also HAWSER_LOG`,
      },
      peer: {
        type: "string",
        multiple: true,
        value: "URL",
        description: "public address of another node, where a drain sends clients to; also HAWSER_PEERS",
      },
      address: {
        type: "string",
        multiple: true,
        value: "URL",
        description:
          "public address of this node alone, told to the others that share its log: clients are sent there; also HAWSER_ADDRESSES",
      },
      drain: {
        type: "string",
        value: "TIME",
        description:
          "how long clients are sent elsewhere at SIGTERM and Ctrl+C, such as 30s; 0: not at all; also HAWSER_DRAIN (default 10s)",
      },
      workers: {
        type: "string",
        short: "w",
        value: "COUNT",
        description:
          "processes that serve clients, on one port and one log; auto: one per core; also HAWSER_WORKERS (default 1)",
      },
      origin: {
        type: "string",
        multiple: true,
        value: "ORIGIN",
        description:
          "web pages that may connect: same-origin (default), any, or https://example.org; also HAWSER_ORIGINS",
      },
      secret: {
        type: "string",
        value: "SECRET",
        description: "secret of clients' tokens; better HAWSER_SECRET or --secret-file, which other users cannot see",
      },
      "secret-file": {
        type: "string",
        value: "FILE",
        description: "file that holds the secret of clients' tokens; also HAWSER_SECRET_FILE",
      },
      "api-key-file": {
        type: "string",
        value: "FILE",
        description:
          "keys of the HTTP API for back ends, as JSON; also HAWSER_API_KEY_FILE (default: there is no such API)",
      },
      "no-page": { type: "boolean", description: "do not serve the chat page; also HAWSER_PAGE=0" },
      config: {
        type: "string",
        short: "c",
        value: "FILE",
        description:
          "configuration; also HAWSER_CONFIG (default hawser.config.ts, .mts, .js or .mjs in the working folder, if there is one)",
      },
      "log-level": {
        type: "string",
        value: "LEVEL",
        description: "debug, info, warn, error or silent; also HAWSER_LOG_LEVEL (default info)",
      },
      check: {
        type: "boolean",
        description: "say what would be used, and from where, and whether it is right; do not run",
      },
    },
    description: [
      "Serves channels with history to WebSocket clients, and a chat page at /. Without a secret and without authenticate in " +
        "the configuration, clients are anonymous: everybody who reaches the port may do everything, under any name.",
      "A flag counts before an environment variable, that before the configuration file, and that before the default. " +
        "/healthz, /readyz and /metrics are for those who watch it.",
      "SIGTERM and Ctrl+C stop it in good order: /readyz says 503, clients are told one after the other to move, over the " +
        "time of --drain, and what was acknowledged is on disk. The exit code is then 0, or 1 if it could not be closed. " +
        "A second signal ends it at once, with 143 or 130.",
    ],
    examples: [
      { explanation: "The chat page on http://127.0.0.1:8080/.", command: "hawser serve" },
      {
        explanation: "For everybody in the network who has a token.",
        command: "hawser serve --host 0.0.0.0 --secret-file secret.txt",
      },
      {
        explanation: "One of two nodes on one log: when it stops, its clients go to the other.",
        command: "hawser serve --log unix:data/log.sock --peer wss://b.example.org/hawser",
      },
      {
        explanation: "Another configuration, looked at before it is used.",
        command: "hawser serve --config deploy/hawser.config.ts --check",
      },
    ],
  },

  async run(given, world) {
    const file = await loadConfigFile(
      world.folder,
      given.string("config") ?? (world.environment["HAWSER_CONFIG"] || undefined),
    );
    const settings = resolveSettings(given, world.environment, file, world.folder);
    const printer = new Printer(world);
    for (const warning of unknownVariables(world.environment)) printer.note(`warning: ${warning}`);
    if (given.flag("check")) return check(settings, file, world);
    return settings.workers.value > 1 ? serveWithWorkers(settings, file, world) : serve(settings, file, world);
  },
};

/** Makes everything, and starts nothing. */
async function check(settings: Settings, file: ConfigFile, world: World): Promise<ExitCode> {
  createServer(serverOptions(settings, file, world, { log: await logOf(settings, file), keptSecret: undefined }));
  const printer = new Printer(world);
  for (const line of settingsTable(settings, file)) await printer.line(line);
  await printer.line("The configuration is right.");
  return exitCodes.ok;
}

async function serve(settings: Settings, file: ConfigFile, world: World): Promise<ExitCode> {
  const keptSecret = folderSecret(settings, file);
  const log = await logOf(settings, file);
  const server = createServer(serverOptions(settings, file, world, { log, keptSecret }));
  await listen(server, settings);
  const printer = new Printer(world);
  warnOfBroker(settings, log, printer);
  const style = styleFor(world.stdout, world.environment);
  for (const line of announcement(server, settings, file, style)) await printer.line(line);
  await aborted(world.interrupted);
  const overMs = settings.drainMs.value;
  if (overMs > 0 && server.connections > 0) {
    printer.note(drainNote(server.connections, overMs));
    await server.drain({ overMs });
  }
  printer.note("stopping");
  const inTime = await within(server.close(), maxStopMs);
  if (inTime) return exitCodes.ok;
  printer.note(notInTime);
  return exitCodes.failure;
}
