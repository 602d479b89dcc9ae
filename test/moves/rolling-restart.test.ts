import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const bench = fileURLToPath(new URL("../../bench/dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hawser-rolling-test-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly figures: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The benchmark as `npm run bench -- rolling` runs it; rejects with what it said when it fails. */
async function rolling(): Promise<Result> {
  const path = join(folder, "result.json");
  const child = spawn(process.execPath, [bench, "rolling", "--json", path], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`it ended with ${String(code)}:\n${said}`);
  const line = readFileSync(path, "utf8");
  console.log(line);
  return JSON.parse(line) as Result;
}

describe("a rolling restart of two nodes on one log, under 500 sessions that publish 1,000 messages a second", () => {
  it("loses, doubles and disorders nothing, and nobody is seen to leave or to come", async () => {
    const { figures } = await rolling();
    const restart = figures["rolling restart"]!;
    const clean = { lost: 0, doubled: 0, disordered: 0, told: 0, unpublished: 0 };
    expect(restart).toMatchObject({ sessions: 500, ...clean });
    expect(restart).toMatchObject({ presenceWatchers: 4, presenceMembers: 500, presenceLeft: 0, presenceJoined: 0 });
    // Half of them once, half of them there and back.
    expect(restart["moves"]).toBe(750);
    // They publish by the clock, however slow the machine is.
    expect(restart["publishedPerSecond"]).toBeGreaterThanOrEqual(950);
  }, 240_000);
});
