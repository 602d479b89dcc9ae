import type { Interval } from "@hawser/protocol";
import { intervalText } from "./positions.ts";
import type { Printer } from "./printer.ts";
import type { Style } from "./style.ts";

/** What `hawser sub` says beside the messages, on the standard error. */
export interface Notes {
  connected(url: string, user: string): void;
  away(): void;
  back(): void;
  /** Messages of this interval are gone. */
  lost(channel: string, interval: Interval): void;
  /** The log is another one than the position that was known: `truncated`, `unknown` or `ahead`. */
  reset(channel: string, reason: string): void;
  ended(channel: string, why: string): void;
}

/** For people. */
export function spokenNotes(printer: Printer, style: Style): Notes {
  const quiet = (text: string): void => printer.note(style("dim", text));
  const loud = (text: string): void => printer.note(style("yellow", text));
  return {
    connected: (url, user) => quiet(`connected to ${url}${user === "" ? "" : ` as ${user}`}`),
    away: () => quiet("connection lost; trying again"),
    back: () => quiet("connected again"),
    lost: (channel, interval) => loud(`lost in ${channel}: ${intervalText(interval)} are no longer in the log`),
    reset: (channel, reason) => loud(`reset of ${channel}: ${resetTexts[reason] ?? reason}`),
    ended: (channel, why) => loud(`${channel} ended: ${why}`),
  };
}

/** For scripts: one JSON object a line, each with a `type`. */
export function jsonNotes(printer: Printer): Notes {
  const note = (type: string, members: object): void => printer.note(JSON.stringify({ type, ...members }));
  return {
    connected: (url, user) => note("connected", { url, user }),
    away: () => note("disconnected", {}),
    back: () => note("reconnected", {}),
    lost: (channel, { from, to }) => note("lost", { channel, from, to }),
    reset: (channel, reason) => note("reset", { channel, reason }),
    ended: (channel, error) => note("ended", { channel, error }),
  };
}

const resetTexts: Readonly<Record<string, string>> = {
  truncated: "the log went back; what follows is new",
  unknown: "the log was lost or made anew; everything it holds follows",
  ahead: "the position is ahead of the log; everything it holds follows",
};
