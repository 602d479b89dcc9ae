import type { Client, Subscription } from "@hawser/client";
import type { Position } from "@hawser/protocol";
import type { Arguments } from "../arguments.ts";
import { aborted } from "../aborted.ts";
import { describeError } from "../describe-error.ts";
import { exitCodeOf, exitCodes, UsageError } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { columns, jsonLine } from "../output/messages.ts";
import type { MessageFormat } from "../output/messages.ts";
import { jsonNotes, spokenNotes } from "../output/notes.ts";
import type { Notes } from "../output/notes.ts";
import { parsePosition } from "../output/positions.ts";
import { Printer } from "../output/printer.ts";
import { styleFor } from "../output/style.ts";
import type { Command } from "./command.ts";
import { connectionOptions, connectionSettings } from "./connection-options.ts";
import { openClient } from "./open-client.ts";

const exitReasons = ["lost", "reset", "disconnect"] as const;
type ExitReason = (typeof exitReasons)[number];
type Start = "now" | "earliest" | { readonly last: number } | Position;

/** `hawser sub`: prints the messages of channels as they come. */
export const subCommand: Command = {
  specification: {
    name: "sub",
    summary: "print the messages of channels as they come",
    positionals: "CHANNEL...",
    minPositionals: 1,
    maxPositionals: 1000,
    options: {
      from: {
        type: "string",
        value: "START",
        description: "now (default), earliest, last:N, or a position EPOCH:OFFSET",
      },
      count: { type: "string", short: "n", value: "N", description: "end after so many messages" },
      "exit-on": {
        type: "string",
        multiple: true,
        value: "REASON",
        description: "end with exit code 1 on: lost (messages are gone), reset (the log is another one), disconnect",
      },
      json: { type: "boolean", description: "one JSON object a line; notes on the standard error too" },
      ...connectionOptions,
    },
    description: [
      "When the connection breaks, the command connects again and goes on where it was: no message is printed twice, and " +
        "none is left out. What could not be recovered is said on the standard error, with its interval.",
      "It reads no faster than its output is taken: a slow pipe slows down this subscriber only.",
    ],
    examples: [
      { explanation: "Read a room of the chat page.", command: "hawser sub chat.general" },
      {
        explanation: "The last ten messages, then what comes, in two rooms.",
        command: "hawser sub chat.general chat.random --from last:10",
      },
      {
        explanation: "For a script: stop at the first gap.",
        command: "hawser sub orders --from earliest --json --exit-on lost,reset | ./import",
      },
    ],
  },

  async run(given, world) {
    const options = subscribeOptions(given);
    const printer = new Printer(world);
    const json = given.flag("json");
    const channels = [...new Set(given.positionals)];
    const format = json ? jsonLine : columns(styleFor(world.stdout, world.environment), channels, { date: false });
    const notes = json ? jsonNotes(printer) : spokenNotes(printer, styleFor(world.stderr, world.environment));
    const settings = connectionSettings(given, world);
    const { client, ended } = await openClient(settings, world);
    notes.connected(settings.url, client.status.user);
    const reading = new Reading(options, printer, format);
    const stop = AbortSignal.any([ended, world.outputClosed, reading.finished]);
    try {
      const watched = watchConnection(client, notes, reading);
      const subscriptions = channels.map((name) =>
        client.channel(name).subscribe({ from: options.from, signal: stop }),
      );
      for (const [index, subscription] of subscriptions.entries())
        report(subscription, channels[index] ?? "", notes, reading);
      const ends = subscriptions.map((one) =>
        reading.read(one).catch((error: unknown) => failed(one, error, ended, notes, reading)),
      );
      await Promise.race([Promise.all(ends), aborted(stop)]);
      watched.abort();
      ended.throwIfAborted();
      return reading.exitCode;
    } finally {
      await client.close();
    }
  },
};

interface SubscribeOptions {
  readonly from: Start;
  readonly count: number;
  readonly exitOn: ReadonlySet<ExitReason>;
}

function subscribeOptions(given: Arguments): SubscribeOptions {
  const exitOn = given.strings("exit-on").map((name) => {
    const reason = exitReasons.find((one) => one === name);
    if (reason === undefined)
      throw new UsageError(`--exit-on knows ${exitReasons.join(", ")}, not ${JSON.stringify(name)}`);
    return reason;
  });
  return {
    from: parseStart(given.string("from") ?? "now"),
    count: given.integer("count", 1) ?? Number.POSITIVE_INFINITY,
    exitOn: new Set(exitOn),
  };
}

function parseStart(text: string): Start {
  if (text === "now" || text === "earliest") return text;
  const [, last] = /^last:(\d{1,9})$/.exec(text) ?? [];
  if (last !== undefined) return { last: Number(last) };
  return parsePosition(text, "--from must be now, earliest or last:N, or it");
}

/** Counts and prints, and says when enough was read. */
class Reading {
  exitCode: ExitCode = exitCodes.ok;
  readonly #options: SubscribeOptions;
  readonly #printer: Printer;
  readonly #format: MessageFormat;
  readonly #finished = new AbortController();
  #count = 0;

  constructor(options: SubscribeOptions, printer: Printer, format: MessageFormat) {
    this.#options = options;
    this.#printer = printer;
    this.#format = format;
  }

  /** Aborted when the command has nothing more to do. */
  get finished(): AbortSignal {
    return this.#finished.signal;
  }

  /** Prints what comes; rejects when the server ends the subscription. */
  async read(subscription: Subscription): Promise<void> {
    for await (const message of subscription) {
      if (this.finished.aborted) return;
      this.#count += 1;
      const last = this.#count >= this.#options.count;
      await this.#printer.line(this.#format(message));
      if (last) this.#finished.abort();
    }
  }

  /** Something happened on which the command may have been asked to end. */
  happened(reason: ExitReason): void {
    if (this.#options.exitOn.has(reason)) this.fail(exitCodes.failure);
  }

  fail(code: ExitCode): void {
    if (this.finished.aborted) return;
    this.exitCode = code;
    this.#finished.abort();
  }
}

function report(subscription: Subscription, channel: string, notes: Notes, reading: Reading): void {
  subscription.addEventListener("lost", (event) => {
    notes.lost(channel, event.interval);
    reading.happened("lost");
  });
  subscription.addEventListener("reset", (event) => {
    notes.reset(channel, event.reason);
    reading.happened("reset");
  });
}

/** One channel ended; when the whole client did, that is told once, by who waits for it. */
function failed(subscription: Subscription, error: unknown, ended: AbortSignal, notes: Notes, reading: Reading): void {
  if (ended.aborted) return;
  notes.ended(subscription.channel, describeError(error));
  reading.fail(exitCodeOf(error));
}

/** Says when the connection breaks and when it is back; ends when it is told to. */
function watchConnection(client: Client, notes: Notes, reading: Reading): AbortController {
  const watched = new AbortController();
  let up = true;
  client.addEventListener(
    "status",
    () => {
      // A client that is closed does not come back: why it ended is told by who closed it.
      if (client.status.state === "closed") return;
      const nowUp = client.status.state === "connected";
      if (nowUp === up) return;
      up = nowUp;
      if (up) notes.back();
      else {
        notes.away();
        reading.happened("disconnect");
      }
    },
    { signal: watched.signal },
  );
  return watched;
}
