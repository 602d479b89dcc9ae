import { HawserError } from "@hawser/protocol";

/** @throws HawserError `option-invalid`: `name` is not what it takes. */
export function refuseOption(name: string, takes: string): never {
  throw new HawserError("option-invalid", `\`${name}\` is ${takes}`);
}

/** @throws HawserError `option-invalid` unless `value` is a whole number above 0. */
export function positiveOption(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) refuseOption(name, `a whole number above 0, not ${String(value)}`);
}
