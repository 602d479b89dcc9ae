import { parseArguments } from "./arguments.ts";
import { callCommand } from "./commands/call.ts";
import type { Command } from "./commands/command.ts";
import { drainCommand } from "./commands/drain.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { historyCommand } from "./commands/history.ts";
import { logCommand } from "./commands/log.ts";
import { pubCommand } from "./commands/pub.ts";
import { serveCommand } from "./commands/serve.ts";
import { subCommand } from "./commands/sub.ts";
import { tokenCommand } from "./commands/token.ts";
import { whoCommand } from "./commands/who.ts";
import { describeError } from "./describe-error.ts";
import { exitCodeOf, exitCodes, Interrupted, UsageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { commandHelp, overview } from "./help.ts";
import { nearest } from "./nearest.ts";
import { version } from "./version.ts";
import type { World } from "./world.ts";

const commands: readonly Command[] = [
  serveCommand,
  gatewayCommand,
  logCommand,
  drainCommand,
  subCommand,
  pubCommand,
  callCommand,
  historyCommand,
  whoCommand,
  tokenCommand,
];

/**
 * Runs a command line and resolves with its exit code. It never rejects: what goes wrong is said on the standard error.
 *
 * @param words the command line without the program: `["sub", "chat.general"]`.
 */
export async function main(words: readonly string[], world: World): Promise<ExitCode> {
  const [name = "", ...rest] = words;
  try {
    return await dispatch(name, rest, world);
  } catch (error) {
    if (!(error instanceof Interrupted)) {
      world.stderr.write(`hawser: ${describeError(error)}\n`);
      const known = commands.some((command) => command.specification.name === name);
      if (error instanceof UsageError && known) world.stderr.write(`hawser help ${name} shows what it takes\n`);
    }
    return exitCodeOf(error);
  }
}

async function dispatch(name: string, rest: readonly string[], world: World): Promise<ExitCode> {
  if (name === "--version" || name === "-v" || name === "version") return print(version(), world);
  if (name === "" || name === "help" || name === "--help" || name === "-h") return help(name, rest, world);
  const command = find(name);
  if (beforeDashes(rest).some((word) => word === "--help" || word === "-h")) {
    return print(commandHelp(command.specification), world);
  }
  return command.run(parseArguments(command.specification, rest), world);
}

function help(name: string, rest: readonly string[], world: World): ExitCode {
  const [topic] = rest;
  const text =
    topic === undefined ? overview(commands.map((one) => one.specification)) : commandHelp(find(topic).specification);
  if (name !== "") return print(text, world);
  world.stderr.write(`${text}\n`);
  return exitCodes.usage;
}

function print(text: string, world: World): ExitCode {
  world.stdout.write(`${text}\n`);
  return exitCodes.ok;
}

function find(name: string): Command {
  const found = commands.find((command) => command.specification.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.specification.name);
  const guess = nearest(name, names);
  throw new UsageError(
    `there is no command ${JSON.stringify(name)}${guess === undefined ? "" : `; did you mean ${guess}?`}\n` +
      `Commands: ${names.join(", ")}. hawser help shows more`,
  );
}

function beforeDashes(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end === -1 ? words : words.slice(0, end);
}
