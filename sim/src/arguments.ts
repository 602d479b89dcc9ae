export type Arguments =
  | { readonly kind: "many"; readonly seeds: number; readonly first: number }
  | { readonly kind: "one"; readonly seed: number; readonly trace: boolean }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/** What is printed for `--help`. */
export const usage = `npm run sim -- --seeds N [--first S]   run N seeds, from S on (default 1)
npm run sim -- --seed S [--trace]      run one seed; with --trace print what happens`;

/** The command line of the simulator. */
export function parseArguments(words: readonly string[]): Arguments {
  const numbers = new Map<string, number>();
  let trace = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (word === "--trace") trace = true;
    else if (["--seeds", "--first", "--seed"].includes(word)) {
      const value = Number(words[at + 1]);
      if (!Number.isSafeInteger(value) || value < 0) return { kind: "wrong", message: `${word} takes a whole number.` };
      numbers.set(word, value);
      at += 1;
    } else return { kind: "wrong", message: `${word} is no option.` };
  }
  const seed = numbers.get("--seed");
  if (seed !== undefined) return { kind: "one", seed, trace };
  if (trace) return { kind: "wrong", message: "--trace is for one seed." };
  return { kind: "many", seeds: numbers.get("--seeds") ?? 100, first: numbers.get("--first") ?? 1 };
}
