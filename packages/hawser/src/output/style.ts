import { styleText } from "node:util";
import type { TextOutput } from "../world.ts";

type Format = Parameters<typeof styleText>[0];

/** Puts colour on text, or leaves it as it is. */
export type Style = (format: Format, text: string) => string;

/** Colour only for a terminal, and not when `NO_COLOR` is set (https://no-color.org) or the terminal is `dumb`. */
export function styleFor(output: TextOutput, environment: Readonly<Record<string, string | undefined>>): Style {
  const plain = output.isTTY !== true || (environment["NO_COLOR"] ?? "") !== "" || environment["TERM"] === "dumb";
  return plain ? (_, text) => text : (format, text) => styleText(format, text, { validateStream: false });
}

const publisherColours = ["cyan", "green", "magenta", "yellow", "blue", "red"] as const;

/** The same colour for the same name, always. */
export function colourOf(name: string): (typeof publisherColours)[number] {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return publisherColours[sum % publisherColours.length] ?? "cyan";
}

/**
 * Makes text of others harmless for a terminal: control characters, which could move the cursor, change colours or the
 * title, and marks that turn the direction of text, are shown as escapes. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
