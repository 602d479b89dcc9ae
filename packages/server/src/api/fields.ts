import { requestInvalid } from "./api-error.ts";

/** The members of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * A JSON object that has no other members than those: what is misspelt must not be taken for left out.
 *
 * @param at what errors call it.
 * @throws ApiError `request-invalid`.
 */
export function fieldsOf(value: unknown, known: readonly string[], at: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw requestInvalid(`${at} must be a JSON object.`);
  for (const name of Object.keys(value))
    if (!known.includes(name))
      throw requestInvalid(`${at} has a member ${JSON.stringify(name.slice(0, 64))}; known are ${known.join(", ")}.`);
  return value as Fields;
}

/** A member that is text, or is left out. @throws ApiError `request-invalid`. */
export function textOf(fields: Fields, name: string, at: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "string") return value;
  throw requestInvalid(`${at}.${name} must be text.`);
}
