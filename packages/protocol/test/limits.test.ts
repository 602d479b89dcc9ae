import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { defaultLimits, defaultSocketLimits, maxChannelNameBytes, maxJsonDepth } from "@hawser/protocol";

const section = readFileSync(new URL("../../../spec/protocol.md", import.meta.url), "utf8");

/** The rows of the table in section 11 that start with a limit's name: what it says of the default. */
const defaults = new Map(
  [...section.matchAll(/^\| `(\w+)`[^|]*\| ([^|]+?) \|/gm)].map((row) => [row[1], row[2] ?? ""] as const),
);

/** Two limits stand in the row of another. */
const within: Readonly<Record<string, readonly [row: string, words: RegExp]>> = {
  defaultHistoryPage: ["maxHistoryPage", /default page ([\d,]+)/],
  framesBurst: ["framesPerSecond", /burst ([\d,]+)/],
};

function specified(name: string): number {
  const [row, words] = within[name] ?? [name, /^([\d,]+)(?: (KiB|MiB))?/];
  const [, digits = "", unit = ""] = words.exec(defaults.get(row) ?? "") ?? [];
  return Number(digits.replaceAll(",", "")) * ({ KiB: 1024, MiB: 1_048_576 }[unit] ?? 1);
}

it.each(Object.entries({ ...defaultLimits, ...defaultSocketLimits, maxJsonDepth, maxChannelNameBytes }))(
  "the default of %s is that of the specification",
  (name, value) => expect(specified(name)).toBe(value),
);
