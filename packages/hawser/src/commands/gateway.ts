import { HawserError } from "@hawser/protocol";
import { describeError } from "../describe-error.ts";
import { exitCodes, UsageError } from "../exit-codes.ts";
import type { Arguments } from "../arguments.ts";
import { Printer } from "../output/printer.ts";
import type { Command } from "./command.ts";

/** `hawser gateway`: virtual sockets and plain WebSocket clients, in front of pools of servers. */
export const gatewayCommand: Command = {
  specification: {
    name: "gateway",
    summary: "run a gateway in front of WebSocket servers and HTTP back ends",
    positionals: "",
    minPositionals: 0,
    maxPositionals: 0,
    options: {
      config: {
        type: "string",
        short: "c",
        value: "FILE",
        description: "its configuration: .ts, .js or .json (default: hawser.gateway.ts and so on, if there is one)",
      },
      port: {
        type: "string",
        short: "p",
        value: "PORT",
        description: "port to listen on, in place of the configuration's; 0 for any (default 8080)",
      },
      host: {
        type: "string",
        value: "ADDRESS",
        description: "address to listen on, in place of the configuration's (default 127.0.0.1: this machine only)",
      },
      check: { type: "boolean", description: "say everything that is wrong with the configuration; do not run" },
    },
    description: [
      "Takes plain WebSocket clients and passes them on by host, path and subprotocol; and virtual sockets of Hawser's own " +
        "clients, many over one connection. Behind it are pools of WebSocket servers, and HTTP back ends that speak with sockets " +
        "by requests.",
      "SIGHUP reads the configuration again: pools and routes change, no connection is dropped, and a file with faults changes " +
        "nothing. SIGTERM and Ctrl+C drain it: /readyz says 503, and sockets have the time of drainMs to end. A second signal " +
        "ends it at once.",
      "With --check the exit code is 0 for a configuration that is right, and 1 for one that is not: all is made of it that would run, and files of certificates are read, but no port is opened.",
    ],
    examples: [
      { explanation: "With hawser.gateway.ts of this folder.", command: "hawser gateway" },
      {
        explanation: "Another configuration, looked at before it is used.",
        command: "hawser gateway --config deploy/gateway.json --check",
      },
    ],
  },

  async run(given, world) {
    // Loaded here alone: other commands start faster without it.
    const { loadGatewayFile } = await import("../gateway/gateway-file.ts");
    const { rehearseGateway, runGateway } = await import("../gateway/run-gateway.ts");
    const named = given.string("config");
    const overrides = { port: portOf(given), host: given.string("host") };
    if (!given.flag("check")) return runGateway(() => loadGatewayFile(world.folder, named), overrides, world);
    try {
      const file = await loadGatewayFile(world.folder, named);
      await rehearseGateway(file, overrides);
      const { name, config } = file;
      const counts = `${Object.keys(config.pools).length} pools, ${config.routes?.length ?? 0} routes`;
      await new Printer(world).line(`${name} is right: ${counts}.`);
      return exitCodes.ok;
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof HawserError)) throw error;
      world.stderr.write(`${describeError(error)}\n`);
      return exitCodes.failure;
    }
  },
};

function portOf(given: Arguments): number | undefined {
  const port = given.integer("port", 0);
  if (port !== undefined && port > 65_535) throw new UsageError("--port must be a whole number from 0 to 65535");
  return port;
}
