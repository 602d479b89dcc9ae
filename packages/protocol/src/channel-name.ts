import { HawserError } from "./errors.ts";
import { encodeText } from "./text.ts";

/** A channel name has at most this many bytes of UTF-8 (section 11 of `spec/protocol.md`). */
export const maxChannelNameBytes = 255;

/** What a segment of a name may not hold. */
const forbidden = /[\p{Cc}\p{White_Space}\p{Surrogate}*{}]/u;

/**
 * Whether `name` is a channel name (section 11 of `spec/protocol.md`): 1 to 255 bytes of UTF-8, segments separated by
 * `.`, none empty, without control characters, white space, `*`, `{` and `}`. True also for the service's own names,
 * which start with `$`.
 */
export function isChannelName(name: string): boolean {
  if (name === "" || name.startsWith(".") || name.endsWith(".") || name.includes("..")) return false;
  return fits(name) && !forbidden.test(name);
}

/**
 * The names that a pattern stands for, as policies, capabilities and contracts use it. `*` and `{name}` stand for any
 * one segment, `**`, as the last segment, for one or more; every other segment stands for itself.
 *
 * @example compilePattern("chat.*")("chat.general") // true
 * @throws HawserError `option-invalid` when the pattern has an empty segment, a wildcard that is not a whole segment,
 *   `**` elsewhere than at the end, the same `{name}` twice, or what no name can hold.
 */
export function compilePattern(pattern: string): (name: string) => boolean {
  const refuse = (reason: string): never => {
    throw new HawserError("option-invalid", `The pattern ${JSON.stringify(pattern)} is not valid: ${reason}.`);
  };
  if (!fits(pattern)) refuse(`it has more than ${maxChannelNameBytes} bytes`);
  const segments = pattern.split(".");
  const open = segments.at(-1) === "**";
  if (open) segments.pop();
  const parameters = new Set<string>();
  const expected = segments.map((segment) => {
    if (segment === "") refuse("it has an empty segment");
    if (segment === "*") return undefined;
    if (segment === "**") refuse("** can only be the last segment");
    const parameter = /^\{([^{}]+)\}$/.exec(segment)?.[1];
    if (parameter !== undefined && parameters.has(parameter)) refuse(`{${parameter}} stands in it twice`);
    if (parameter !== undefined) parameters.add(parameter);
    if (forbidden.test(parameter ?? segment)) {
      refuse("a wildcard is a whole segment (*, ** or {name}), and control characters and white space are not allowed");
    }
    return parameter === undefined ? segment : undefined;
  });
  return (name) => {
    const actual = name.split(".");
    if (open ? actual.length <= expected.length : actual.length !== expected.length) return false;
    return actual.every((segment, index) => segment !== "" && (expected[index] ?? segment) === segment);
  };
}

function fits(name: string): boolean {
  // A code unit is at most three bytes.
  return (
    name.length * 3 <= maxChannelNameBytes ||
    (name.length <= maxChannelNameBytes && encodeText(name).length <= maxChannelNameBytes)
  );
}
