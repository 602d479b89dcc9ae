import { resetReasons } from "./frame-table.ts";
import { HawserError } from "./errors.ts";
import type { PublishFrame } from "./frames/publish-frames.ts";
import type { ResetReason } from "./frames/subscription-frames.ts";
import type { Interval, Message } from "./message.ts";
import type { Sender } from "./frame-table.ts";
import { malformed } from "./malformed.ts";

/** Throws `frame-unexpected` unless `sender` may send frames of that type (CON-13). */
export function checkSender(type: string, from: Sender, sender: "client" | "server"): void {
  if (from !== "either" && from !== sender) {
    throw new HawserError("frame-unexpected", `A frame "${type}" is never sent by a ${sender}.`);
  }
}

/** PUB-8: what makes a publish malformed whatever the log holds. */
export function checkPublish(frame: Omit<PublishFrame, "payload">): void {
  if (frame.producer.length === 0) {
    if (frame.sequence !== 0 || frame.previous !== 0) malformed("has a sequence without a producer");
    return;
  }
  if (frame.producer.length !== 16) malformed("has a producer that is not 16 bytes");
  if (frame.sequence <= frame.previous) malformed("has a sequence that is not above `previous`");
}

/** A message's time is at most 2^52 - 1, so that the difference of two can travel as zigzag. */
const maxTime = 2 ** 52 - 1;

/** WIRE-10: the messages of an interval rise inside of it, and their times are in range. */
export function checkMessages(from: number, to: number, messages: readonly Message[]): void {
  checkInterval(from, to);
  let previous = from;
  for (const message of messages) {
    if (message.offset <= previous || message.offset > to) malformed("has messages that do not rise in its interval");
    if (message.time < 0 || message.time > maxTime) malformed("has a message with a time out of range");
    previous = message.offset;
  }
}

/** WIRE-10: an interval does not end before it starts. */
export function checkInterval(from: number, to: number): Interval {
  if (from > to) malformed("has an interval that ends before it starts");
  return { from, to };
}

/** WIRE-10: a reset has one of the reasons of section 4. */
export function checkReset(reason: string): ResetReason {
  if (!resetReasons.includes(reason)) malformed("has a reset for no known reason");
  return reason as ResetReason;
}
