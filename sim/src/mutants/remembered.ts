import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./mutated-program.ts";

/** By mutant, the seed that found it when all were hunted last: only where to look first, since any change moves it. */
const file = join(repositoryRoot, "sim/mutants.json");

export function readRemembered(): Map<string, number> {
  return new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, number>));
}

export function writeRemembered(remembered: ReadonlyMap<string, number>): void {
  const sorted = [...remembered].toSorted(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
}
