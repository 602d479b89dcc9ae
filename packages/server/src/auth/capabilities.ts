import { compilePattern, HawserError } from "@hawser/protocol";
import type { Capability, Identity, Verb } from "./identity.ts";

const verbs: ReadonlySet<unknown> = new Set<Verb>([
  "subscribe",
  "publish",
  "history",
  "call",
  "presence",
  "enter",
  "open",
]);

/** More would make every question slow; a token of 16 KiB does not hold many more either. */
const maxCapabilities = 1_000;

/** Whether something may be done to a channel (for `call`: a method). */
export type Rights = (verb: Verb, name: string) => boolean;

const everything: Rights = () => true;

/** The rights of an identity: its patterns are compiled once, since every publish asks. Without capabilities all is allowed. */
export function rightsOf(identity: Identity): Rights {
  if (identity.capabilities === undefined) return everything;
  const compiled = identity.capabilities.map((capability) => ({
    matches: compilePattern(capability.pattern),
    verbs: new Set(capability.verbs),
    ownNames: capability.pattern.startsWith("$"),
  }));
  // Names of the service's own start with `$`: no pattern that does not say so stands for them.
  return (verb, name) =>
    compiled.some(
      ({ matches, verbs: named, ownNames }) => named.has(verb) && ownNames === name.startsWith("$") && matches(name),
    );
}

/**
 * The capabilities that a token's claim holds: a list of `{ pattern, verbs }`.
 *
 * @returns `undefined` when the claim is not there.
 * @throws HawserError `token-invalid` for a claim that is anything else: half-understood rights are no rights.
 */
export function capabilitiesOf(claim: unknown): readonly Capability[] | undefined {
  if (claim === undefined) return undefined;
  if (!Array.isArray(claim) || claim.length > maxCapabilities) throw malformed();
  return claim.map((item: unknown) => {
    if (typeof item !== "object" || item === null || !("pattern" in item) || !("verbs" in item)) throw malformed();
    const { pattern, verbs: named } = item;
    if (typeof pattern !== "string" || !Array.isArray(named) || !named.every(isVerb)) throw malformed();
    try {
      compilePattern(pattern);
    } catch {
      throw malformed();
    }
    return { pattern, verbs: named };
  });
}

function isVerb(value: unknown): value is Verb {
  return verbs.has(value);
}

function malformed(): HawserError {
  return new HawserError(
    "token-invalid",
    'The token\'s capabilities are malformed: a list of at most 1000 such as {"pattern":"chat.*","verbs":["subscribe"]} is expected.',
  );
}
