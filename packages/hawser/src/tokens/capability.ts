import { UsageError } from "../exit-codes.ts";

const verbs = ["subscribe", "publish", "history", "call", "presence", "enter", "open"] as const;

/** What a token's owner may do with the channels, or calls, of a pattern. */
export interface TokenCapability {
  readonly pattern: string;
  readonly verbs: readonly (typeof verbs)[number][];
}

/**
 * Reads `VERB[+VERB...]:PATTERN`, such as `subscribe+history:chat.*`. A lone verb stands for every name.
 *
 * @throws UsageError for a verb or a pattern that is none.
 */
export function parseCapability(text: string): TokenCapability {
  const colon = text.indexOf(":");
  const pattern = colon === -1 ? "**" : text.slice(colon + 1);
  const named = (colon === -1 ? text : text.slice(0, colon)).split("+");
  const known = named.map((name) => {
    const verb = verbs.find((one) => one === name);
    if (verb === undefined) {
      throw new UsageError(`--allow knows the verbs ${verbs.join(", ")}, not ${JSON.stringify(name)}`);
    }
    return verb;
  });
  if (pattern === "" || pattern.split(".").some((segment) => segment === "") || /[\s{}]/.test(pattern)) {
    throw new UsageError(
      `--allow needs a pattern such as chat.* or ** behind the colon, not ${JSON.stringify(pattern)}`,
    );
  }
  return { pattern, verbs: known };
}
