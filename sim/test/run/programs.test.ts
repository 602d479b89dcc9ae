import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hunt } from "../../src/mutants/hunt.ts";
import { allMutants } from "../../src/mutants/all-mutants.ts";
import { buildProgram, repositoryRoot } from "../../src/mutants/mutated-program.ts";
import type { Program } from "../../src/mutants/mutated-program.ts";

/** Another version of Node, where there is one (`scripts/ensure-newer-node.mjs`). */
const newerNode = process.env["NEWER_NODE"];

let folder = "";
let program: Program;

beforeAll(async () => {
  folder = mkdtempSync(join(repositoryRoot, ".tmp", "sim-"));
  program = await buildProgram(folder, undefined);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(node: string, ...words: string[]): string {
  return execFileSync(node, [program.main, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

const twelve = ["--seeds", "12", "--first", "4000", "--hash"];

describe("the simulator's program", () => {
  it("gives the same hashes in another process, and in more of them", () => {
    const hashes = run(process.execPath, ...twelve, "--workers", "1");
    expect(hashes.match(/^\d+ [0-9a-f]{16}$/gm)).toHaveLength(12);
    expect(run(process.execPath, ...twelve, "--workers", "3")).toBe(hashes);
  }, 60_000);

  it.skipIf(newerNode === undefined)(
    "gives the same hashes under another version of Node",
    () => {
      const hashes = run(process.execPath, ...twelve, "--workers", "2");
      expect(run(newerNode!, ...twelve, "--workers", "2")).toBe(hashes);
    },
    60_000,
  );

  it("replays one of them with the same hash", () => {
    const [, line] = run(process.execPath, "--seeds", "1", "--first", "4001", "--hash").split("\n");
    expect(run(process.execPath, "--seed", "4001", "--hash")).toBe(`${line}\n`);
  }, 60_000);

  it("finds a fault in the product, and one from outside", async () => {
    for (const id of ["loss-not-told", "call-sent-twice"]) {
      const mutant = allMutants.find((one) => one.id === id)!;
      const options = { mutant, remembered: undefined, first: 1, count: 100, worker: program.worker };
      const { found } = await hunt(options);
      expect(found?.failure.message, id).toBeDefined();
    }
  }, 60_000);
});
