import { readHistory } from "@hawser/client";
import type { Channel } from "@hawser/client";
import type { Position } from "@hawser/protocol";
import { exitCodes, UsageError } from "../exit-codes.ts";
import { columns, jsonLine } from "../output/messages.ts";
import type { PrintedMessage } from "../output/messages.ts";
import { parsePosition, positionText } from "../output/positions.ts";
import { Printer } from "../output/printer.ts";
import { styleFor } from "../output/style.ts";
import type { Command } from "./command.ts";
import { connectionOptions, connectionSettings } from "./connection-options.ts";
import { unlessEnded, withClient } from "./open-client.ts";

/** `hawser history`: what a channel holds. */
export const historyCommand: Command = {
  specification: {
    name: "history",
    summary: "print messages that a channel holds",
    positionals: "CHANNEL",
    minPositionals: 1,
    maxPositionals: 1,
    options: {
      before: { type: "string", value: "POSITION", description: "the messages up to this position" },
      after: {
        type: "string",
        value: "POSITION",
        description: "the messages behind this position; earliest: from the first one",
      },
      limit: { type: "string", short: "n", value: "N", description: "at most so many (default 20)" },
      json: { type: "boolean", description: "one JSON object a line" },
      ...connectionOptions,
    },
    description: [
      "Prints the newest messages, the newest one last. With --before it goes back from a position, with --after forward. " +
        "A position is EPOCH:OFFSET, as the command prints it.",
    ],
    examples: [
      { explanation: "The last twenty messages.", command: "hawser history chat.general" },
      {
        explanation: "All messages, for a script.",
        command: "hawser history chat.general --after earliest --limit 1000000 --json",
      },
      {
        explanation: "The fifty before a position.",
        command: "hawser history chat.general --before 1732279000:420 -n 50",
      },
    ],
  },

  async run(given, world) {
    const [name = ""] = given.positionals;
    const limit = given.integer("limit", 1) ?? 20;
    const before = given.string("before");
    const after = given.string("after");
    if (before !== undefined && after !== undefined) throw new UsageError("give only one of --before and --after");
    const printer = new Printer(world);
    const format = given.flag("json")
      ? jsonLine
      : columns(styleFor(world.stdout, world.environment), [name], { date: true });
    const end = before === undefined ? undefined : parsePosition(before, "--before");
    const start = after === undefined || after === "earliest" ? undefined : parsePosition(after, "--after");
    return withClient(connectionSettings(given, world), world, async ({ client, ended }) => {
      const channel = client.channel(name);
      const messages = after === undefined ? newest(channel, end, limit) : oldest(channel, start, limit);
      const stop = AbortSignal.any([ended, world.outputClosed]);
      let rest: Rest = { more: false };
      for (;;) {
        const next = await unlessEnded(messages.next(), stop).catch((error: unknown) => {
          if (world.outputClosed.aborted) return { done: true as const, value: { more: false } };
          throw error;
        });
        if (next.done) {
          rest = next.value;
          break;
        }
        await printer.line(format(next.value));
      }
      if (rest.more && rest.option !== undefined) printer.note(`there is more: ${rest.option}`);
      return exitCodes.ok;
    });
  },
};

interface Rest {
  readonly more: boolean;
  /** The option that shows it. */
  readonly option?: string;
}

async function* oldest(
  channel: Channel,
  start: Position | undefined,
  limit: number,
): AsyncGenerator<PrintedMessage, Rest> {
  let left = limit;
  // Epoch 0 stands for the current one: from the first message that there is.
  let after: Position = start ?? { epoch: 0, offset: 0 };
  for (;;) {
    const page = await readHistory(channel, { after, limit: Math.min(left, pageSize) });
    yield* page.messages;
    left -= page.messages.length;
    after = { epoch: page.epoch, offset: page.to };
    if (!page.more) return { more: false };
    if (left <= 0) return { more: true, option: `--after ${positionText(after)}` };
  }
}

/** Pages come newest first, and messages are printed oldest first: they are held, at most `limit` of them. */
async function* newest(
  channel: Channel,
  end: Position | undefined,
  limit: number,
): AsyncGenerator<PrintedMessage, Rest> {
  const held: PrintedMessage[] = [];
  let before = end;
  let more = true;
  while (more && held.length < limit) {
    const options = { limit: Math.min(limit - held.length, pageSize) };
    const page = await readHistory(channel, before === undefined ? options : { before, ...options });
    held.unshift(...page.messages);
    before = { epoch: page.epoch, offset: page.from };
    more = page.more;
  }
  yield* held;
  return more && before !== undefined ? { more: true, option: `--before ${positionText(before)}` } : { more: false };
}

const pageSize = 500;
