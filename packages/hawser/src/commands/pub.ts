import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Channel, Publication, PublishOptions } from "@hawser/client";
import { HawserError } from "@hawser/protocol";
import type { Arguments } from "../arguments.ts";
import { aborted } from "../aborted.ts";
import { describeError } from "../describe-error.ts";
import { parseDuration } from "../duration.ts";
import { exitCodeOf, exitCodes, UsageError } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { acceptedText } from "../output/messages.ts";
import { Printer } from "../output/printer.ts";
import type { World } from "../world.ts";
import type { Command } from "./command.ts";
import { connectionOptions, connectionSettings } from "./connection-options.ts";
import { openClient } from "./open-client.ts";

/** `hawser pub`: publishes, and waits until the log has it. */
export const pubCommand: Command = {
  specification: {
    name: "pub",
    summary: "publish messages, and wait until the log has them",
    positionals: "CHANNEL [MESSAGE]",
    minPositionals: 1,
    maxPositionals: 2,
    options: {
      json: { type: "boolean", description: "messages are JSON; what became of each is printed as a JSON line" },
      key: { type: "string", short: "k", value: "KEY", description: "conflation key of the messages" },
      ttl: {
        type: "string",
        value: "TIME",
        description: "give a message up that was not sent within that time, as 5s",
      },
      ...connectionOptions,
    },
    description: [
      "Publishes MESSAGE, or without it each line of the standard input that is not empty, in order. Every message is in " +
        "the log once, also when the connection breaks in between.",
      "Exit code 1: something was rejected. 3: this user may not publish there. 4: of something that was sent it is not " +
        "known whether the log has it.",
    ],
    examples: [
      {
        explanation: "Say something in a room of the chat page.",
        command: "hawser pub chat.general 'hello from a terminal'",
      },
      {
        explanation: "A log file, line by line, as it grows.",
        command: "tail -f service.log | hawser pub logs.service",
      },
      { explanation: "Values.", command: `hawser pub prices.EURUSD '{"bid": 1.0831}' --json --key EURUSD` },
    ],
  },

  async run(given, world) {
    const [channelName = "", message] = given.positionals;
    const settings = connectionSettings(given, world);
    const parse = given.flag("json") ? parseJson : (text: string): unknown => text;
    // Proved before anything is sent: a wrong message on the command line is a mistake of the line.
    const single = message === undefined ? undefined : { data: parse(message, "MESSAGE") };
    const options = publishOptions(given);
    const { client, ended } = await openClient(settings, world);
    const ledger = new Ledger(new Printer(world), given.flag("json"), single !== undefined);
    const publish = publisher(client.channel(channelName), options, ledger);
    const stop = AbortSignal.any([ended, ledger.stalled(settings.timeoutMs)]);
    try {
      if (single === undefined) await publishLines(world, parse, publish, ledger, stop);
      else publish(single.data, 0);
      await Promise.race([ledger.settled(), aborted(stop)]);
    } finally {
      // What is still open ends here: as unknown when it was sent, as cancelled when it was not.
      await client.close();
      await ledger.settled();
      ledger.stop();
    }
    ledger.summarise();
    ended.throwIfAborted();
    return ledger.exitCode;
  },
};

/** As many messages as may be on their way at a time: reading goes on when one is answered. */
const maxUnanswered = 256;

type Publish = (data: unknown, line: number) => void;

function publishOptions(given: Arguments): PublishOptions {
  const [key, ttl] = [given.string("key"), given.string("ttl")];
  return {
    ...(key === undefined ? {} : { key }),
    ...(ttl === undefined ? {} : { ttlMs: parseDuration(ttl, "--ttl") }),
  };
}

function publisher(channel: Channel, options: PublishOptions, ledger: Ledger): Publish {
  return (data, line) => ledger.add(channel.publish(data, options), line);
}

async function publishLines(
  world: World,
  parse: (text: string, origin: string) => unknown,
  publish: Publish,
  ledger: Ledger,
  stop: AbortSignal,
): Promise<void> {
  const lines = createInterface({ input: Readable.from(world.stdin), crlfDelay: Number.POSITIVE_INFINITY });
  const close = (): void => lines.close();
  stop.addEventListener("abort", close);
  let line = 0;
  for await (const text of lines) {
    if (stop.aborted) break;
    line += 1;
    if (text === "") continue;
    let data: unknown;
    try {
      data = parse(text, `line ${line}`);
    } catch (error) {
      ledger.refuse(error, line);
      continue;
    }
    publish(data, line);
    await ledger.below(maxUnanswered, stop);
  }
  stop.removeEventListener("abort", close);
}

/** What became of each message. */
class Ledger {
  readonly #printer: Printer;
  readonly #json: boolean;
  readonly #single: boolean;
  readonly #open = new Set<Promise<void>>();
  readonly #stall = new AbortController();
  #watch: NodeJS.Timeout | undefined;
  #onAnswer: (() => void) | undefined;
  #accepted = 0;
  #failed = 0;
  #worst: ExitCode = exitCodes.ok;

  constructor(printer: Printer, json: boolean, single: boolean) {
    this.#printer = printer;
    this.#json = json;
    this.#single = single;
  }

  /** Messages without an answer. */
  get unanswered(): number {
    return this.#open.size;
  }

  /** 4 when an outcome is unknown, else 3 when something was forbidden, else 1 when something was rejected. */
  get exitCode(): ExitCode {
    return this.#worst;
  }

  add(publication: Publication, line: number): void {
    const settled: Promise<void> = this.#follow(publication, line).finally(() => {
      this.#open.delete(settled);
      this.#onAnswer?.();
      this.#watch?.refresh();
    });
    this.#open.add(settled);
    this.#watch?.refresh();
  }

  /** A message that was not published at all. */
  refuse(error: unknown, line: number): void {
    this.#fail(error, line);
  }

  /** Resolves when fewer than so many messages wait for an answer, or when `stop` is aborted. */
  async below(count: number, stop: AbortSignal): Promise<void> {
    if (this.unanswered < count || stop.aborted) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.unanswered >= count && !stop.aborted) return;
        this.#onAnswer = undefined;
        stop.removeEventListener("abort", look);
        resolve();
      };
      this.#onAnswer = look;
      stop.addEventListener("abort", look);
    });
  }

  async settled(): Promise<void> {
    await Promise.all(this.#open);
  }

  /** Aborted when messages wait for an answer, and none has come for so long. */
  stalled(timeoutMs: number): AbortSignal {
    this.#watch = setInterval(() => {
      if (this.unanswered > 0) this.#stall.abort();
    }, timeoutMs);
    return this.#stall.signal;
  }

  stop(): void {
    clearInterval(this.#watch);
  }

  summarise(): void {
    if (this.#single && this.#failed === 0) return;
    if (this.#json) return;
    const accepted = `${this.#accepted} accepted`;
    this.#printer.note(this.#failed === 0 ? accepted : `${accepted}, ${this.#failed} not`);
  }

  async #follow(publication: Publication, line: number): Promise<void> {
    try {
      const { position, duplicate } = await publication;
      this.#accepted += 1;
      if (this.#json) await this.#print({ type: "accepted", position, duplicate }, line);
      else if (this.#single) await this.#printer.line(acceptedText(position, duplicate));
    } catch (error) {
      this.#fail(error, line);
    }
  }

  #fail(error: unknown, line: number): void {
    this.#failed += 1;
    const code = exitCodeOf(error);
    const ranked = code === exitCodes.usage ? exitCodes.failure : code;
    if (ranked > this.#worst) this.#worst = ranked;
    if (this.#json) {
      const type = ranked === exitCodes.unknown ? "unknown" : "rejected";
      const reason = error instanceof HawserError ? error.code : "payload-invalid";
      void this.#print({ type, code: reason, message: error instanceof Error ? error.message : String(error) }, line);
    } else {
      this.#printer.note(`${this.#single ? "" : `line ${line}: `}${describeError(error)}`);
    }
  }

  #print(outcome: object, line: number): Promise<void> {
    return this.#printer.line(JSON.stringify(this.#single ? outcome : { ...outcome, line }));
  }
}

function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${origin} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
