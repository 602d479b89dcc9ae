import type { z } from "zod";
import { nearest } from "../nearest.ts";

/** One thing that is wrong with a configuration, and where. */
export interface Fault {
  /** `pools.app.url`; "": the whole. */
  readonly at: string;
  /** Completes a sentence that begins with the place: "must be text". */
  readonly message: string;
}

/** What a schema found, as people read it: each fault with its place, and for a name that is not known the nearest that is. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], before: readonly PropertyKey[] = []): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = [...before, ...issue.path];
    if (issue.code === "invalid_union") {
      // What was meant was the object, if it is one; else what may stand there is said by the other.
      const deepest = issue.errors.toSorted((one, other) => depth(other) - depth(one))[0] ?? [];
      return faultsOf(deepest, path);
    }
    if (issue.code !== "unrecognized_keys") return [{ at: placeOf(path), message: issue.message }];
    // As `object` of the schema has it: the message is the list of known names.
    const known = issue.message.split(" ");
    return issue.keys.map((key) => ({ at: placeOf([...path, key]), message: unknownName(key, known) }));
  });
}

/** How far within a value the first of some faults lies; a name that is not known lies one deeper than it says. */
function depth([issue]: readonly z.core.$ZodIssue[]): number {
  return issue === undefined ? 0 : issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0);
}

/** For a name that is none of those that are known. */
export function unknownName(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return `is not known${guess === undefined ? ` (known: ${known.join(", ")})` : `; did you mean ${guess}?`}`;
}

/** `routes[0].pool` */
export function placeOf(path: readonly PropertyKey[]): string {
  let place = "";
  for (const step of path) {
    if (typeof step === "number") place += `[${step}]`;
    else if (/^[\w$]+$/.test(String(step))) place += place === "" ? String(step) : `.${String(step)}`;
    else place += `[${JSON.stringify(String(step))}]`;
  }
  return place;
}
