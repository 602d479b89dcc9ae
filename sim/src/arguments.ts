import { parseNumbers } from "./plan/number-set.ts";
import type { NumberSet } from "./plan/number-set.ts";

export type Arguments =
  | {
      readonly kind: "many";
      readonly seeds: number;
      /** `undefined`: drawn anew. */
      readonly first: number | undefined;
      readonly workers: number | undefined;
      readonly hash: boolean;
      /** The seeds that failed once are run before the others. */
      readonly kept: boolean;
    }
  | {
      readonly kind: "one";
      readonly seed: number;
      readonly trace: boolean;
      readonly hash: boolean;
      readonly shrink: boolean;
      readonly without: NumberSet;
      readonly mutant: string | undefined;
    }
  | {
      readonly kind: "mutants";
      /** Empty: all of them. */
      readonly ids: readonly string[];
      readonly seeds: number;
      readonly first: number;
      readonly workers: number | undefined;
      /** Begins with the seed that found it before. */
      readonly remembered: boolean;
      /** Writes down which seeds have found them. */
      readonly remember: boolean;
    }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/** What is printed for `--help`. */
export const usage = `npm run sim -- --seeds N [--first S | --fresh] [--kept] [--workers W] [--hash]
    runs N seeds from S on (default 1; with --fresh from one drawn anew) in W processes (default: one for each core);
    with --kept those that failed once before them
npm run sim -- --seed S [--without 3,7,9-20] [--trace] [--hash] [--shrink] [--mutant ID]
    runs one seed, without some of its actions; prints what happens, or the hash of that; --shrink leaves out as many
    actions as it can so that the seed still fails
npm run sim -- --mutants [ID,ID] [--seeds N] [--first S] [--workers W] [--remembered] [--remember]
    shows that deliberate faults are found, each within N seeds (default 5000); --remembered begins with the seeds that
    found them when --remember wrote them down`;

const counts = ["--seeds", "--first", "--seed", "--workers"];
const texts = ["--without", "--mutant"];
const flags = ["--trace", "--hash", "--shrink", "--fresh", "--kept", "--remembered", "--remember"];
/** Which options go with which form of the command. */
const forms = {
  many: ["--seeds", "--first", "--fresh", "--kept", "--workers", "--hash"],
  one: ["--seed", "--without", "--trace", "--hash", "--shrink", "--mutant"],
  mutants: ["--mutants", "--seeds", "--first", "--workers", "--remembered", "--remember"],
};

/** The command line of the simulator. */
export function parseArguments(words: readonly string[]): Arguments {
  const given = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const value = words[at + 1] ?? "";
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (flags.includes(word)) given.set(word, "");
    else if (word === "--mutants") {
      const named = value !== "" && !value.startsWith("--");
      given.set(word, named ? value : "");
      if (named) at += 1;
    } else if (counts.includes(word) || texts.includes(word)) {
      if (counts.includes(word) && !/^\d{1,15}$/.test(value)) return wrong(`${word} takes a whole number.`);
      if (value === "") return wrong(`${word} takes a value.`);
      given.set(word, value);
      at += 1;
    } else return wrong(`${word} is no option.`);
  }
  const form = given.has("--mutants") ? "mutants" : given.has("--seed") ? "one" : "many";
  const stray = [...given.keys()].find((word) => !forms[form].includes(word));
  if (stray !== undefined) return wrong(`${stray} does not go with this.`);
  const count = (word: string): number | undefined => (given.has(word) ? Number(given.get(word)) : undefined);
  const workers = count("--workers");
  if (workers === 0) return wrong("--workers takes at least 1.");
  const hash = given.has("--hash");
  if (form === "many") {
    if (given.has("--fresh") && given.has("--first")) return wrong("--fresh draws the first seed.");
    const first = given.has("--fresh") ? undefined : (count("--first") ?? 1);
    return { kind: "many", seeds: count("--seeds") ?? 100, first, workers, hash, kept: given.has("--kept") };
  }
  if (form === "mutants") {
    const ids = given
      .get("--mutants")!
      .split(",")
      .filter((id) => id !== "");
    const [seeds, first] = [count("--seeds") ?? 5_000, count("--first") ?? 1];
    const [remembered, remember] = [given.has("--remembered"), given.has("--remember")];
    return { kind: "mutants", ids, seeds, first, workers, remembered, remember };
  }
  const without = given.has("--without") ? parseNumbers(given.get("--without")!) : new Set<number>();
  if (without === undefined) return wrong("--without takes numbers and ranges: 3,7,9-20.");
  return {
    kind: "one",
    seed: count("--seed")!,
    trace: given.has("--trace"),
    hash,
    shrink: given.has("--shrink"),
    without,
    mutant: given.get("--mutant"),
  };
}

function wrong(message: string): Arguments {
  return { kind: "wrong", message };
}
