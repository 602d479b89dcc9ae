import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HawserProcess } from "../support/hawser-process.ts";

const run = promisify(execFile);
const guide = new URL("../../docs/guides/back-ends-in-other-languages.md", import.meta.url);

interface Block {
  readonly language: string;
  readonly text: string;
}

let blocks: readonly Block[];
let folder: string;
let server: HawserProcess;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  const text = await readFile(guide, "utf8");
  blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", block = ""]) => ({
    language,
    text: block,
  }));
  folder = await mkdtemp(join(tmpdir(), "hawser-guide-"));
  const keys = join(folder, "keys.json");
  await writeFile(keys, blocks.find(({ language }) => language === "json")!.text);
  server = await HawserProcess.start(["--no-page", "--api-key-file", keys]);
  const [, key] = /HAWSER_KEY=(\S+)/.exec(blocks.find(({ text: block }) => block.includes("HAWSER_KEY="))!.text)!;
  environment = { ...process.env, HAWSER_API: `http://127.0.0.1:${server.port}/hawser/api/v1`, HAWSER_KEY: key };
});

afterAll(async () => {
  await server.remove();
  await rm(folder, { recursive: true });
});

describe("the guide for back ends in other languages", () => {
  it("publishes once and reads back by curl, as it is printed", async () => {
    const commands = blocks.filter(({ language, text }) => language === "sh" && text.startsWith("curl"));
    const printed = blocks.filter(({ language, text }) => language === "json" && text.includes(`"position"`));
    const told: Record<string, unknown>[] = [];
    for (const { text } of commands) {
      const { stdout } = await run("bash", ["-c", `set -e\n${text}`], { env: environment });
      for (const line of stdout.trim().split("\n")) told.push(JSON.parse(line) as Record<string, unknown>);
    }
    expect(told).toHaveLength(4);
    for (const [index, { text }] of printed.entries()) {
      const { duplicate, position } = JSON.parse(text) as { duplicate: boolean; position: { offset: number } };
      expect(told[index]).toMatchObject({ duplicate, position: { offset: position.offset } });
    }
    expect(told[2]).toMatchObject({ messages: [{ json: { state: "paid" } }], more: false });
    expect(told[3]).toMatchObject({ duplicate: false });
  });

  it("does the same in Python, and prints what it says", async () => {
    const program = join(folder, "program.py");
    const index = blocks.findIndex(({ language }) => language === "python");
    await writeFile(program, blocks[index]!.text);
    const { stdout } = await run("python3", [program], { env: environment });
    expect(stdout).toBe(blocks[index + 1]!.text);
  });
});
