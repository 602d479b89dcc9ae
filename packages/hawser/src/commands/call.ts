import type { Arguments } from "../arguments.ts";
import { exitCodes, UsageError } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import type { World } from "../world.ts";
import type { Command } from "./command.ts";
import { connectionOptions, connectionSettings } from "./connection-options.ts";
import { withClient } from "./open-client.ts";

/** `hawser call`: one request, one reply. */
export const callCommand: Command = {
  specification: {
    name: "call",
    summary: "call a method of the server, and print its reply",
    positionals: "METHOD [JSON]",
    minPositionals: 1,
    maxPositionals: 2,
    options: {
      json: { type: "boolean", description: "the reply on one line" },
      idempotent: {
        type: "boolean",
        description: "the method may run more than once: ask again when the connection is lost",
      },
      ...connectionOptions,
    },
    description: [
      "JSON is the request; without it the request is null, and - reads it from the standard input. The reply is printed " +
        "as JSON. When the connection is lost in the middle, whether the method ran is not known: the exit code is 4.",
    ],
    examples: [
      { explanation: "Add two numbers.", command: `hawser call add '{"a": 1, "b": 2}'` },
      {
        explanation: "The request from a file, the reply for a script.",
        command: "hawser call import - --json < request.json",
      },
    ],
  },

  async run(given, world) {
    const [method = ""] = given.positionals;
    const request = await requestOf(given, world);
    const settings = connectionSettings(given, world);
    const reply = await withClient(settings, world, ({ client, ended }) =>
      client.call(method, request, {
        signal: ended,
        timeoutMs: settings.timeoutMs,
        idempotent: given.flag("idempotent"),
      }),
    );
    const onePiece = given.flag("json") || world.stdout.isTTY !== true;
    const shown = reply instanceof Uint8Array ? { bytes: Buffer.from(reply).toString("base64") } : reply;
    await new Printer(world).line(JSON.stringify(shown ?? null, undefined, onePiece ? undefined : 2));
    return exitCodes.ok;
  },
};

async function requestOf(given: Arguments, world: World): Promise<unknown> {
  const [, text] = given.positionals;
  if (text === undefined) return null;
  const source = text === "-" ? await wholeInput(world) : text;
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new UsageError(`the request is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The most that a request from the standard input may have; a server takes less. */
const maxInputBytes = 16 * 1024 * 1024;

async function wholeInput(world: World): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of world.stdin) {
    const buffer = Buffer.from(piece as Uint8Array);
    bytes += buffer.length;
    if (bytes > maxInputBytes) throw new UsageError("the request is longer than 16 MiB");
    pieces.push(buffer);
  }
  return Buffer.concat(pieces).toString("utf8");
}
