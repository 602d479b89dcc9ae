import { watchPresence } from "@hawser/client";
import type { PresenceMember, PresenceWatch } from "@hawser/client";
import { aborted } from "../aborted.ts";
import { exitCodes } from "../exit-codes.ts";
import { dataText } from "../output/messages.ts";
import { Printer } from "../output/printer.ts";
import { colourOf, printable, styleFor } from "../output/style.ts";
import type { Style } from "../output/style.ts";
import type { Command } from "./command.ts";
import { connectionOptions, connectionSettings } from "./connection-options.ts";
import { unlessEnded, withClient } from "./open-client.ts";

/** `hawser who`: the members of a channel. */
export const whoCommand: Command = {
  specification: {
    name: "who",
    summary: "print who is in a channel",
    positionals: "CHANNEL",
    minPositionals: 1,
    maxPositionals: 1,
    options: {
      follow: { type: "boolean", short: "f", description: "then print who comes, changes and goes, until stopped" },
      count: { type: "boolean", description: "print how many there are, not who" },
      json: { type: "boolean", description: "one JSON object a line" },
      ...connectionOptions,
    },
    description: [
      "A member is a client that has entered the channel, however many connections it has, on whichever node. One whose " +
        "connection was lost is a member until the channel's grace time has passed.",
    ],
    examples: [
      { explanation: "Who is in a room of the chat page.", command: "hawser who chat.general" },
      { explanation: "How many there are, as it changes.", command: "hawser who chat.general --count --follow" },
    ],
  },

  async run(given, world) {
    const [name = ""] = given.positionals;
    const printer = new Printer(world);
    const countOnly = given.flag("count");
    const format = given.flag("json") ? jsonFormat : textFormat(styleFor(world.stdout, world.environment));
    return withClient(connectionSettings(given, world), world, async ({ client, ended }) => {
      const watch = watchPresence(client.channel(name), { countOnly });
      await unlessEnded(whenReady(watch), AbortSignal.any([ended, world.outputClosed]));
      if (countOnly) await printer.line(format.count(watch.count));
      for (const member of watch.members.values()) await printer.line(format.member("here", member));
      if (!given.flag("follow")) return exitCodes.ok;
      const over = follow(watch, format, printer, countOnly);
      await Promise.race([over, aborted(AbortSignal.any([ended, world.outputClosed]))]);
      ended.throwIfAborted();
      return exitCodes.ok;
    });
  },
};

type What = "here" | "join" | "update" | "leave";

interface Format {
  member(what: What, member: PresenceMember): string;
  count(count: number): string;
}

const jsonFormat: Format = {
  member: (what, { user, member, state }) => JSON.stringify({ type: what, user, member, state }),
  count: (count) => JSON.stringify({ type: "count", count }),
};

const signs: Readonly<Record<What, string>> = { here: "", join: "+ ", update: "~ ", leave: "- " };

function textFormat(style: Style): Format {
  return {
    member: (what, { user, state }) => {
      const name = printable(user);
      const shown = state === null || what === "leave" ? "" : `  ${dataText(state)}`;
      return `${signs[what]}${style(colourOf(name), name)}${shown}`;
    },
    count: String,
  };
}

/** Rejects with what ends the watch before. */
function whenReady(watch: PresenceWatch): Promise<void> {
  return new Promise((resolve, reject) => {
    watch.addEventListener("count", () => resolve(), { once: true });
    watch.addEventListener("ended", ({ error }) => (error === undefined ? resolve() : reject(error)), { once: true });
  });
}

/** Prints changes as they are told. Rejects with what ends the watch. */
function follow(watch: PresenceWatch, format: Format, printer: Printer, countOnly: boolean): Promise<void> {
  const print = (text: string): void => void printer.line(text);
  if (countOnly) watch.addEventListener("count", ({ count }) => print(format.count(count)));
  watch.addEventListener("join", ({ member }) => print(format.member("join", member)));
  watch.addEventListener("update", ({ member }) => print(format.member("update", member)));
  watch.addEventListener("leave", ({ member }) => print(format.member("leave", member)));
  return new Promise((resolve, reject) => {
    watch.addEventListener("ended", ({ error }) => (error === undefined ? resolve() : reject(error)));
  });
}
