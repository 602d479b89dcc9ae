import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { defaultLimits, maxJsonDepth } from "@hawser/protocol";

/** The rows of the table in section 11: the name of a limit and its default. */
function specified(): Record<string, string> {
  const text = readFileSync(new URL("../../../spec/protocol.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\| `(\w+)`[^|]*\| ([^|]+?) \|/gm);
  return Object.fromEntries([...rows].map((row) => [row[1] ?? "", row[2] ?? ""]));
}

function numberIn(text: string): number {
  const [, digits = "", unit] = /^([\d,]+)(?: (KiB|MiB))?/.exec(text) ?? [];
  return Number(digits.replaceAll(",", "")) * (unit === "MiB" ? 1_048_576 : unit === "KiB" ? 1024 : 1);
}

it.each([...Object.entries(defaultLimits), ["maxJsonDepth", maxJsonDepth]] as const)(
  "the default of %s is that of the specification",
  (name, value) => {
    const text =
      specified()[{ defaultHistoryPage: "maxHistoryPage", framesBurst: "framesPerSecond" }[name as string] ?? name];
    const second =
      name === "defaultHistoryPage" ? /page (\d+)/.exec(text ?? "")?.[1] : /burst ([\d,]+)/.exec(text ?? "")?.[1];
    const isSecond = name === "defaultHistoryPage" || name === "framesBurst";
    expect(numberIn((isSecond ? second : text) ?? "")).toBe(value);
  },
);
