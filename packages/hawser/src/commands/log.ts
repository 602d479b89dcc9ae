import type { Log } from "@hawser/log";
import { serveLog } from "@hawser/log-server";
import { aborted } from "../aborted.ts";
import { loadConfigFile } from "../configuration/config-file.ts";
import type { ConfigFile } from "../configuration/config-file.ts";
import { logAddressText, socketAddressOf } from "../configuration/log-address.ts";
import { resolveLogSettings, unknownVariables } from "../configuration/settings.ts";
import type { LogSettings } from "../configuration/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { openLog } from "../serve/open-log.ts";
import { embeddedLog, loggerOf, makeFolder } from "../serve/server-options.ts";
import { version } from "../version.ts";
import type { Command } from "./command.ts";

/** `hawser log`: the embedded log in a process of its own, for several nodes of this machine. */
export const logCommand: Command = {
  specification: {
    name: "log",
    summary: "keep the log that several servers of this machine share",
    positionals: "",
    minPositionals: 0,
    maxPositionals: 0,
    options: {
      listen: {
        type: "string",
        short: "l",
        value: "ADDRESS",
        description:
          "unix:PATH, or tcp:127.0.0.1:PORT (0 for any); also HAWSER_LOG (default unix: and log.sock in the data folder)",
      },
      data: {
        type: "string",
        short: "d",
        value: "FOLDER",
        description: "where data lies; also HAWSER_DATA (default ./data)",
      },
      config: {
        type: "string",
        short: "c",
        value: "FILE",
        description: "configuration, whose channels say what is kept; also HAWSER_CONFIG (default as for serve)",
      },
      "log-level": {
        type: "string",
        value: "LEVEL",
        description: "debug, info, warn, error or silent; also HAWSER_LOG_LEVEL (default info)",
      },
    },
    description: [
      "Keeps the embedded log, and serves it to every hawser serve --log ADDRESS of this machine: the nodes then have the same " +
        "channels, and a client goes on with any of them where it was. Give all of them the same configuration and data folder.",
      "There is no authentication: the socket's file can be used by its owner alone (0600), a port by every user of the " +
        "machine. SIGTERM and Ctrl+C stop it in good order. Nodes wait for it, and go on when it is back.",
    ],
    examples: [
      { explanation: "A log, and two nodes on it.", command: "hawser log" },
      { explanation: "The first of them.", command: "hawser serve --log unix:data/log.sock --port 8081" },
      { explanation: "The second.", command: "hawser serve --log unix:data/log.sock --port 8082" },
    ],
  },

  async run(given, world) {
    const file = await loadConfigFile(
      world.folder,
      given.string("config") ?? (world.environment["HAWSER_CONFIG"] || undefined),
    );
    const settings = resolveLogSettings(given, world.environment, file, world.folder);
    const printer = new Printer(world);
    for (const warning of unknownVariables(world.environment)) printer.note(`warning: ${warning}`);
    const logger = loggerOf(settings.logLevel.value, world);
    const log = await open(settings, file);
    try {
      const server = await serveLog({ log, socket: socketAddressOf(settings.log.value) });
      const address = logAddressText(server.socket);
      logger.info({ address, data: settings.data.value }, "the log is served");
      const lines = ["", `Hawser ${version()} log is ready`, "", `  Nodes    hawser serve --log ${address}`];
      for (const line of [...lines, `  Data     ${settings.data.value}`, ""]) await printer.line(line);
      await aborted(world.interrupted);
      printer.note("stopping");
      await server.close();
    } finally {
      await log.close();
    }
    return exitCodes.ok;
  },
};

async function open(settings: LogSettings, file: ConfigFile): Promise<Log> {
  makeFolder(settings.data.value, settings.data.from);
  const log = await embeddedLog(settings.data.value);
  await openLog(log, file);
  return log;
}
