import { describe, expect, it } from "vitest";
import { allMutants, productMutants } from "../../src/mutants/all-mutants.ts";
import { mutate, mutatedText, repositoryRoot } from "../../src/mutants/mutated-program.ts";

describe("the deliberate faults", () => {
  it.each(productMutants.map((mutant) => [mutant.id, mutant] as const))(
    "%s is a change of the product's text as it stands",
    (_, mutant) => {
      expect(mutatedText(repositoryRoot, mutant)).not.toBe("");
    },
  );

  it("have an identity each, and there are enough of them", () => {
    expect(new Set(allMutants.map(({ id }) => id)).size).toBe(allMutants.length);
    expect(productMutants.length).toBeGreaterThanOrEqual(24);
  });

  it("fail when their text is not there, or not once", () => {
    const mutant = { kind: "product", id: "one", sentence: "", file: "f.ts", find: "a + b", replace: "a - b" } as const;
    expect(mutate("x = a + b;", mutant)).toBe("x = a - b;");
    expect(() => mutate("x = a;", mutant)).toThrow("mutant one");
    expect(() => mutate("a + b; a + b;", mutant)).toThrow("2 times");
  });
});
