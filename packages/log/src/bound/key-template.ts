import { compilePattern, HawserError } from "@hawser/protocol";
import { compileTemplate, placeholders } from "./channel-template.ts";

/**
 * How channels of a pattern are named by keys: `orders.{id}` with the key `{id}`, or `order-{id}`.
 *
 * @param pattern as in policies.
 * @param key with names of the pattern in braces. Default: the pattern's only name.
 * @returns the key of a channel, `undefined` for one that does not match.
 * @throws HawserError `option-invalid` for a pattern that is none, and a key with a name that the pattern does not have.
 */
export function compileKey(pattern: string, key?: string): (channel: string) => string | undefined {
  const matches = compilePattern(pattern);
  const names = placeholders(pattern);
  const template = key ?? (names.length === 1 ? names[0]! : undefined);
  if (template === undefined) throw new HawserError("option-invalid", `the binding of ${pattern} needs a \`key\``);
  const keyOf = compileTemplate(pattern, template);
  for (const name of names) {
    // Else two channels would be one.
    if (!template.includes(name)) throw new HawserError("option-invalid", `the key of ${pattern} leaves out ${name}`);
  }
  return (channel) => (matches(channel) ? keyOf(channel) : undefined);
}
