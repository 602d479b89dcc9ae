import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { jsonCodec } from "@hawser/protocol";
import type { Frame } from "@hawser/protocol";
import { frameTable } from "../src/frame-table.ts";

const text = readFileSync(new URL("../../../spec/protocol.md", import.meta.url), "utf8");
const types = Object.keys(frameTable) as Frame["type"][];

/** The block of section "Shapes" that tells of a frame: who sends it, and the rows of its table. */
function shapeOf(type: Frame["type"]): { from: string | undefined; fields: readonly (readonly [string, string])[] } {
  const [, from, body = ""] = new RegExp(`^#### \`${type}\` \\(from (?:the )?(\\w+)\\)$([^#]*)`, "m").exec(text) ?? [];
  const rows = body.matchAll(/^\| `(\w+)` \| (\w+) \|/gm);
  return { from, fields: [...rows].map((row) => [row[1] ?? "", row[2] ?? ""] as const) };
}

/** The lines of the worked traces: who sends them, and what. */
const traceLines = [...text.matchAll(/^```trace\n(.*?)^```$/gms)]
  .flatMap((block) => (block[1] ?? "").trimEnd().split("\n"))
  .filter((line) => !line.startsWith("! "))
  .map((line) => ({ from: line.slice(0, 2), line: line.slice(2) }));

describe("spec/protocol.md", () => {
  it.each(types)("tells the sender and the fields of %s as they are", (type) => {
    const { from, fields } = frameTable[type];
    expect(shapeOf(type)).toEqual({ from, fields: Object.entries(fields) });
  });

  it("has traces", () => expect(traceLines.length).toBeGreaterThan(20));

  it.each(traceLines)("has in its traces a line that decodes, and encodes to the same: $line", ({ from, line }) => {
    const bytes = new TextEncoder().encode(`${line}\n`);
    const [frame] = from === "C " ? jsonCodec.decodeClient(bytes) : jsonCodec.decodeServer(bytes);
    expect(new TextDecoder().decode(jsonCodec.encode(frame as Frame))).toBe(`${line}\n`);
  });
});
