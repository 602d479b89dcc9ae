import { describe, expect, it } from "vitest";
import { mutants } from "../src/mutants/mutants.ts";
import { runSeed } from "../src/run-seed.ts";

/** Within so many seeds each is found; most are by the first few. */
const maxSeeds = 200;

describe("the simulator finds", () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (_, mutant) => {
      let found: Error | undefined;
      for (let seed = 1; seed <= maxSeeds && found === undefined; seed += 1) {
        const { violation } = await runSeed(seed, { mutation: mutant.make() });
        found = violation;
      }
      expect(found?.message).toBeDefined();
    },
    120_000,
  );
});
