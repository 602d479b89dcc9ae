import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HawserProcess } from "../support/hawser-process.ts";
import { Terminal } from "./terminal.ts";

const guide = new URL("../../docs/guides/talk-from-a-terminal.md", import.meta.url);

/** What differs each time. */
const varying = new Set(["epoch", "time", "session", "node"]);

interface Line {
  readonly typed: boolean;
  readonly text: string;
}

let server: HawserProcess;

beforeAll(async () => {
  server = await HawserProcess.start();
});

afterAll(async () => {
  await server.remove();
});

describe("the session in the guide for the terminal", () => {
  it("goes as it is printed, with a client that nobody here wrote", async () => {
    let terminal: Terminal | undefined;
    let epoch = "";
    let answers = 0;
    try {
      for (const { typed, text } of await linesOf(guide)) {
        if (!typed) {
          const line = await terminal!.line((candidate) => withoutVarying(candidate) === withoutVarying(text));
          epoch = /"epoch":(\d+)/.exec(line)?.[1] ?? epoch;
          answers += 1;
          continue;
        }
        if (text.includes(`"connect"`)) {
          await terminal?.close();
          terminal = new Terminal(server.url);
          await terminal.connected();
        }
        terminal!.type(text.replace(/"epoch":\d+/, `"epoch":${epoch}`));
      }
    } finally {
      await terminal?.close();
    }
    expect(answers).toBeGreaterThan(8);
  });
});

async function linesOf(document: URL): Promise<Line[]> {
  const text = await readFile(document, "utf8");
  return [...text.matchAll(/^([<>]) (\{.*\})$/gm)].map((match) => ({ typed: match[1] === ">", text: match[2]! }));
}

/** The frame with what differs each time blotted out; a line that is no frame stays as it is. */
function withoutVarying(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line), (key, value: unknown) => (varying.has(key) ? "varies" : value));
  } catch {
    return line;
  }
}
